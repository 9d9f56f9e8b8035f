// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The worked examples of docs/examples, run as a reader would run them. */
#include <string.h>

#include "bar.h"
#include "program.h"

static void said(const char *text, const char *word)
{
	if (!strstr(text, word))
		fx_die("\"%s\" is not in: %s", word, text);
}

/* What it says, when all went well; @checked: memory errors and leaks do not. */
static const char *run(struct fx *fx, bool checked, const char *name)
{
	const char *argv[] = {"/usr/bin/valgrind",
			      "-q",
			      "--error-exitcode=99",
			      "--leak-check=full",
			      "--show-leak-kinds=definite,indirect",
			      "--errors-for-leak-kinds=definite,indirect",
			      NULL,
			      fx_bdf(),
			      !strcmp(name, "slices") ? fx_rdma_name() : NULL,
			      NULL};
	const unsigned int at = 6;
	char path[256], part[64] = "docs/examples/";
	const char *text;
	int status;

	strncat(part, name, sizeof(part) - strlen(part) - 1);
	argv[at] = fx_program_built(part, path);
	status = fx_run(fx, checked ? argv : argv + at, &text);
	if (status)
		fx_die("exit status %d: %s", status, text);
	return text;
}

/* Valgrind goes with the workers, too. */
static void slices(struct fx *fx, bool checked)
{
	const char *text = run(fx, checked, "slices");

	said(text, "worker 1: lost its slice");
	said(text, "slice 1 is mine again, the others went on for 20 rounds");
	said(text, "every slice holds its worker's bytes alone");
	/* the others lose theirs with the device */
	said(text, "worker 0: lost its slice");
	said(text, "worker 2: lost its slice");
	fx_device(fx, fx_bdf());
}

static void test_slices(void **state)
{
	slices(*state, false);
}

static void test_slices_checked(void **state)
{
	slices(*state, true);
}

static void test_two_ranges(void **state)
{
	const char *text = run(*state, false, "two_ranges");

	said(text, "2 MiB at 0x");
	said(text, "rkey 0x");
}

static void test_two_ranges_checked(void **state)
{
	said(run(*state, true, "two_ranges"), "2 MiB at 0x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_slices),
		FX_TEST(test_two_ranges),
		FX_TEST(test_two_ranges_checked),
		FX_TEST(test_slices_checked),
	};
	const size_t nr = ARRAY_LEN(tests);

	/* the last one takes minutes where the kernel is checked, too */
	return _cmocka_run_group_tests("examples", tests,
				       fx_debug() ? nr - 1 : nr, NULL, NULL);
}
