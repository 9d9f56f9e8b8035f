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
#include "scale.h"
#include "stats.h"
#include "table.h"
#include "trace.h"
#include "transport.h"

#define SCHEMA	  1
#define PAGE	  4096u
#define REPEATS	  9
#define MANY	  64
#define BYSTANDER (64u << 10)
#define USEC	  1000.0

/**
 * struct scene - what is revoked, and what stands by
 * @varied: the factor that differs from the first scene
 * @size: bytes of the buffer
 * @mappings: CPU mappings of it, every page of each touched
 * @mrs: registrations of it
 * @bystanders: other buffers of the BAR, mapped, every page touched
 */
struct scene {
	const char *varied;
	uint64_t size;
	unsigned int mappings;
	unsigned int mrs;
	unsigned int bystanders;
};

static const struct scene scenes[] = {
	{"1 MiB", 1 << 20, 1, 1, 0},
	{"64 KiB", 64 << 10, 1, 1, 0},
	{"16 MiB", 16 << 20, 1, 1, 0},
	{"no mapping", 1 << 20, 0, 1, 0},
	{"8 mappings", 1 << 20, 8, 1, 0},
	{"16 mappings", 1 << 20, 16, 1, 0},
	{"no MR", 1 << 20, 1, 0, 0},
	{"8 MRs", 1 << 20, 1, 8, 0},
	{"64 MRs", 1 << 20, 1, MANY, 0},
	{"8 bystanders", 1 << 20, 1, 1, 8},
	{"64 bystanders", 1 << 20, 1, 1, MANY},
};

#define SCENES (sizeof(scenes) / sizeof(*scenes))

static const struct bench_column columns[] = {
	{"varied", "varied", 14, BENCH_TEXT},
	{"#bytes", "bytes", 9, BENCH_INTEGER},
	{"mappings", "mappings", 8, BENCH_INTEGER},
	{"MRs", "mrs", 4, BENCH_INTEGER},
	{"bystanders", "bystanders", 10, BENCH_INTEGER},
	{"#iterations", "iterations", 11, BENCH_INTEGER},
	{"call[usec]", "call_usec", 11, 1},
	{"kernel[usec]", "kernel_usec", 12, 1},
	{"zap[usec]", "zap_usec", 10, 1},
	{"tell[usec]", "invalidate_usec", 10, 1},
	{"drain[usec]", "drain_usec", 11, 1},
	{"their faults", "bystander_faults", 12, BENCH_INTEGER},
};

/** struct held - a buffer and who has it */
struct held {
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map[MANY];
	struct bench_mr mr[MANY];
};

/** struct bench - everything that is open */
struct bench {
	const struct revoke_opts *opts;
	struct bench_bar bar;
	struct bench_transport *t;
	struct revoke_trace trace;
	struct bench_table table;
	struct held victim;
	struct held bystander[MANY];
};

/** struct outcome - of all repeats of a scene */
struct outcome {
	double call[REPEATS];
	double kernel[REPEATS];
	double zap[REPEATS];
	double invalidate[REPEATS];
	double drain[REPEATS];
	uint64_t bystander_faults;
};

static void touch(struct peerbar_mapping *map)
{
	const volatile char *addr = peerbar_mapping_addr(map);
	size_t at;

	for (at = 0; at < peerbar_mapping_size(map); at += PAGE)
		(void)addr[at];
}

static void let_go(struct bench *b, struct held *held)
{
	int i;

	for (i = 0; i < MANY; i++) {
		if (held->mr[i].priv)
			b->t->ops->unreg(b->t, &held->mr[i]);
		peerbar_mapping_close(held->map[i]);
	}
	peerbar_buffer_close(held->buf);
	memset(held, 0, sizeof(*held));
}

static int hold(struct bench *b, struct held *held, uint64_t offset,
		uint64_t size, unsigned int mappings, unsigned int mrs)
{
	struct peerbar_range range = {offset, size};
	struct bench_mem mem = {.spec = b->opts->mem, .size = size};
	unsigned int i;
	int rc;

	rc = peerbar_buffer_export(b->bar.dev, b->bar.spec.bar, &range, 1, 0,
				   &held->buf);
	for (i = 0; i < mappings && !rc; i++) {
		rc = peerbar_buffer_map(held->buf, 0, 0, 0, &held->map[i]);
		if (!rc)
			touch(held->map[i]);
	}
	if (rc)
		return bench_fail_lib(rc, "%s", b->opts->mem);
	/* the address names the bytes, whether there is a mapping or not */
	mem.buffer = held->buf;
	mem.addr = mappings ? peerbar_mapping_addr(held->map[0]) : NULL;
	for (i = 0; i < mrs && !rc; i++)
		rc = b->t->ops->reg(b->t, &mem, &held->mr[i]);
	return rc;
}

static int faults_of(struct bench *b, unsigned int n, uint64_t *out)
{
	struct peerbar_buffer_info info;
	unsigned int i;
	int rc;

	for (*out = 0, i = 0; i < n; i++) {
		rc = peerbar_buffer_info(b->bystander[i].buf, &info);
		if (rc)
			return bench_fail_lib(rc, "counters");
		*out += info.faults_4k + info.faults_2m + info.faults_1g;
	}
	return 0;
}

