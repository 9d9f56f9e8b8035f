// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "bar.h"
#include "error.h"
#include "opts.h"
#include "program.h"

static int add_size(void *data, const char *text)
{
	struct copy_opts *opts = data;
	uint64_t size;
	int rc = bench_parse_size(text, &size);

	if (rc)
		return rc;
	if (!size || size % 8 || size > COPY_SIZE_MAX)
		return bench_fail(
			-EINVAL,
			"a block has 8 bytes to 16M, in eights, not %s", text);
	if (opts->nr_sizes == COPY_SIZES_MAX)
		return bench_fail(-EINVAL, "more than %d sizes", COPY_SIZES_MAX);
	opts->size[opts->nr_sizes++] = size;
	return 0;
}

static int set_sizes(void *opts, const char *arg)
{
	((struct copy_opts *)opts)->nr_sizes = 0;
	return bench_parse_list(opts, arg, add_size);
}

static const struct bench_opt table[] = {
	{0, "mem", "bar:SPEC", "the BAR (required)", BENCH_STRING(copy_opts, mem)},
	{'s', "size", "BYTES[,...]", "sizes of blocks (64,4K,64K)",
	 BENCH_CALL(set_sizes)},
	{'D', "duration", "SEC", "for each way, direction and size (0.1)",
	 BENCH_DOUBLE(copy_opts, duration, 3600)},
	{0, "rounds", "N", "repeat, the ways taking turns; show medians (3)",
	 BENCH_U32(copy_opts, rounds, 1, 1000)},
	{0, "no-count", NULL, "do not count instructions",
	 BENCH_UNFLAG(copy_opts, count)},
	{0, "json", "FILE", "write the results there, too",
	 BENCH_STRING(copy_opts, json)},
	BENCH_HELP_OPTION,
	{0},
};

static void defaults(void *opts)
{
	*(struct copy_opts *)opts = (struct copy_opts){
		.size = {64, 4096, 65536},
		.nr_sizes = 3,
		.duration = 0.1,
		.rounds = 3,
		.count = true,
	};
}

static int check(void *data, int nr, char **operands)
{
	const struct copy_opts *opts = data;

	if (nr)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  operands[0]);
	return bench_bar_check(opts->mem, false, "");
}

const struct bench_program copy_program = {
	.name = "peerbar_copy",
	.usage = "Usage: peerbar_copy --mem bar:SPEC [OPTION]...\n\n"
		 "CPU copies from and to a BAR, uncached and, where the kernel "
		 "has it, write-combining:\nplain loops of each width, the "
		 "64-bit one in a guard, and the library's copy.\n"
		 "The content of the BAR is overwritten.\n",
	.table = table,
	.size = sizeof(struct copy_opts),
	.defaults = defaults,
	.check = check,
	.run = copy_run,
};
