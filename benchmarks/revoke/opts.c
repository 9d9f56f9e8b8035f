// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "error.h"
#include "flow.h"
#include "optparse.h"
#include "opts.h"

#define AT(member)     .offset = offsetof(struct revoke_opts, member)
#define FLAG(member)   .type = BENCH_OPT_FLAG, AT(member)
#define STRING(member) .type = BENCH_OPT_STRING, AT(member)
#define U32(member, lo, hi) \
	.type = BENCH_OPT_U32, AT(member), .min = (lo), .max = (hi)

static const struct bench_opt table[] = {
	{0, "mem", "bar:BDF/IDX", "the BAR (required)", STRING(mem)},
	{'d', "ib-dev", "DEV", "RDMA device (the first one)", STRING(nic.device)},
	{'i', "ib-port", "N", "port of the device (1)", U32(nic.port, 1, 255)},
	{'x', "gid-index", "N", "GID index (RoCE v2 with an IPv4 address)",
	 U32(nic.gid, 0, 65535)},
	{'u', "qp-timeout", "N", "ACK timeout of 4.096 us * 2^N (18)",
	 U32(nic.timeout, 0, 31)},
	{'s', "size", "BYTES", "bytes of a message (16384)", U32(size, 1, 65536)},
	{'t', "tx-depth", "N", "messages in flight for each flow (8)",
	 U32(depth, 1, REVOKE_DEPTH_MAX)},
	{0, "hold", "MS", "how long memory stays disabled (500)",
	 U32(hold_ms, 50, 60000)},
	{0, "settle", "MS", "undisturbed time before and after (500)",
	 U32(settle_ms, 50, 60000)},
	{0, "reset-clears", NULL,
	 "the content of the BAR may not survive a reset", FLAG(reset_clears)},
	{0, "json", "FILE", "write the results there, too", STRING(json)},
	{'h', "help", NULL, "print this", FLAG(help)},
	{0},
};

int revoke_opts_parse(struct revoke_opts *opts, int argc, char **argv)
{
	int rc, operands;

	*opts = (struct revoke_opts){
		.nic = {.port = 1,
			.gid = BENCH_GID_AUTO,
			.timeout = 18,
			.retries = 7,
			.rnr_retries = 7},
		.size = 16384,
		.depth = 8,
		.hold_ms = 500,
		.settle_ms = 500,
	};
	rc = bench_optparse(table, opts, argc, argv, &operands);
	if (rc || opts->help)
		return rc;
	if (operands < argc)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  argv[operands]);
	if (!opts->mem || strncmp(opts->mem, "bar:", 4) || strchr(opts->mem, ','))
		return bench_fail(-EINVAL,
				  "--mem bar:BDF/IDX says which BAR to take "
				  "apart, like bar:0000:00:05.0/2");
	return 0;
}

void revoke_opts_help(FILE *to)
{
	fputs("Usage: peerbar_revoke --mem bar:BDF/IDX [OPTION]...\n\n"
	      "Two buffers of one BAR, A in three ranges out of order and B, "
	      "are "
	      "mapped and\nregistered.  While CPU threads load and store and "
	      "RDMA "
	      "traffic runs, the memory is\ndisabled and enabled, the device "
	      "is "
	      "reset, and at last A is revoked for good.\nReports what each "
	      "side "
	      "saw; exits 1 when anything was not as it must be.\nThe content "
	      "of "
	      "the BAR is overwritten.\n\n",
	      to);
	bench_opthelp(table, to);
}
