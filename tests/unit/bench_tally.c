// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The bookkeeping that decides whether anything went through a shut gate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "revoke/tally.h"

struct both {
	struct revoke_gate gate;
	struct revoke_tally tally;
};

static void init(struct both *b)
{
	memset(b, 0, sizeof(*b));
	revoke_tally_init(&b->tally);
}

/* one access that succeeds; the gate moves by @during meanwhile */
static void access_ok(struct both *b, unsigned int during)
{
	struct revoke_access access;

	revoke_access_begin(&access, &b->gate);
	atomic_fetch_add(&b->gate.gate, during);
	revoke_access_ok(&access, &b->gate, &b->tally);
}

static void test_only_what_is_within_a_shut_gate_leaks(void **state)
{
	struct both b;

	init(&b);
	access_ok(&b, 0);
	access_ok(&b, 1); /* begun before it was shut */
	assert_int_equal(revoke_tally_look(&b.tally).leaked, 0);
	access_ok(&b, 0);
	assert_int_equal(revoke_tally_look(&b.tally).leaked, 1);
	access_ok(&b, 1); /* ended after it was opened */
	access_ok(&b, 3); /* opened, shut and opened meanwhile */
	assert_int_equal(revoke_tally_look(&b.tally).leaked, 1);
	assert_int_equal(revoke_tally_look(&b.tally).ok, 5);
}

static void test_resumption_counts_from_the_opening(void **state)
{
	struct revoke_counts c;
	struct both b;

	init(&b);
	access_ok(&b, 0);
	assert_int_equal(revoke_tally_look(&b.tally).resumed, 0);
	atomic_store(&b.gate.open_since, 1);
	access_ok(&b, 0);
	c = revoke_tally_take(&b.tally);
	assert_int_not_equal(c.resumed, 0);
	assert_int_equal(revoke_tally_look(&b.tally).ok, 0);
}

static void test_refusals_by_status(void **state)
{
	struct revoke_access access;
	struct revoke_counts c;
	struct both b;

	init(&b);
	revoke_access_begin(&access, &b.gate);
	revoke_access_refused(&access, &b.tally, 5);
	revoke_access_refused(&access, &b.tally, 5);
	revoke_access_refused(&access, &b.tally, 10);
	c = revoke_tally_look(&b.tally);
	assert_int_equal(c.refused, 3);
	assert_int_equal(c.status[5], 2);
	assert_int_equal(c.status[10], 1);
	assert_true(c.first_refused && c.first_refused <= c.last_refused);
}

static void test_wrong_content_is_forgiven_only_on_purpose(void **state)
{
	struct both b;

	init(&b);
	revoke_tally_wrong(&b.tally, &b.gate, "first");
	atomic_store(&b.gate.forgiving, true);
	revoke_tally_wrong(&b.tally, &b.gate, "second");
	atomic_store(&b.gate.forgiving, false);
	revoke_tally_wrong(&b.tally, &b.gate, "third");
	assert_int_equal(revoke_tally_look(&b.tally).wrong, 2);
	assert_int_equal(revoke_tally_look(&b.tally).lost, 1);
	assert_string_equal(b.tally.wrong_text, "first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_within_a_shut_gate_leaks),
		cmocka_unit_test(test_resumption_counts_from_the_opening),
		cmocka_unit_test(test_refusals_by_status),
		cmocka_unit_test(test_wrong_content_is_forgiven_only_on_purpose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
