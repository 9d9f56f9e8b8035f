// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Percentiles, tables and counted instructions. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "count.h"
#include "error.h"
#include "stats.h"
#include "table.h"

static void near(double got, double want)
{
	assert_true(got > want - 1e-9 && got < want + 1e-9);
}

static void test_percentiles(void **state)
{
	struct bench_samples samples = {0}, more = {0};
	struct bench_summary s;

	bench_samples_sum_up(&samples, &s);
	near(s.max, 0);
	/* 1 to 1000, last to first */
	for (int i = 1000; i > 500; i--)
		assert_int_equal(bench_samples_add(&samples, i), 0);
	for (int i = 500; i > 0; i--)
		assert_int_equal(bench_samples_add(&more, i), 0);
	assert_int_equal(bench_samples_append(&samples, &more), 0);
	bench_samples_sum_up(&samples, &s);
	near(s.min, 1);
	near(s.max, 1000);
	near(s.p50, 500);
	near(s.mean, 500.5);
	near(s.p99, 990);
	near(s.p999, 999);
	assert_true(s.stdev > 288 && s.stdev < 289);
	bench_samples_free(&samples);
	bench_samples_free(&more);
	assert_int_equal(samples.n, 0);
}

static void test_one_sample_is_all_percentiles(void **state)
{
	struct bench_samples samples = {0};
	struct bench_summary s;

	assert_int_equal(bench_samples_add(&samples, 7), 0);
	bench_samples_sum_up(&samples, &s);
	near(s.min, 7);
	near(s.p50, 7);
	near(s.p999, 7);
	near(s.stdev, 0);
	bench_samples_free(&samples);
}

static void test_a_row_is_on_paper_and_in_json(void **state)
{
	static const struct bench_column columns[] = {
		{"what", "what", 6, BENCH_TEXT},
		{"#n", "n", 4, BENCH_INTEGER},
		{"value", "value", 7, 2},
	};
	const struct bench_cell cells[] = {
		{.text = "one"}, {.number = 12}, {.number = 1.255}};
	struct json_object *doc = json_object_new_object(), *row;
	char text[256] = "";
	struct bench_table table;
	FILE *f = fmemopen(text, sizeof(text), "w");

	bench_table_open(&table, f, columns, 3, doc, "rows");
	bench_table_row(&table, cells);
	fclose(f);
	assert_string_equal(text,
			    " what   #n   value  \n one    12   1.25   \n");
	row = json_object_array_get_idx(json_object_object_get(doc, "rows"), 0);
	assert_string_equal(
		json_object_get_string(json_object_object_get(row, "what")),
		"one");
	assert_true(json_object_is_type(json_object_object_get(row, "n"),
					json_type_int));
	near(json_object_get_double(json_object_object_get(row, "value")), 1.255);
	json_object_put(doc);
}

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
static void ten(void *arg)
{
	__asm__ volatile(".rept 10\n\tnop\n\t.endr");
}

static void thousand(void *arg)
{
	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
}

static void test_instructions_are_counted(void **state)
{
	uint64_t few, many, again;

	assert_int_equal(bench_count_instructions(ten, NULL, &few), 0);
	assert_int_equal(bench_count_instructions(thousand, NULL, &many), 0);
	assert_int_equal(bench_count_instructions(thousand, NULL, &again), 0);
	assert_int_equal(many - few, 990);
	assert_int_equal(many, again);
	assert_true(few >= 10 && few < 20);
}

static void die(void *arg)
{
	raise(SIGILL);
}

static void test_what_dies_is_not_counted(void **state)
{
	uint64_t n;

	assert_int_equal(bench_count_instructions(die, NULL, &n), -EFAULT);
	assert_non_null(strstr(bench_error(), "died"));
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_one_sample_is_all_percentiles),
		cmocka_unit_test(test_a_row_is_on_paper_and_in_json),
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
		cmocka_unit_test(test_instructions_are_counted),
		cmocka_unit_test(test_what_dies_is_not_counted),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
