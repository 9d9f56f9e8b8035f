// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>

#include "bar.h"
#include "error.h"
#include "flow.h"
#include "opts.h"
#include "program.h"

#define U32(member, lo, hi) BENCH_U32(revoke_opts, member, lo, hi)

static const struct bench_opt table[] = {
	{0, "mem", "bar:BDF/BAR", "the BAR (required)",
	 BENCH_STRING(revoke_opts, mem)},
	BENCH_NIC_OPTIONS(revoke_opts, nic),
	{'s', "size", "BYTES", "bytes of a message (16384)", U32(size, 1, 65536)},
	{'t', "tx-depth", "N", "messages in flight for each flow (8)",
	 U32(depth, 1, REVOKE_DEPTH_MAX)},
	{0, "hold", "MS", "how long memory stays disabled (500)",
	 U32(hold_ms, 50, 60000)},
	{0, "settle", "MS", "undisturbed time before and after (500)",
	 U32(settle_ms, 50, 60000)},
	{0, "reset-clears", NULL, "the content of the BAR may not survive a reset",
	 BENCH_FLAG(revoke_opts, reset_clears)},
	{0, "scale", NULL,
	 "instead: what a permanent revoke costs, one factor at a time",
	 BENCH_FLAG(revoke_opts, scale)},
	{0, "json", "FILE", "write the results there, too",
	 BENCH_STRING(revoke_opts, json)},
	BENCH_HELP_OPTION,
	{0},
};

static void defaults(void *data)
{
	struct revoke_opts *opts = data;

	*opts = (struct revoke_opts){
		.nic = BENCH_NIC_DEFAULTS,
		.size = 16384,
		.depth = 8,
		.hold_ms = 500,
		.settle_ms = 500,
	};
	opts->nic.timeout = 18;
}

static int check(void *data, int nr, char **operands)
{
	struct revoke_opts *opts = data;

	if (nr)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  operands[0]);
	if (bench_bar_check(opts->mem, true, " to take apart"))
		return -EINVAL;
	return bench_nic_check(&opts->nic);
}

const struct bench_program revoke_program = {
	.name = "peerbar_revoke",
	.usage = "Usage: peerbar_revoke --mem bar:BDF/BAR [OPTION]...\n\n"
		 "Two buffers of one BAR, A in three ranges out of order and "
		 "B, are mapped and\nregistered.  While CPU threads load and "
		 "store and RDMA traffic runs, the memory is\ndisabled and "
		 "enabled, the device is reset, and at last A is revoked for "
		 "good.\nReports what each side saw; exits 1 when anything was "
		 "not as it must be.\nThe content of the BAR is overwritten.\n",
	.table = table,
	.size = sizeof(struct revoke_opts),
	.defaults = defaults,
	.check = check,
	.run = revoke_run,
};
