// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "content.h"
#include "error.h"
#include "pattern.h"

#define CHUNK 65536

static _Thread_local uint8_t scratch[CHUNK];

static size_t chunk_of(uint64_t left)
{
	return left < CHUNK ? (size_t)left : CHUNK;
}

static int fill_slot(struct bench_mem *mem, uint64_t at, uint64_t size,
		     uint64_t seed)
{
	uint64_t done;
	size_t len;
	int rc = 0;

	for (done = 0; done < size && !rc; done += len) {
		len = chunk_of(size - done);
		bench_pattern_fill(scratch, len, seed, done);
		rc = mem->ops->write(mem, at + done, scratch, len);
	}
	return rc;
}

uint64_t bench_content_seed(const struct bench_layout *l, uint32_t qp,
			    uint32_t slot)
{
	return bench_pattern_seed(l->run, (uint64_t)qp << 32 | slot);
}

int bench_content_fill(struct bench_mem *mem, uint64_t base,
		       const struct bench_layout *l)
{
	uint32_t qp, slot;
	int rc;

	for (qp = 0; qp < l->qps; qp++) {
		for (slot = 0; slot < l->slots; slot++) {
			rc = fill_slot(mem,
				       base + bench_layout_offset(l, qp, slot),
				       l->size, bench_content_seed(l, qp, slot));
			if (rc)
				return rc;
		}
	}
	return 0;
}

int bench_content_poison(struct bench_mem *mem, uint64_t base,
			 const struct bench_layout *l)
{
	uint64_t done, span = bench_layout_span(l);
	size_t len;
	int rc = 0;

	memset(scratch, BENCH_POISON, sizeof(scratch));
	for (done = 0; done < span && !rc; done += len) {
		len = chunk_of(span - done);
		rc = mem->ops->write(mem, base + done, scratch, len);
	}
	return rc;
}

/* the message, when @seed is there, and the untouched rest of the stride */
static int check_slot(struct bench_mem *mem, uint64_t at,
		      const struct bench_layout *l, const uint64_t *seed,
		      struct bench_mismatch *mis)
{
	uint64_t done, message = seed ? l->size : 0;
	size_t len, data;
	int rc;

	for (done = 0; done < l->stride; done += len) {
		len = chunk_of(l->stride - done);
		rc = mem->ops->read(mem, at + done, scratch, len);
		if (rc)
			return rc;
		data = done < message ? chunk_of(message - done) : 0;
		if (data)
			bench_pattern_check(scratch, data, *seed, done, mis);
		bench_poison_check(scratch + data, len - data, done + data, mis);
	}
	return 0;
}

static int report(struct bench_mem *mem, uint64_t at,
		  const struct bench_layout *l, uint32_t qp, uint32_t slot,
		  const uint64_t *last, const struct bench_mismatch *mis)
{
	char which[64] = "which no iteration wrote to";

	if (last)
		snprintf(which, sizeof(which), "written last by iteration %llu",
			 (unsigned long long)*last);
	return bench_fail(
		-EILSEQ, "wrong content in %s: byte %llu of slot %u of QP %u (offset 0x%llx of the memory), %s, is 0x%02x instead of 0x%02x; %llu of %llu bytes are wrong",
		mem->spec, (unsigned long long)mis->offset, slot, qp,
		(unsigned long long)(at + mis->offset), which, mis->got,
		mis->want, (unsigned long long)mis->count,
		(unsigned long long)l->stride);
}

/* @arrived: an iteration plus 1, or 0 */
static int verify_slot(struct bench_mem *mem, uint64_t base,
		       const struct bench_layout *l, uint32_t qp, uint32_t slot,
		       uint64_t arrived)
{
	uint64_t at = base + bench_layout_offset(l, qp, slot);
	uint64_t last = arrived - 1, seed;
	struct bench_mismatch mis = {0};
	int rc;

	if (arrived)
		seed = bench_content_seed(l, qp, bench_layout_from(l, last));
	rc = check_slot(mem, at, l, arrived ? &seed : NULL, &mis);
	if (rc || !mis.count)
		return rc;
	return report(mem, at, l, qp, slot, arrived ? &last : NULL, &mis);
}

int bench_content_verify_slots(struct bench_mem *mem, uint64_t base,
			       const struct bench_layout *l,
			       const uint64_t *arrived)
{
	uint32_t qp, slot;
	int rc = 0;

	for (qp = 0; qp < l->qps; qp++)
		for (slot = 0; slot < l->slots && !rc; slot++)
			rc = verify_slot(mem, base, l, qp, slot, *arrived++);
	return rc;
}

int bench_content_verify(struct bench_mem *mem, uint64_t base,
			 const struct bench_layout *l, const uint64_t *iterations)
{
	uint32_t qp, slot;
	uint64_t last;
	int rc = 0;

	for (qp = 0; qp < l->qps; qp++) {
		for (slot = 0; slot < l->slots && !rc; slot++) {
			if (!bench_layout_last(l, iterations[qp], slot, &last))
				last = UINT64_MAX;
			rc = verify_slot(mem, base, l, qp, slot, last + 1);
		}
	}
	return rc;
}
