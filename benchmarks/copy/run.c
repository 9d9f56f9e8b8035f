// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/peerbar.h>

#include "bar.h"
#include "clock.h"
#include "count.h"
#include "environment.h"
#include "error.h"
#include "json.h"
#include "method.h"
#include "opts.h"
#include "pattern.h"
#include "stats.h"
#include "table.h"

#define SCHEMA 1
#define MIB    1048576.0
/* stepping through more takes too long to be worth it */
#define COUNT_MAX  8192
#define ROUNDS_MAX 1000

/**
 * struct bench - a mapping under test
 * @opts: command line
 * @map: the mapping
 * @memory: the other side of every copy
 * @table: results
 * @attribute: "uncached" or "write-combining"
 */
struct bench {
	const struct copy_opts *opts;
	struct peerbar_mapping *map;
	void *memory;
	struct bench_table table;
	const char *attribute;
};

static const struct bench_column columns[] = {
	{"memory", "attribute", 16, BENCH_TEXT},
	{"direction", "direction", 9, BENCH_TEXT},
	{"method", "method", 13, BENCH_TEXT},
	{"#bytes", "bytes", 9, BENCH_INTEGER},
	{"#iterations", "iterations", 12, BENCH_INTEGER},
	{"t_typical[usec]", "t_typical_usec", 16, 3},
	{"BW[MiB/sec]", "bw_MiBps", 12, 2},
	{"ratio", "ratio_to_plain", 8, 3},
	{"instructions", "instructions", 12, BENCH_INTEGER},
	{"ratio", "instructions_ratio", 8, 3},
};

/* nanoseconds of one copy */
static double time_copy(void (*copy)(void *), struct copy_job *job,
			double seconds, uint64_t *iterations)
{
	uint64_t start = bench_now(), now, n = 0, batch = 1;
	uint64_t until = start + (uint64_t)(seconds * BENCH_NSEC_PER_SEC);

	do {
		for (uint64_t i = 0; i < batch; i++)
			copy(job);
		n += batch;
		now = bench_now();
		/* looking at the clock must not be what is measured */
		if (now - start < BENCH_NSEC_PER_MSEC)
			batch *= 2;
	} while (now < until);
	*iterations += n;
	return (double)(now - start) / (double)n;
}

/* what was copied is what is there, whichever way it went */
static int check_content(struct bench *b, const struct copy_method *method,
			 bool reads, struct copy_job *job)
{
	uint64_t seed = bench_pattern_seed(bench_now(), 0);
	struct bench_mismatch mis = {0};
	int rc;

	bench_pattern_fill(b->memory, job->len, seed, 0);
	if (reads) {
		rc = peerbar_write(b->map, 0, b->memory, job->len);
		memset(b->memory, 0, job->len);
		method->read(job);
	} else {
		method->write(job);
		memset(b->memory, 0, job->len);
		rc = peerbar_read(b->map, 0, b->memory, job->len);
	}
	if (rc)
		return bench_fail_lib(rc, "%s", b->opts->mem);
	bench_pattern_check(b->memory, job->len, seed, 0, &mis);
	if (mis.count)
		return bench_fail(-EILSEQ, "%s: byte %llu of %zu is wrong",
				  method->name, (unsigned long long)mis.offset,
				  job->len);
	return 0;
}

/* of narrow loops there are many, and nobody asks */
static int count_method(struct bench *b, int i, bool reads,
			struct copy_job *job, double *out)
{
	const struct copy_method *method = &copy_methods[i];
	uint64_t n = 0;
	int rc = 0;