/* do their page tables still have everything */
static int disturb(struct bench *b, unsigned int n, uint64_t before,
		   struct outcome *out)
{
	unsigned int i;
	uint64_t after;
	int rc;

	for (i = 0; i < n; i++)
		touch(b->bystander[i].map[0]);
	rc = faults_of(b, n, &after);
	out->bystander_faults += after - before;
	return rc;
}

static int measure(struct bench *b, struct outcome *out, int i)
{
	struct peerbar_buffer *buf = b->victim.buf;
	struct revoke_stages stages = {0};
	struct peerbar_buffer_info info;
	uint64_t start;
	int rc = 0;

	if (b->trace.path[0])
		rc = revoke_trace_clear(&b->trace);
	if (rc)
		return rc;
	start = bench_now();
	rc = peerbar_buffer_revoke(buf);
	out->call[i] = (double)(bench_now() - start) / USEC;
	if (!rc)
		rc = peerbar_buffer_info(buf, &info);
	if (rc)
		return bench_fail_lib(rc, "revoke");
	out->kernel[i] = (double)info.revoke_ns / USEC;
	if (b->trace.path[0])
		rc = revoke_trace_stages(&b->trace, buf, &stages);
	out->zap[i] = stages.zap;
	out->invalidate[i] = stages.invalidate;
	out->drain[i] = stages.drain;
	return rc;
}

static int repeat(struct bench *b, const struct scene *s, struct outcome *out,
		  int i)
{
	uint64_t before;
	int rc;

	rc = hold(b, &b->victim, 0, s->size, s->mappings, s->mrs);
	if (!rc)
		rc = faults_of(b, s->bystanders, &before);
	if (!rc)
		rc = measure(b, out, i);
	if (!rc)
		rc = disturb(b, s->bystanders, before, out);
	let_go(b, &b->victim);
	return rc;
}

static void put_row(struct bench *b, const struct scene *s,
		    const struct outcome *out)
{
	const struct bench_cell cells[] = {
		{.text = s->varied},
		{.number = (double)s->size},
		{.number = s->mappings},
		{.number = s->mrs},
		{.number = s->bystanders},
		{.number = REPEATS},
		{.number = bench_median(out->call, REPEATS)},
		{.number = bench_median(out->kernel, REPEATS)},
		{.number = bench_median(out->zap, REPEATS)},
		{.number = bench_median(out->invalidate, REPEATS)},
		{.number = bench_median(out->drain, REPEATS)},
		{.number = (double)out->bystander_faults},
	};

	bench_table_row(&b->table, cells);
}

static int run_scene(struct bench *b, const struct scene *s, uint64_t *disturbed)
{
	struct outcome out = {0};
	unsigned int k;
	int i, rc = 0;

	for (k = 0; k < s->bystanders && !rc; k++)
		rc = hold(b, &b->bystander[k], s->size + k * BYSTANDER,
			  BYSTANDER, 1, 0);
	for (i = 0; i < REPEATS && !rc; i++)
		rc = repeat(b, s, &out, i);
	if (!rc)
		put_row(b, s, &out);
	*disturbed += out.bystander_faults;
	for (k = 0; k < s->bystanders; k++)
		let_go(b, &b->bystander[k]);
	return rc;
}

/* what does not fit the BAR is left out */
static int run_all(struct bench *b, uint64_t *disturbed)
{
	const struct scene *s;
	int rc = 0;

	for (s = scenes; s < scenes + SCENES && !rc; s++)
		if (s->size + s->bystanders * BYSTANDER <= b->bar.size)
			rc = run_scene(b, s, disturbed);
	return rc;
}

static int open_all(struct bench *b)
{
	struct bench_transport_config config = {
		.nic = &b->opts->nic,
		.qps = 1,
		.depth = 1,
	};
	int rc;

	rc = bench_bar_open(&b->bar, b->opts->mem);
	return rc ? rc : bench_verbs.open(&config, &b->t);
}

static void close_all(struct bench *b)
{
	revoke_trace_close(&b->trace);
	if (b->t)
		b->t->ops->close(b->t);
	bench_bar_close(&b->bar);
}

static int with_all(struct bench *b, struct json_object *doc)
{
	uint64_t disturbed = 0;
	int rc;

	bench_environment_print(stdout,
				json_object_object_get(doc, "environment"));
	printf("\nPermanent revoke of one buffer, %s, one factor at a time\n",
	       b->opts->mem);
	if (revoke_trace_open(&b->trace))
		printf("  no stages: %s\n", bench_error());
	bench_put_bool(doc, "stages", b->trace.path[0]);
	bench_table_open(&b->table, stdout, columns,
			 sizeof(columns) / sizeof(*columns), doc, "rows");
	rc = run_all(b, &disturbed);
	if (!rc)
		rc = bench_doc_save(doc, b->opts->json);
	return rc ? rc : disturbed > 0;
}

int revoke_scale_run(const struct revoke_opts *opts)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct json_object *doc;
	int rc;

	if (!b)
		return bench_fail(-ENOMEM, "out of memory");
	b->opts = opts;
	rc = open_all(b);
	if (!rc) {
		doc = bench_doc_new("peerbar-revoke-scale", SCHEMA,
				    opts->nic.device);
		rc = with_all(b, doc);
		json_object_put(doc);
	}
	close_all(b);
	free(b);
	return rc;
}
