// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "bar.h"
#include "error.h"
#include "opts.h"
#include "program.h"

#define GIB (1ull << 30)

static int set_size(void *data, const char *arg)
{
	struct fault_opts *opts = data;
	int rc = bench_parse_size(arg, &opts->size);

	if (rc)
		return rc;
	if (!opts->size || opts->size % 4096 || opts->size > GIB)
		return bench_fail(-EINVAL,
				  "-s is a multiple of 4K, at most 1G, not %s",
				  arg);
	return 0;
}

static const struct bench_opt table[] = {
	{0, "mem", "bar:BDF/BAR", "the BAR (required)",
	 BENCH_STRING(fault_opts, mem)},
	{'s', "size", "BYTES", "how much of it to touch (all, at most 1G)",
	 BENCH_CALL(set_size)},
	{0, "rounds", "N", "repeat, page sizes taking turns; show medians (3)",
	 BENCH_U32(fault_opts, rounds, 1, 1000)},
	{0, "json", "FILE", "write the results there, too",
	 BENCH_STRING(fault_opts, json)},
	BENCH_HELP_OPTION,
	{0},
};

static void defaults(void *opts)
{
	*(struct fault_opts *)opts = (struct fault_opts){.rounds = 3};
}

static int check(void *data, int nr, char **operands)
{
	const struct fault_opts *opts = data;

	if (nr)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  operands[0]);
	return bench_bar_check(opts->mem, true, ", all of it");
}

const struct bench_program fault_program = {
	.name = "peerbar_fault",
	.usage =
		"Usage: peerbar_fault --mem bar:BDF/BAR [OPTION]...\n\n"
		"Maps a BAR so that the kernel can use entries of 4 KiB, 2 MiB "
		"or 1 GiB alone, loads\nonce from every page, and reports page "
		"faults as the kernel counts them, and time.\n",
	.table = table,
	.size = sizeof(struct fault_opts),
	.defaults = defaults,
	.check = check,
	.run = fault_run,
};
