// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes arrive, all of them, where they belong and nowhere else. */
#include <stdlib.h>
#include <string.h>

#include "conform.h"

#define POISON 0xaa
#define ROOM   MIB(5)
#define BAR_AT MIB(3)

/* below and above what providers treat differently: words, inline data,
 * packets, bounce buffers, rendezvous */
static const size_t sizes[] = {
	1,     2,     3,     4,	    7,	    8,	     9,	      31,
	64,    65,    127,   255,   256,    1000,    1024,    2047,
	4095,  4096,  4097,  8191,  8193,   12289,   16384,   16385,
	32768, 65535, 65536, 65537, 262147, 1048576, 1048579, 4194304,
};

/* where it starts: aligned, and not */
static uint64_t start_of(size_t size)
{
	return size % 3 ? size % 61 + PAGE - 5 : PAGE;
}

struct stage {
	struct conform *c;
	struct prov_memory bar;
	struct prov_memory host;
	struct prov_region *bar_region;
	struct prov_region *host_region;
	char *want;
};

static void set(struct stage *s, struct conform *c,
		const struct peerbar_range *ranges, unsigned int nr_ranges)
{
	uint64_t at = 0;
	unsigned int i;

	s->c = c;
	s->bar = conform_bar(c, ranges, nr_ranges);
	s->host = conform_host(c, s->bar.size);
	s->bar_region = conform_reg(c, &s->bar, 0, s->bar.size);
	s->host_region = conform_reg(c, &s->host, 0, s->host.size);
	s->want = fx_alloc(c->fx, s->bar.size);
	for (i = 0; i < nr_ranges; at += ranges[i++].length)
		fx_pattern_fill(s->want + at, CONFORM_SEED, ranges[i].offset,
				ranges[i].length);
}

/* the bytes of the BAR from a page before to a page after */
static void bar_is_right(struct stage *s, uint64_t at, size_t len)
{
	uint64_t from = at > PAGE ? at - PAGE : 0, to = at + len + PAGE;
	char *got;

	if (to > s->bar.size)
		to = s->bar.size;
	got = malloc(to - from);
	assert_non_null(got);
	ok(peerbar_read(s->bar.map, from, got, to - from));
	assert_memory_equal(got, s->want + from, to - from);
	free(got);
}

/* From host memory to the BAR, and back, the BAR being the far end or the near. */
static void there_and_back(struct stage *s, uint64_t at, size_t len, bool far)
{
	struct prov_op op = {
		.near = far ? s->host_region : s->bar_region,
		.far = far ? s->bar_region : s->host_region,
		.near_at = far ? 8 : at,
		.far_at = far ? at : 8,
		.len = len,
	};
	char *host = s->host.addr + 8;

	fx_pattern_fill(host, at + len + far, at, len);
	memcpy(s->want + at, host, len);
	op.write = far;
	conform_moves(s->c, &op);
	bar_is_right(s, at, len);

	memset(s->host.addr, POISON, len + 9);
	op.write = !far;
	conform_moves(s->c, &op);
	assert_memory_equal(host, s->want + at, len);
	assert_int_equal((uint8_t)host[-1], POISON);
	assert_int_equal((uint8_t)host[len], POISON);
}

static void test_sizes(struct conform *c)
{
	const struct peerbar_range range = {BAR_AT, ROOM};
	struct stage s;
	unsigned int i;

	set(&s, c, &range, 1);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		there_and_back(&s, start_of(sizes[i]), sizes[i], true);
		there_and_back(&s, start_of(sizes[i]), sizes[i], false);
	}
}

