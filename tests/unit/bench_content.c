// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pattern, layout and the comparison: what passes, and that nothing else does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "content.h"
#include "error.h"
#include "pattern.h"
#include "stats.h"

#define ROOM 65536

static void test_pattern_does_not_depend_on_pieces(void **state)
{
	uint8_t whole[1000], pieces[1000];
	size_t at, len;

	bench_pattern_fill(whole, sizeof(whole), 7, 3);
	for (at = 0; at < sizeof(pieces); at += len) {
		len = 1 + at % 13;
		if (len > sizeof(pieces) - at)
			len = sizeof(pieces) - at;
		bench_pattern_fill(pieces + at, len, 7, 3 + at);
	}
	assert_memory_equal(whole, pieces, sizeof(whole));
}

static void test_pattern_depends_on_seed_and_offset(void **state)
{
	uint8_t a[256], b[256];

	bench_pattern_fill(a, sizeof(a), bench_pattern_seed(1, 0), 0);
	bench_pattern_fill(b, sizeof(b), bench_pattern_seed(1, 1), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	bench_pattern_fill(b, sizeof(b), bench_pattern_seed(2, 0), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	bench_pattern_fill(b, sizeof(b), bench_pattern_seed(1, 0), 8);
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		assert_int_not_equal(a[i], BENCH_POISON);
}

static void test_check_names_the_first_wrong_byte(void **state)
{
	struct bench_mismatch mis = {0};
	uint8_t buf[100];

	bench_pattern_fill(buf, sizeof(buf), 5, 11);
	bench_pattern_check(buf, sizeof(buf), 5, 11, &mis);
	assert_int_equal(mis.count, 0);
	buf[40] ^= 0x10;
	buf[99] ^= 0x02;
	bench_pattern_check(buf, sizeof(buf), 5, 11, &mis);
	assert_int_equal(mis.count, 2);
	assert_int_equal(mis.offset, 51);
	assert_int_equal(mis.got, buf[40]);
	assert_int_equal(mis.want, buf[40] ^ 0x10);
}

static void test_layout_fits_and_tells_iterations_apart(void **state)
{
	struct bench_layout l;
	uint64_t last;

	assert_int_equal(bench_layout_init(&l, 100, 2, 8, 2048), 0);
	assert_int_equal(l.slots, 8);
	assert_int_equal(l.stride, 128);
	assert_int_equal(bench_layout_init(&l, 100, 2, 8, 1000), 0);
	assert_int_equal(l.slots, 3);
	assert_true(bench_layout_span(&l) <= 1000);
	assert_int_equal(bench_layout_init(&l, 100, 2, 8, 255), -ENOSPC);

	assert_int_equal(bench_layout_init(&l, 64, 1, 1, ROOM), 0);
	assert_int_equal(l.slots, 2);
	assert_int_not_equal(bench_layout_from(&l, 0),
			     bench_layout_from(&l, l.slots));
	assert_true(bench_layout_last(&l, 3, 0, &last));
	assert_int_equal(last, 2);
	assert_true(bench_layout_last(&l, 3, 1, &last));
	assert_int_equal(last, 1);
	assert_false(bench_layout_last(&l, 1, 1, &last));
}

/* what a NIC would do, iteration by iteration, less those in [skip, skip_to) */
static void move(struct bench_mem *from, struct bench_mem *to, uint64_t base,
		 const struct bench_layout *l, const uint64_t *iterations,
		 uint64_t skip, uint64_t skip_to)
{
	uint8_t *src = from->addr, *dst = to->addr;

	for (uint32_t qp = 0; qp < l->qps; qp++)
		for (uint64_t it = 0; it < iterations[qp]; it++)
			if (it < skip || it >= skip_to)
				memcpy(dst + base +
					       bench_layout_offset(
						       l, qp,
						       bench_layout_to(l, it)),
				       src + bench_layout_offset(
						     l, qp,
						     bench_layout_from(l, it)),
				       l->size);
}

struct pair {
	struct bench_mem from;
	struct bench_mem to;
	struct bench_layout l;
};

static void open_pair(struct pair *p, uint64_t size)
{
	assert_int_equal(bench_mem_open(&p->from, "host", ROOM), 0);
	assert_int_equal(bench_mem_open(&p->to, "host", 2 * ROOM), 0);
	assert_int_equal(bench_layout_init(&p->l, size, 2, 5, ROOM), 0);
	p->l.run = 42;
	assert_int_equal(bench_content_fill(&p->from, 0, &p->l), 0);
	assert_int_equal(bench_content_poison(&p->to, ROOM, &p->l), 0);
}

static void close_pair(struct pair *p)
{
	bench_mem_close(&p->from);
	bench_mem_close(&p->to);
}

static void test_verify_accepts_what_was_sent(void **state)
{
	static const uint64_t sizes[] = {1, 7, 64, 100, 4096, 6000};
	static const uint64_t counts[][2] = {
		{0, 0},
		{1, 4},
		{5, 6},
		{23, 1000},
	};
	struct pair p;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		for (size_t c = 0; c < 4; c++) {
			open_pair(&p, sizes[s]);
			move(&p.from, &p.to, ROOM, &p.l, counts[c], 0, 0);
			assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l,
							      counts[c]),
					 0);
			close_pair(&p);
		}
	}
}

