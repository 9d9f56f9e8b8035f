// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "options.h"
#include "optparse.h"
#include "transport.h"

/* perftest's -a: powers of two from 2 to 8 MiB */
#define ALL_FIRST_SHIFT 1
#define ALL_LAST_SHIFT	23

static const char *const op_names[BENCH_OPS] = {
	[BENCH_WRITE] = "write",
	[BENCH_READ] = "read",
};

const char *bench_op_name(enum bench_op op)
{
	return op_names[op];
}

/* calls @each with every piece of a comma-separated @list */
static int for_each_piece(struct bench_opts *opts, const char *list,
			  int (*each)(struct bench_opts *, const char *))
{
	char copy[1024], *piece, *save;
	int rc;

	if (strlen(list) >= sizeof(copy))
		return bench_fail(-EINVAL, "\"%.20s...\" is too long", list);
	strcpy(copy, list);
	piece = strtok_r(copy, ",", &save);
	if (!piece)
		return bench_fail(-EINVAL,
				  "an empty list; --help shows examples");
	do {
		rc = each(opts, piece);
		piece = strtok_r(NULL, ",", &save);
	} while (piece && !rc);
	return rc;
}

static int add_size(struct bench_opts *opts, const char *text)
{
	uint64_t size;
	int rc;

	rc = bench_parse_size(text, &size);
	if (rc)
		return rc;
	if (size < 1 || size > BENCH_SIZE_MAX)
		return bench_fail(-EINVAL, "a message has 1 byte to 1G, not %s",
				  text);
	if (opts->nr_sizes == BENCH_SIZES_MAX)
		return bench_fail(-EINVAL, "more than %d sizes", BENCH_SIZES_MAX);
	opts->size[opts->nr_sizes++] = size;
	return 0;
}

static int set_sizes(void *opts, const char *arg)
{
	((struct bench_opts *)opts)->nr_sizes = 0;
	return for_each_piece(opts, arg, add_size);
}

static int set_all(void *data, const char *arg)
{
	struct bench_opts *opts = data;
	int shift;

	opts->nr_sizes = 0;
	for (shift = ALL_FIRST_SHIFT; shift <= ALL_LAST_SHIFT; shift++)
		opts->size[opts->nr_sizes++] = 1ull << shift;
	return 0;
}

static int add_op(struct bench_opts *opts, const char *text)
{
	int i;

	for (i = 0; i < BENCH_OPS; i++) {
		if (strcmp(text, op_names[i]))
			continue;
		opts->op[i] = true;
		return 0;
	}
	return bench_fail(-EINVAL,
			  "no operation \"%s\"; there are write and read", text);
}

static int set_ops(void *opts, const char *arg)
{
	memset(((struct bench_opts *)opts)->op, 0,
	       sizeof(((struct bench_opts *)opts)->op));
	return for_each_piece(opts, arg, add_op);
}

static int set_duration(void *opts, const char *arg)
{
	char *end;
	double value = strtod(arg, &end);

	if (end == arg || *end || !(value > 0 && value <= 86400))
		return bench_fail(
			-EINVAL,
			"--duration wants seconds, like 10 or 0.5, not \"%s\"",
			arg);
	((struct bench_opts *)opts)->duration = value;
	return 0;
}

static int add_spec(struct bench_specs *specs, const char *arg)
{
	if (specs->n == BENCH_MEMS_MAX)
		return bench_fail(-EINVAL, "more than %d memories",
				  BENCH_MEMS_MAX);
	specs->spec[specs->n++] = arg;
	return 0;
}

static int set_mem(void *opts, const char *arg)
{
	return add_spec(&((struct bench_opts *)opts)->mem, arg);
}

static int set_near_mem(void *opts, const char *arg)
{
	return add_spec(&((struct bench_opts *)opts)->near_mem, arg);
}

#define AT(member)     .offset = offsetof(struct bench_opts, member)
#define FLAG(member)   .type = BENCH_OPT_FLAG, AT(member)
#define UNFLAG(member) .type = BENCH_OPT_UNFLAG, AT(member)
#define STRING(member) .type = BENCH_OPT_STRING, AT(member)
#define U32(member, lo, hi) \
	.type = BENCH_OPT_U32, AT(member), .min = (lo), .max = (hi)
#define CALL(function) .type = BENCH_OPT_CALL, .call = (function)