/* One region, several ranges: out of order, and with a gap. */
static void test_ranges(struct conform *c)
{
	static const struct peerbar_range ranges[] = {
		{MIB(9), 3 * PAGE},
		{MIB(2) + PAGE, PAGE},
		{MIB(6), KIB(128)},
	};
	static const struct {
		uint64_t at;
		size_t len;
	} across[] = {
		{3 * PAGE - 1, 2},
		{3 * PAGE - 100, 5000},
		{4 * PAGE - 8, 16},
		{17, KIB(140)},
		{0, 4 * PAGE + KIB(128) - 9},
	};
	struct stage s;
	unsigned int i;

	set(&s, c, ranges, ARRAY_LEN(ranges));
	for (i = 0; i < ARRAY_LEN(across); i++) {
		there_and_back(&s, across[i].at, across[i].len, true);
		there_and_back(&s, across[i].at, across[i].len, false);
	}
}

static void test_bar_to_bar(struct conform *c)
{
	static const struct peerbar_range range = {MIB(12), MIB(1)};
	struct prov_memory other = conform_bar_one(c, MIB(20), MIB(1));
	struct prov_op op = {.near_at = 5, .far_at = PAGE - 3, .len = KIB(300)};
	struct stage s;

	set(&s, c, &range, 1);
	op.near = conform_reg(c, &other, 0, other.size);
	op.far = s.bar_region;
	op.write = true;
	memset(s.want, 0, s.bar.size);
	ok(peerbar_read(s.bar.map, 0, s.want, s.bar.size));
	fx_pattern_fill(s.want + op.far_at, CONFORM_SEED, MIB(20) + op.near_at,
			op.len);
	conform_moves(c, &op);
	bar_is_right(&s, op.far_at, op.len);
}

/* Beyond a region lies memory of the same buffer: nothing of it is touched. */
static void test_beyond(struct conform *c)
{
	static const struct {
		uint64_t at;
		size_t len;
	} beyond[] = {
		{KIB(8), 1},  {KIB(8) - 1, 2},	 {0, KIB(8) + 1},
		{KIB(64), 8}, {(uint64_t)-8, 8},
	};
	struct prov_memory bar = conform_bar_one(c, BAR_AT, KIB(64));
	struct prov_memory host = conform_host(c, KIB(64));
	struct prov_op op = {
		.near = conform_reg(c, &host, 0, KIB(64)),
		.far = conform_reg(c, &bar, KIB(16), KIB(8)),
	};
	unsigned int i;

	memset(host.addr, POISON, KIB(64));
	for (i = 0; i < ARRAY_LEN(beyond); i++) {
		op.far_at = beyond[i].at;
		op.len = beyond[i].len;
		op.write = true;
		conform_fails(c, &op);
		op.write = false;
		conform_fails(c, &op);
	}
	fx_bar_check(c->dev, CONFORM_SEED, BAR_AT, KIB(16));
	fx_bar_check(c->dev, CONFORM_SEED, BAR_AT + KIB(24), KIB(40));
	op.far_at = 0;
	op.len = KIB(8);
	op.write = true;
	conform_moves(c, &op);
}

static void test_rights(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, KIB(64));
	struct prov_memory host = conform_host(c, PAGE);
	struct prov_op op = {
		.near = conform_reg(c, &host, 0, PAGE),
		.len = PAGE,
	};

	op.far = conform_reg_rights(c, &bar, 0, KIB(64), PROV_REMOTE_READ);
	op.write = true;
	conform_fails(c, &op);
	op.write = false;
	conform_moves(c, &op);
	fx_pattern_check(host.addr, CONFORM_SEED, BAR_AT, PAGE);
	op.far = conform_reg_rights(c, &bar, 0, KIB(64), PROV_REMOTE_WRITE);
	conform_fails(c, &op);
	fx_bar_check(c->dev, CONFORM_SEED, BAR_AT, KIB(64));
	op.write = true;
	conform_moves(c, &op);
}

const struct conform_case conform_transfer[] = {
	{"every size arrives, both ways, at both ends", test_sizes, 0},
	{"one region over several ranges", test_ranges, 0},
	{"from BAR to BAR", test_bar_to_bar, 0},
	{"nothing is reached beyond a region", test_beyond, 0},
	{"a region has the rights that were asked for", test_rights, PROV_RIGHTS},
	{0},
};
