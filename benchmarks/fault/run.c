// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include <peerbar/peerbar.h>

#include "bar.h"
#include "clock.h"
#include "environment.h"
#include "error.h"
#include "json.h"
#include "opts.h"
#include "stats.h"
#include "table.h"

#define SCHEMA	   1
#define PAGE	   4096ull
#define GIB	   (1ull << 30)
#define ROUNDS_MAX 1000
#define FEW	   16

/**
 * struct way - a way to map
 * @name: of the largest entries that it allows
 * @entry: their bytes
 * @populate: let the library insert everything at once
 *
 * A huge entry needs an address that is as far from a multiple of its size as
 * the memory is; the BAR begins at a multiple of its own size.
 */
struct way {
	const char *name;
	uint64_t entry;
	bool populate;
};

static const struct way ways[] = {
	{"4 KiB", PAGE, false},
	{"2 MiB", 2ull << 20, false},
	{"1 GiB", GIB, false},
	{"populate", PAGE, true},
};

#define WAYS (sizeof(ways) / sizeof(*ways))

static const struct bench_column columns[] = {
	{"entries", "entries", 9, BENCH_TEXT},
	{"#bytes", "bytes", 11, BENCH_INTEGER},
	{"faults", "faults", 9, BENCH_INTEGER},
	{"of 4 KiB", "faults_4k", 9, BENCH_INTEGER},
	{"of 2 MiB", "faults_2m", 9, BENCH_INTEGER},
	{"of 1 GiB", "faults_1g", 9, BENCH_INTEGER},
	{"faults/GiB", "faults_per_GiB", 11, BENCH_INTEGER},
	{"mapping[usec]", "map_usec", 14, 1},
	{"first loads[usec]", "touch_usec", 18, 1},
	{"second loads[usec]", "touch_again_usec", 18, 1},
	{"usec/fault", "usec_per_fault", 10, 3},
};

/**
 * struct bench - a buffer under test
 * @opts: command line
 * @buf: all that is touched
 * @size: bytes of it
 */
struct bench {
	const struct fault_opts *opts;
	struct peerbar_buffer *buf;
	uint64_t size;
};

/**
 * struct outcome - of one way
 * @info: what was added to the kernel's counters
 * @map, @touch, @again: nanoseconds of each round
 */
struct outcome {
	struct peerbar_buffer_info info;
	double map[ROUNDS_MAX];
	double touch[ROUNDS_MAX];
	double again[ROUNDS_MAX];
};

static double touch_all(const void *addr, uint64_t size)
{
	uint64_t start = bench_now(), at;

	for (at = 0; at < size; at += PAGE)
		(void)*((const volatile char *)addr + at);
	return (double)(bench_now() - start);
}