	if (b->opts->count && job->len <= COUNT_MAX && i >= COPY_64)
		rc = bench_count_instructions(
			reads ? method->read : method->write, job, &n);
	*out = (double)n;
	return rc;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static void put_row(struct bench *b, bool reads, size_t len, int i,
		    uint64_t iterations, double ns, double slower, double count,
		    double plain_count)
{
	const struct bench_cell cells[] = {
		{.text = b->attribute},
		{.text = reads ? "read" : "write"},
		{.text = copy_methods[i].name},
		{.number = (double)len},
		{.number = (double)iterations},
		{.number = ns / 1000},
		{.number = (double)len / MIB / ns * BENCH_NSEC_PER_SEC},
		{.number = slower},
		{.number = count},
		{.number = ratio(count, plain_count)},
	};

	bench_table_row(&b->table, cells);
}

/* methods take turns, so that a drift of the machine favours none */
static int run_size(struct bench *b, bool reads, size_t len)
{
	struct copy_job job = {b->map, peerbar_mapping_addr(b->map), b->memory,
			       len};
	static double ns[COPY_METHODS][ROUNDS_MAX],
		slower[COPY_METHODS][ROUNDS_MAX];
	uint64_t iterations[COPY_METHODS] = {0};
	double count[COPY_METHODS];
	uint32_t rounds = b->opts->rounds, r;
	int i, rc = 0;

	for (i = 0; i < COPY_METHODS && !rc; i++) {
		rc = check_content(b, &copy_methods[i], reads, &job);
		if (!rc)
			rc = count_method(b, i, reads, &job, &count[i]);
	}
	if (rc)
		return rc;
	for (r = 0; r < rounds; r++) {
		for (i = 0; i < COPY_METHODS; i++)
			ns[i][r] = time_copy(reads ? copy_methods[i].read
						   : copy_methods[i].write,
					     &job, b->opts->duration,
					     &iterations[i]);
		for (i = 0; i < COPY_METHODS; i++)
			slower[i][r] = ns[i][r] / ns[COPY_64][r];
	}
	for (i = 0; i < COPY_METHODS; i++)
		put_row(b, reads, len, i, iterations[i],
			bench_median(ns[i], rounds),
			bench_median(slower[i], rounds), count[i],
			count[COPY_64]);
	return 0;
}

static int run_mapping(struct bench *b)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < b->opts->nr_sizes && !rc; i++) {
		if (b->opts->size[i] > peerbar_mapping_size(b->map))
			return bench_fail(
				-ENOSPC, "%s has %zu bytes; give a smaller -s",
				b->opts->mem, peerbar_mapping_size(b->map));
		rc = run_size(b, true, b->opts->size[i]);
		if (!rc)
			rc = run_size(b, false, b->opts->size[i]);
	}
	return rc;
}

static int run_attribute(struct bench *b, const struct bench_bar *bar,
			 unsigned int flags)
{
	struct peerbar_buffer *buf;
	int rc;

	rc = peerbar_spec_export(bar->dev, &bar->spec, flags, &buf);
	if (rc)
		return bench_fail_lib(rc, "export of %s", b->opts->mem);
	rc = peerbar_buffer_map(buf, 0, 0, 0, &b->map);
	if (rc)
		rc = bench_fail_lib(rc, "mapping of %s", b->opts->mem);
	else
		rc = run_mapping(b);
	peerbar_mapping_close(b->map);
	b->map = NULL;
	peerbar_buffer_close(buf);
	return rc;
}

/*
 * In turn, for a page is the one or the other.  Where the kernel or the BAR has
 * no write-combining there are no rows of it.
 */
static int run_both(struct bench *b, const struct bench_bar *bar)
{
	int rc;

	b->attribute = "uncached";
	rc = run_attribute(b, bar, 0);
	if (rc)
		return rc;
	b->attribute = "write-combining";
	rc = run_attribute(b, bar, PEERBAR_EXPORT_WRITE_COMBINING);
	if (rc != -EOPNOTSUPP)
		return rc;
	printf("  no write-combining: %s\n", bench_error());
	return 0;
}

static int with_device(struct bench *b, struct json_object *doc)
{
	struct bench_bar bar = {0};
	int rc;

	rc = bench_bar_open(&bar, b->opts->mem);
	if (rc)
		return rc;
	bench_environment_print(stdout,
				json_object_object_get(doc, "environment"));
	printf("\nCPU copies, %s; ratios to the plain 64-bit loop\n",
	       b->opts->mem);
	bench_table_open(&b->table, stdout, columns,
			 sizeof(columns) / sizeof(*columns), doc, "rows");
	rc = run_both(b, &bar);
	bench_bar_close(&bar);
	return rc;
}

int copy_run(const void *data)
{
	struct json_object *doc = bench_doc_new("peerbar-copy", SCHEMA, NULL);
	struct bench b = {.opts = data};
	int rc;

	b.memory = aligned_alloc(4096, COPY_SIZE_MAX);
	if (!b.memory)
		return bench_fail(-ENOMEM, "out of memory");
	bench_put_text(doc, "mem", b.opts->mem);
	rc = with_device(&b, doc);
	if (!rc)
		rc = bench_doc_save(doc, b.opts->json);
	json_object_put(doc);
	free(b.memory);
	return rc;
}
