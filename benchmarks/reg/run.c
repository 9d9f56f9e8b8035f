// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/peerbar.h>

#include "bar.h"
#include "clock.h"
#include "environment.h"
#include "error.h"
#include "json.h"
#include "memory.h"
#include "opts.h"
#include "stats.h"
#include "table.h"
#include "transport.h"

#define SCHEMA 1
#define USEC   1000.0

/**
 * struct bench - everything that is open
 * @opts: command line
 * @t: who registers
 * @bar: the BAR
 * @table: results
 */
struct bench {
	const struct reg_opts *opts;
	struct bench_transport *t;
	struct bench_bar bar;
	struct bench_table table;
};

static const struct bench_column columns[] = {
	{"memory", "memory", 7, BENCH_TEXT},
	{"#bytes", "bytes", 10, BENCH_INTEGER},
	{"#ranges", "ranges", 8, BENCH_INTEGER},
	{"#iterations", "iterations", 11, BENCH_INTEGER},
	{"reg[usec]", "reg_usec", 10, 2},
	{"99%[usec]", "reg_99_usec", 10, 2},
	{"dereg[usec]", "dereg_usec", 11, 2},
	{"99%[usec]", "dereg_99_usec", 10, 2},
	{"pairs/sec", "pairs_per_sec", 10, 0},
};

static int time_once(struct bench *b, struct bench_mem *mem,
		     struct bench_samples *reg, struct bench_samples *dereg)
{
	struct bench_mr mr = {0};
	uint64_t start = bench_now(), done;
	int rc;

	rc = b->t->ops->reg(b->t, mem, &mr);
	if (rc)
		return rc;
	done = bench_now();
	rc = bench_samples_add(reg, (double)(done - start));
	start = bench_now();
	b->t->ops->unreg(b->t, &mr);
	done = bench_now();
	return rc ? rc : bench_samples_add(dereg, (double)(done - start));
}

static void put_row(struct bench *b, const char *name, uint64_t size,
		    uint64_t ranges, struct bench_samples *reg,
		    struct bench_samples *dereg)
{
	struct bench_summary in, out;

	bench_samples_sum_up(reg, &in);
	bench_samples_sum_up(dereg, &out);

	const struct bench_cell cells[] = {
		{.text = name},
		{.number = (double)size},
		{.number = (double)ranges},
		{.number = b->opts->iters},
		{.number = in.p50 / USEC},
		{.number = in.p99 / USEC},
		{.number = out.p50 / USEC},
		{.number = out.p99 / USEC},
		{.number = BENCH_NSEC_PER_SEC / (in.p50 + out.p50)},
	};

	bench_table_row(&b->table, cells);
}

static int run_mem(struct bench *b, const char *name, uint64_t ranges,
		   struct bench_mem *mem)
{
	struct bench_samples reg = {0}, dereg = {0};
	uint32_t i;
	int rc = 0;

	for (i = 0; i < b->opts->iters && !rc; i++)
		rc = time_once(b, mem, &reg, &dereg);
	if (!rc)
		put_row(b, name, mem->size, ranges, &reg, &dereg);
	bench_samples_free(&reg);
	bench_samples_free(&dereg);
	return rc;
}

static int run_host(struct bench *b, uint64_t size)
{
	struct bench_mem mem;
	int rc;

	rc = bench_mem_open(&mem, "host", size);
	if (rc)
		return rc;
	rc = run_mem(b, "host", 1, &mem);
	bench_mem_close(&mem);
	return rc;
}

/* back to front: neighbours that ascend would be merged */
static struct peerbar_range *take_apart(uint64_t size, uint64_t n)
{
	struct peerbar_range *range = calloc(n, sizeof(*range));
	uint64_t i;

	for (i = 0; range && i < n; i++) {
		range[i].length = size / n;
		range[i].offset = size / n * (n - 1 - i);
	}
	return range;
}

static int run_bar(struct bench *b, uint64_t size, uint64_t n)
{
	struct peerbar_range *range = take_apart(size, n);
	struct bench_mem mem = {.spec = b->opts->mem, .size = size};
	struct peerbar_mapping *map;
	int rc;

	if (!range)
		return bench_fail(-ENOMEM, "out of memory");
	rc = peerbar_buffer_export(b->bar.dev, b->bar.spec.bar, range,
				   (unsigned int)n, 0, &mem.buffer);
	free(range);
	if (rc)
		return bench_fail_lib(rc, "export of %s", b->opts->mem);
	rc = peerbar_buffer_map(mem.buffer, 0, 0, 0, &map);
	if (rc) {
		rc = bench_fail_lib(rc, "mapping of %s", b->opts->mem);
	} else {
		mem.addr = peerbar_mapping_addr(map);
		rc = run_mem(b, "bar", n, &mem);
		peerbar_mapping_close(map);
	}
	peerbar_buffer_close(mem.buffer);
	return rc;
}

/* what does not fit, in the BAR or in whole pages, is left out */
static int run_size(struct bench *b, uint64_t size)
{
	unsigned int i;
	int rc;

	rc = run_host(b, size);
	for (i = 0; i < b->opts->nr_ranges && !rc; i++)
		if (size <= b->bar.size && size % (b->opts->ranges[i] * 4096) == 0)
			rc = run_bar(b, size, b->opts->ranges[i]);
	return rc;
}

static int run_all(struct bench *b, struct json_object *doc)
{
	unsigned int i;
	int rc = 0;

	bench_environment_print(stdout,
				json_object_object_get(doc, "environment"));
	printf("\nRegistration by %s, %s\n", b->t->ops->name, b->opts->mem);
	bench_table_open(&b->table, stdout, columns,
			 sizeof(columns) / sizeof(*columns), doc, "rows");
	for (i = 0; i < b->opts->nr_sizes && !rc; i++)
		rc = run_size(b, b->opts->size[i]);
	return rc;
}

int reg_run(const void *data)
{
	struct bench b = {.opts = data};
	struct bench_transport_config config = {
		.nic = &b.opts->nic,
		.qps = 1,
		.depth = 1,
	};
	struct json_object *doc;
	int rc;

	rc = bench_bar_open(&b.bar, b.opts->mem);
	if (rc)
		return rc;
	rc = b.opts->transport->open(&config, &b.t);
	if (rc)
		goto out_bar;
	doc = bench_doc_new("peerbar-reg", SCHEMA, b.opts->nic.device);
	bench_put_text(doc, "mem", b.opts->mem);
	bench_put_text(doc, "transport", b.t->ops->name);
	rc = run_all(&b, doc);
	if (!rc)
		rc = bench_doc_save(doc, b.opts->json);
	json_object_put(doc);
	b.t->ops->close(b.t);
out_bar:
	bench_bar_close(&b.bar);
	return rc;
}
