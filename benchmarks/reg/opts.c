// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "bar.h"
#include "error.h"
#include "opts.h"
#include "program.h"
#include "transport.h"

#define RANGES_MAX 4096

static int add_size(void *data, const char *text)
{
	struct reg_opts *opts = data;
	uint64_t size;
	int rc = bench_parse_size(text, &size);

	if (rc)
		return rc;
	if (!size || size % 4096)
		return bench_fail(-EINVAL, "-s is in multiples of 4K, not %s",
				  text);
	if (opts->nr_sizes == REG_LIST_MAX)
		return bench_fail(-EINVAL, "more than %d sizes", REG_LIST_MAX);
	opts->size[opts->nr_sizes++] = size;
	return 0;
}

static int set_sizes(void *opts, const char *arg)
{
	((struct reg_opts *)opts)->nr_sizes = 0;
	return bench_parse_list(opts, arg, add_size);
}

static int add_ranges(void *data, const char *text)
{
	struct reg_opts *opts = data;
	uint64_t n;
	int rc = bench_parse_size(text, &n);

	if (rc || !n || n > RANGES_MAX)
		return bench_fail(-EINVAL, "--ranges are 1 to %d, not %s",
				  RANGES_MAX, text);
	if (opts->nr_ranges == REG_LIST_MAX)
		return bench_fail(-EINVAL, "more than %d counts", REG_LIST_MAX);
	opts->ranges[opts->nr_ranges++] = n;
	return 0;
}

static int set_ranges(void *opts, const char *arg)
{
	((struct reg_opts *)opts)->nr_ranges = 0;
	return bench_parse_list(opts, arg, add_ranges);
}

static int set_transport(void *data, const char *arg)
{
	struct reg_opts *opts = data;

	opts->transport = bench_transport_find(arg);
	return opts->transport ? 0 : -EINVAL;
}

static const struct bench_opt table[] = {
	{0, "mem", "bar:BDF/BAR", "the BAR (required)",
	 BENCH_STRING(reg_opts, mem)},
	BENCH_NIC_OPTIONS(reg_opts, nic),
	{0, "transport", "NAME", "who registers (verbs)",
	 BENCH_CALL(set_transport)},
	{'s', "size", "BYTES[,...]", "bytes to register (64K,1M,16M)",
	 BENCH_CALL(set_sizes)},
	{0, "ranges", "N[,...]", "in so many pieces of the BAR (1,16,256)",
	 BENCH_CALL(set_ranges)},
	{'n', "iters", "N", "registrations of each (100)",
	 BENCH_U32(reg_opts, iters, 1, 1000000)},
	{0, "json", "FILE", "write the results there, too",
	 BENCH_STRING(reg_opts, json)},
	BENCH_HELP_OPTION,
	{0},
};

static void defaults(void *opts)
{
	*(struct reg_opts *)opts = (struct reg_opts){
		.nic = BENCH_NIC_DEFAULTS,
		.transport = &bench_verbs,
		.size = {64 << 10, 1 << 20, 16 << 20},
		.nr_sizes = 3,
		.ranges = {1, 16, 256},
		.nr_ranges = 3,
		.iters = 100,
	};
}

static int check(void *data, int nr, char **operands)
{
	const struct reg_opts *opts = data;

	if (nr)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  operands[0]);
	if (bench_bar_check(opts->mem, true, " to take pieces of"))
		return -EINVAL;
	return bench_nic_check(&opts->nic);
}

const struct bench_program reg_program = {
	.name = "peerbar_reg",
	.usage = "Usage: peerbar_reg --mem bar:BDF/BAR [OPTION]...\n\n"
		 "How long registration and deregistration take: host memory "
		 "and a BAR, by size and by\nhow many pieces of the BAR it is "
		 "made of.\n",
	.table = table,
	.size = sizeof(struct reg_opts),
	.defaults = defaults,
	.check = check,
	.run = reg_run,
};