static void test_verify_misses_nothing(void **state)
{
	static const uint64_t count[] = {23, 23};
	struct pair p;
	uint8_t *byte;

	open_pair(&p, 100);
	move(&p.from, &p.to, ROOM, &p.l, count, 0, 0);
	byte = (uint8_t *)p.to.addr + ROOM + bench_layout_offset(&p.l, 1, 3) + 77;
	*byte ^= 1;
	assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l, count), -EILSEQ);
	assert_non_null(strstr(bench_error(), "byte 77 of slot 3 of QP 1"));
	*byte ^= 1;
	assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l, count), 0);

	/* behind the end of a message of 100 bytes, before the next slot */
	byte = (uint8_t *)p.to.addr + ROOM + 100;
	*byte ^= 1;
	assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l, count), -EILSEQ);
	assert_non_null(strstr(bench_error(), "byte 100 of slot 0 of QP 0"));
	close_pair(&p);
}

static void test_verify_sees_a_lost_iteration(void **state)
{
	static const uint64_t count[] = {23, 23};
	struct pair p;

	for (uint64_t lost = 18; lost < 23; lost++) {
		open_pair(&p, 100);
		move(&p.from, &p.to, ROOM, &p.l, count, lost, lost + 1);
		assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l, count),
				 -EILSEQ);
		close_pair(&p);
	}
}

static void test_verify_sees_the_run_before(void **state)
{
	static const uint64_t count[] = {23, 23};
	struct pair p;

	open_pair(&p, 1);
	move(&p.from, &p.to, ROOM, &p.l, count, 0, 0);
	p.l.run++;
	assert_int_equal(bench_content_verify(&p.to, ROOM, &p.l, count), -EILSEQ);
	close_pair(&p);
}

static void test_statistics(void **state)
{
	double v[] = {5, 1, 9, 3};
	struct bench_peak peak;

	assert_true(bench_median(v, 4) == 4);
	assert_true(bench_median(v, 3) == 5);
	assert_true(bench_median(v, 0) == 0);
	assert_true(bench_max(v, 4) == 9);
	assert_true(v[0] == 5);

	/* one per microsecond, but for ten that take half of that */
	bench_peak_init(&peak, 10);
	for (uint64_t i = 0, now = 0; i < 100;
	     i++, now += i >= 50 && i < 60 ? 500 : 1000)
		bench_peak_add(&peak, now);
	assert_true(bench_peak_rate(&peak) == 2e6);
	bench_peak_init(&peak, 10);
	bench_peak_add(&peak, 1);
	assert_true(bench_peak_rate(&peak) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern_does_not_depend_on_pieces),
		cmocka_unit_test(test_pattern_depends_on_seed_and_offset),
		cmocka_unit_test(test_check_names_the_first_wrong_byte),
		cmocka_unit_test(test_layout_fits_and_tells_iterations_apart),
		cmocka_unit_test(test_verify_accepts_what_was_sent),
		cmocka_unit_test(test_verify_misses_nothing),
		cmocka_unit_test(test_verify_sees_a_lost_iteration),
		cmocka_unit_test(test_verify_sees_the_run_before),
		cmocka_unit_test(test_statistics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