/* an address that allows entries of @entry bytes and no larger ones */
static char *choose_address(const struct bench *b, uint64_t entry, char **room,
			    size_t *room_size)
{
	uintptr_t at;

	*room_size = b->size + 2 * GIB;
	*room = mmap(NULL, *room_size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (*room == MAP_FAILED)
		return NULL;
	at = ((uintptr_t)*room + GIB - 1) / GIB * GIB;
	return (char *)at + (entry < GIB ? entry : 0);
}

static int map_and_touch(struct bench *b, uint64_t entry, struct outcome *out,
			 uint32_t round)
{
	size_t room_size;
	char *room, *addr = choose_address(b, entry, &room, &room_size);
	uint64_t start = bench_now();
	void *map;
	int rc = 0;

	if (!addr)
		return bench_fail(-errno, "address space: %s", strerror(errno));
	map = mmap(addr, b->size, PROT_READ, MAP_SHARED | MAP_FIXED,
		   peerbar_buffer_fd(b->buf), 0);
	if (map == MAP_FAILED) {
		rc = bench_fail(-errno, "mapping of %s: %s", b->opts->mem,
				strerror(errno));
	} else {
		out->map[round] = (double)(bench_now() - start);
		out->touch[round] = touch_all(map, b->size);
		out->again[round] = touch_all(map, b->size);
	}
	munmap(room, room_size);
	return rc;
}

static int populate_and_touch(struct bench *b, struct outcome *out, uint32_t round)
{
	struct peerbar_mapping *map;
	uint64_t start = bench_now();
	int rc;

	rc = peerbar_buffer_map(b->buf, 0, 0,
				PEERBAR_MAP_READ | PEERBAR_MAP_POPULATE, &map);
	if (rc)
		return bench_fail_lib(rc, "mapping of %s", b->opts->mem);
	out->map[round] = (double)(bench_now() - start);
	out->touch[round] = touch_all(peerbar_mapping_addr(map), b->size);
	out->again[round] = touch_all(peerbar_mapping_addr(map), b->size);
	peerbar_mapping_close(map);
	return 0;
}

static int count(struct bench *b, struct peerbar_buffer_info *info)
{
	int rc = peerbar_buffer_info(b->buf, info);

	return rc ? bench_fail_lib(rc, "counters of %s", b->opts->mem) : 0;
}

static int go(struct bench *b, const struct way *way, struct outcome *out,
	      uint32_t round)
{
	struct peerbar_buffer_info before, after;
	int rc;

	rc = count(b, &before);
	if (!rc)
		rc = way->populate ? populate_and_touch(b, out, round)
				   : map_and_touch(b, way->entry, out, round);
	if (!rc)
		rc = count(b, &after);
	if (rc)
		return rc;
	out->info.faults_4k = after.faults_4k - before.faults_4k;
	out->info.faults_2m = after.faults_2m - before.faults_2m;
	out->info.faults_1g = after.faults_1g - before.faults_1g;
	return 0;
}

static void put_row(struct bench *b, struct bench_table *table,
		    const struct way *way, const struct outcome *out)
{
	const struct peerbar_buffer_info *info = &out->info;
	double faults =
		(double)(info->faults_4k + info->faults_2m + info->faults_1g);
	double map = bench_median(out->map, b->opts->rounds) / 1000;
	double touch = bench_median(out->touch, b->opts->rounds) / 1000;
	double again = bench_median(out->again, b->opts->rounds) / 1000;
	/* a few faults are lost in what the loads themselves vary */
	double cost = faults < FEW ? 0 : touch - again;
	const struct bench_cell cells[] = {
		{.text = way->name},
		{.number = (double)b->size},
		{.number = faults},
		{.number = (double)info->faults_4k},
		{.number = (double)info->faults_2m},
		{.number = (double)info->faults_1g},
		{.number = faults * (double)GIB / (double)b->size},
		{.number = map},
		{.number = touch},
		{.number = again},
		{.number = cost > 0 ? cost / faults : 0},
	};

	bench_table_row(table, cells);
}

static int run_all(struct bench *b, struct bench_table *table)
{
	static struct outcome outcome[WAYS];
	uint32_t round;
	size_t i;
	int rc;

	for (round = 0; round < b->opts->rounds; round++) {
		for (i = 0; i < WAYS; i++) {
			rc = go(b, &ways[i], &outcome[i], round);
			if (rc)
				return rc;
		}
	}
	for (i = 0; i < WAYS; i++)
		/* entries larger than the buffer would be those of the row above */
		if (ways[i].entry <= b->size)
			put_row(b, table, &ways[i], &outcome[i]);
	return 0;
}

static int export(struct bench *b, const struct bench_bar *bar)
{
	struct peerbar_range range = {.length = b->opts->size};
	int rc;

	if (!range.length)
		range.length = bar->size < GIB ? bar->size : GIB;
	rc = peerbar_buffer_export(bar->dev, bar->spec.bar, &range, 1, 0,
				   &b->buf);
	if (rc)
		return bench_fail_lib(rc, "export of %s", b->opts->mem);
	b->size = range.length;
	return 0;
}

static int with_device(struct bench *b, struct json_object *doc)
{
	struct bench_table table;
	struct bench_bar bar = {0};
	int rc;

	rc = bench_bar_open(&bar, b->opts->mem);
	if (rc)
		return rc;
	rc = export(b, &bar);
	if (!rc) {
		bench_environment_print(
			stdout, json_object_object_get(doc, "environment"));
		printf("\nPage faults, %s, a load from every page\n",
		       b->opts->mem);
		bench_table_open(&table, stdout, columns,
				 sizeof(columns) / sizeof(*columns), doc, "rows");
		rc = run_all(b, &table);
		peerbar_buffer_close(b->buf);
	}
	bench_bar_close(&bar);
	return rc;
}

int fault_run(const void *data)
{
	struct json_object *doc = bench_doc_new("peerbar-fault", SCHEMA, NULL);
	struct bench b = {.opts = data};
	int rc;

	bench_put_text(doc, "mem", b.opts->mem);
	rc = with_device(&b, doc);
	if (!rc)
		rc = bench_doc_save(doc, b.opts->json);
	json_object_put(doc);
	return rc;
}
