// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The worked examples of docs/examples, run as a reader would run them. */
#include <stdlib.h>
#include <string.h>

#include "bar.h"
#include "program.h"

static void said(const char *text, const char *word)
{
	if (!strstr(text, word))
		fx_die("\"%s\" is not in: %s", word, text);
}

static void test_slices(void **state)
{
	char path[256];
	const char *argv[] = {fx_program_built("docs/examples/slices", path),
			      fx_bdf(), fx_rdma_name(), NULL};
	const char *text;
	int status = fx_run(*state, argv, &text);

	if (status)
		fx_die("exit status %d: %s", status, text);
	said(text, "worker 1: lost its slice");
	said(text, "slice 1 is mine again, the others went on for 20 rounds");
	said(text, "every slice holds its worker's bytes alone");
	/* the others lose theirs with the device */
	said(text, "worker 0: lost its slice");
	said(text, "worker 2: lost its slice");
	fx_device(*state, fx_bdf());
}

static void test_two_ranges(void **state)
{
	char path[256];
	const char *argv[] = {fx_program_built("docs/examples/two_ranges", path),
			      fx_bdf(), NULL};
	const char *text;
	int status = fx_run(*state, argv, &text);

	if (status)
		fx_die("exit status %d: %s", status, text);
	said(text, "2 MiB at 0x");
	said(text, "rkey 0x");
}

/* valgrind knows no system call of ours that it would have to know. */
static void test_examples_leak_nothing(void **state)
{
	char path[256];
	const char *argv[] = {"/usr/bin/valgrind",
			      "-q",
			      "--error-exitcode=99",
			      "--leak-check=full",
			      "--show-leak-kinds=definite,indirect",
			      "--errors-for-leak-kinds=definite,indirect",
			      "--track-fds=no",
			      fx_program_built("docs/examples/two_ranges", path),
			      fx_bdf(),
			      NULL};
	const char *text;
	int status = fx_run(*state, argv, &text);

	if (status)
		fx_die("exit status %d: %s", status, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_slices),
		FX_TEST(test_two_ranges),
		FX_TEST(test_examples_leak_nothing),
	};

	return FX_RUN(tests);
}