static const struct bench_opt table[] = {
	{'d', "ib-dev", "DEV", "RDMA device (the first one)", STRING(nic.device)},
	{'i', "ib-port", "N", "port of the device (1)", U32(nic.port, 1, 255)},
	{'x', "gid-index", "N", "GID index (RoCE v2 with an IPv4 address)",
	 U32(nic.gid, 0, 65535)},
	{'m', "mtu", "BYTES", "path MTU, 256 to 4096 (the port's)",
	 U32(nic.mtu, 256, 4096)},
	{'u', "qp-timeout", "N", "ACK timeout of 4.096 us * 2^N (14)",
	 U32(nic.timeout, 0, 31)},
	{0, "retry-count", "N", "transport retries (7)", U32(nic.retries, 0, 7)},
	{0, "rnr-retry", "N", "retries after RNR; 7 never gives up (7)",
	 U32(nic.rnr_retries, 0, 7)},
	{'O', "op", "OP[,OP]",
	 "write, read or both, one after the other (write)", CALL(set_ops)},
	{'s', "size", "BYTES[,...]", "message sizes, like 64,4K,1M (65536)",
	 CALL(set_sizes)},
	{'a', "all", NULL, "every power of two from 2 to 8M", CALL(set_all)},
	{'n', "iters", "N", "iterations for each QP and size (1000)",
	 U32(iters, 1, UINT32_MAX)},
	{'D', "duration", "SEC", "run so long for each size instead of -n",
	 CALL(set_duration)},
	{'q', "qp", "N", "queue pairs (1)", U32(qps, 1, BENCH_QPS_MAX)},
	{'t', "tx-depth", "N", "WRs in flight for each QP (128)",
	 U32(depth, 1, BENCH_DEPTH_MAX)},
	{'Q', "cq-mod", "N", "one completion for N WRs (1)",
	 U32(cq_mod, 1, BENCH_DEPTH_MAX)},
	{'b', "bidirectional", NULL, "both ends send", FLAG(bidirectional)},
	{'p', "port", "N", "TCP port where the ends meet (18515)",
	 U32(tcp_port, 1, 65535)},
	{'F', "CPU-freq", NULL,
	 "accepted for perftest's sake; nothing is checked", FLAG(cpu_freq)},
	{0, "report_gbits", NULL, "Gb/sec instead of MiB/sec", FLAG(gbits)},
	{0, "mem", "SPEC",
	 "memory of this end; again for runs that alternate (host)",
	 CALL(set_mem)},
	{0, "loopback", NULL,
	 "both ends in this process, --mem is the far end's", FLAG(loopback)},
	{0, "near-mem", "SPEC",
	 "with --loopback: memory of the near end (host)", CALL(set_near_mem)},
	{0, "rounds", "N", "repeat, alternating the memories; show medians (1)",
	 U32(rounds, 1, 1000)},
	{0, "verify", NULL, "compare every byte at the far side, untimed (on)",
	 FLAG(verify)},
	{0, "no-verify", NULL, "do not", UNFLAG(verify)},
	{0, "json", "FILE", "write the results there, too", STRING(json)},
	{'h', "help", NULL, "print this", FLAG(help)},
	{0},
};

static void set_defaults(struct bench_opts *opts)
{
	*opts = (struct bench_opts){
		.nic = {.port = 1,
			.gid = BENCH_GID_AUTO,
			.timeout = 14,
			.retries = 7,
			.rnr_retries = 7},
		.transport = &bench_verbs,
		.op[BENCH_WRITE] = true,
		.size = {65536},
		.nr_sizes = 1,
		.iters = 1000,
		.qps = 1,
		.depth = 128,
		.cq_mod = 1,
		.rounds = 1,
		.tcp_port = 18515,
		.verify = true,
	};
}

static int check(struct bench_opts *opts)
{
	if (opts->loopback && opts->server)
		return bench_fail(
			-EINVAL, "--loopback has both ends here: leave out the host \"%s\"",
			opts->server);
	if (opts->near_mem.n && !opts->loopback)
		return bench_fail(-EINVAL, "--near-mem is for --loopback; "
					   "otherwise each end says --mem");
	if (opts->nic.mtu & (opts->nic.mtu - 1))
		return bench_fail(-EINVAL,
				  "--mtu is 256, 512, 1024, 2048 or 4096");
	if (opts->cq_mod > opts->depth)
		return bench_fail(-EINVAL,
				  "--cq-mod %u must not exceed --tx-depth %u",
				  opts->cq_mod, opts->depth);
	if (!opts->mem.n)
		add_spec(&opts->mem, "host");
	if (!opts->near_mem.n)
		add_spec(&opts->near_mem, "host");
	return 0;
}

int bench_opts_parse(struct bench_opts *opts, int argc, char **argv)
{
	int rc, operands;

	set_defaults(opts);
	rc = bench_optparse(table, opts, argc, argv, &operands);
	if (rc || opts->help)
		return rc;
	if (argc - operands > 1)
		return bench_fail(-EINVAL,
				  "one host at most, but \"%s\" follows \"%s\"",
				  argv[operands + 1], argv[operands]);
	if (operands < argc)
		opts->server = argv[operands];
	return check(opts);
}

void bench_opts_help(const char *program, FILE *to)
{
	fprintf(to,
		"Usage: %s [OPTION]...           wait for the other end\n"
		"       %s [OPTION]... HOST      run against it\n"
		"       %s [OPTION]... --loopback\n\n"
		"RDMA bandwidth onto host memory and PCI BARs, as perftest "
		"measures it,\nwith every byte compared at the far side.\n\n",
		program, program, program);
	bench_opthelp(table, to);
	fprintf(to,
		"\nSPEC is host, or bar:BDF/IDX[,OFFSET,LENGTH]... for pieces "
		"of BAR IDX in that\norder (the whole BAR without any).  The "
		"near end decides about operations,\nsizes and QPs.\n");
}

uint64_t bench_opts_max_size(const struct bench_opts *opts)
{
	uint64_t max = 0;
	unsigned int i;

	for (i = 0; i < opts->nr_sizes; i++)
		if (opts->size[i] > max)
			max = opts->size[i];
	return max;
}
