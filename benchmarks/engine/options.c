// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "options.h"
#include "program.h"
#include "session.h"
#include "transport.h"

/* perftest's -a: powers of two from 2 to 8 MiB */
#define ALL_FIRST_SHIFT 1
#define ALL_LAST_SHIFT	23

static const char *const op_names[BENCH_OPS] = {
	[BENCH_WRITE] = "write",
	[BENCH_READ] = "read",
	[BENCH_SEND] = "send",
};

const char *bench_op_name(enum bench_op op)
{
	return op_names[op];
}

static int add_size(void *data, const char *text)
{
	struct bench_opts *opts = data;
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
	return bench_parse_list(opts, arg, add_size);
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

static int add_op(void *data, const char *text)
{
	struct bench_opts *opts = data;
	int i;

	for (i = 0; i < BENCH_OPS; i++) {
		if (strcmp(text, op_names[i]))
			continue;
		opts->op[i] = true;
		return 0;
	}
	return bench_fail(-EINVAL,
			  "no operation \"%s\"; there are write, read and send",
			  text);
}

static int set_ops(void *opts, const char *arg)
{
	memset(((struct bench_opts *)opts)->op, 0,
	       sizeof(((struct bench_opts *)opts)->op));
	return bench_parse_list(opts, arg, add_op);
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

static int set_connection(void *opts, const char *arg)
{
	if (strcmp(arg, "RC") && strcmp(arg, "UD"))
		return bench_fail(-EINVAL,
				  "no connection \"%s\"; there are RC and UD",
				  arg);
	((struct bench_opts *)opts)->datagram = *arg == 'U';
	return 0;
}

static int set_transport(void *opts, const char *arg)
{
	const struct bench_transport_ops *found = bench_transport_find(arg);

	((struct bench_opts *)opts)->transport = found;
	return found ? 0 : -EINVAL;
}

#define FLAG(member)	    BENCH_FLAG(bench_opts, member)
#define UNFLAG(member)	    BENCH_UNFLAG(bench_opts, member)
#define STRING(member)	    BENCH_STRING(bench_opts, member)
#define U32(member, lo, hi) BENCH_U32(bench_opts, member, lo, hi)
#define CALL(function)	    BENCH_CALL(function)

/* of both programs */
#define COMMON_OPTIONS                                                        \
	BENCH_NIC_OPTIONS(bench_opts, nic),                                   \
		{'c', "connection", "TYPE", "RC, or UD for send alone (RC)",  \
		 CALL(set_connection)},                                       \
		{0, "transport", "NAME", "what moves the bytes (verbs)",      \
		 CALL(set_transport)},                                        \
		{'O', "op", "OP[,OP]",                                        \
		 "write, read, send, one after the other (write)",            \
		 CALL(set_ops)},                                              \
		{'s', "size", "BYTES[,...]", "message sizes, like 64,4K,1M",  \
		 CALL(set_sizes)},                                            \
		{'a', "all", NULL, "every power of two from 2 to 8M",         \
		 CALL(set_all)},                                              \
		{'n', "iters", "N", "iterations for each QP and size (1000)", \
		 U32(iters, 1, UINT32_MAX)},                                  \
		{'D', "duration", "SEC",                                      \
		 "run so long for each size instead of -n",                   \
		 BENCH_DOUBLE(bench_opts, duration, 86400)},                  \
		{'e', "events", NULL, "sleep until a completion comes",       \
		 FLAG(events)},                                               \
		{'p', "port", "N", "TCP port where the ends meet (18515)",    \
		 U32(tcp_port, 1, 65535)},                                    \
		{'F', "CPU-freq", NULL,                                       \
		 "accepted for perftest's sake; nothing is checked",          \
		 FLAG(cpu_freq)},                                             \
		{0, "mem", "SPEC",                                            \
		 "memory of this end; again for runs that alternate (host)",  \
		 CALL(set_mem)},                                              \
		{0, "loopback", NULL,                                         \
		 "both ends in this process, --mem is the far end's",         \
		 FLAG(loopback)},                                             \
		{0, "near-mem", "SPEC",                                       \
		 "with --loopback: memory of the near end (host)",            \
		 CALL(set_near_mem)},                                         \
		{0, "rounds", "N",                                            \
		 "repeat, alternating the memories; show medians (1)",        \
		 U32(rounds, 1, 1000)},                                       \
		{0, "verify", NULL,                                           \
		 "compare every byte at its destination, untimed (on)",       \
		 FLAG(verify)},                                               \
		{0, "no-verify", NULL, "do not", UNFLAG(verify)},             \
		{0, "json", "FILE", "write the results there, too",           \
		 STRING(json)},                                               \
		BENCH_HELP_OPTION

static const struct bench_opt bw_table[] = {
	COMMON_OPTIONS,
	{'q', "qp", "N", "queue pairs (1)", U32(qps, 1, BENCH_QPS_MAX)},
	{0, "mr_per_qp", NULL, "an MR for each of them", FLAG(mr_per_qp)},
	{'t', "tx-depth", "N", "WRs in flight for each QP (128)",
	 U32(depth, 1, BENCH_DEPTH_MAX)},
	{'r', "rx-depth", "N", "receives posted for each QP (512)",
	 U32(rx_depth, 1, BENCH_DEPTH_MAX)},
	{'Q', "cq-mod", "N", "one completion for N WRs (1)",
	 U32(cq_mod, 1, BENCH_DEPTH_MAX)},
	{'b', "bidirectional", NULL, "both ends send", FLAG(bidirectional)},
	{0, "report_gbits", NULL, "Gb/sec instead of MiB/sec", FLAG(gbits)},
	{0, "cpu_util", NULL, "report CPU time for each KiB, and whose",
	 FLAG(cpu_util)},
	{0},
};

static const struct bench_opt lat_table[] = {
	COMMON_OPTIONS,
	{0},
};

static void defaults(void *data)
{
	*(struct bench_opts *)data = (struct bench_opts){
		.nic = BENCH_NIC_DEFAULTS,
		.transport = &bench_verbs,
		.op[BENCH_WRITE] = true,
		.size = {65536},
		.nr_sizes = 1,
		.iters = 1000,
		.qps = 1,
		.depth = 128,
		.rx_depth = 512,
		.cq_mod = 1,
		.rounds = 1,
		.tcp_port = 18515,
		.verify = true,
	};
}

static void lat_defaults(void *data)
{
	struct bench_opts *opts = data;

	defaults(opts);
	opts->latency = true;
	opts->size[0] = 2;
	/* a message may be on its way while the last one completes */
	opts->depth = 4;
	opts->rx_depth = 4;
}

int bench_nic_check(const struct bench_nic *nic)
{
	if (nic->mtu & (nic->mtu - 1))
		return bench_fail(-EINVAL,
				  "--mtu is 256, 512, 1024, 2048 or 4096");
	return 0;
}

static int check_ends(const struct bench_opts *opts)
{
	if (opts->loopback && opts->server)
		return bench_fail(
			-EINVAL, "--loopback has both ends here: leave out the host \"%s\"",
			opts->server);
	if (opts->near_mem.n && !opts->loopback)
		return bench_fail(-EINVAL, "--near-mem is for --loopback; "
					   "otherwise each end says --mem");
	if (opts->cq_mod > opts->depth)
		return bench_fail(-EINVAL,
				  "--cq-mod %u must not exceed --tx-depth %u",
				  opts->cq_mod, opts->depth);
	if (opts->datagram && (opts->op[BENCH_WRITE] || opts->op[BENCH_READ]))
		return bench_fail(-EINVAL, "-c UD can do nothing but -O send");
	return bench_nic_check(&opts->nic);
}

static int check(void *data, int nr, char **operands)
{
	struct bench_opts *opts = data;

	if (nr > 1)
		return bench_fail(-EINVAL,
				  "one host at most, but \"%s\" follows \"%s\"",
				  operands[1], operands[0]);
	if (nr)
		opts->server = operands[0];
	if (!opts->mem.n)
		add_spec(&opts->mem, "host");
	if (!opts->near_mem.n && opts->loopback)
		add_spec(&opts->near_mem, "host");
	return check_ends(opts);
}

#define NOTES                                                         \
	"SPEC is host, udmabuf, bar:BDF/BAR[@OFFSET+LENGTH,...] for " \
	"pieces of a BAR in that\norder (all of it without any), or " \
	"bounce:... for the same by way of a copy in\nhost memory.  " \
	"The near end decides about operations, sizes and QPs.\n"

static int run(const void *opts)
{
	return bench_session_run(opts);
}

const struct bench_program bench_bw_program = {
	.name = "peerbar_bw",
	.usage = "Usage: peerbar_bw [OPTION]...           wait for the other "
		 "end\n"
		 "       peerbar_bw [OPTION]... HOST      run against it\n"
		 "       peerbar_bw [OPTION]... --loopback\n\n"
		 "RDMA bandwidth onto host memory and PCI BARs, as perftest "
		 "measures it,\nwith every byte compared at its "
		 "destination.\n",
	.notes = NOTES,
	.table = bw_table,
	.size = sizeof(struct bench_opts),
	.defaults = defaults,
	.check = check,
	.run = run,
};

const struct bench_program bench_lat_program = {
	.name = "peerbar_lat",
	.usage = "Usage: peerbar_lat [OPTION]...           wait for the other "
		 "end\n"
		 "       peerbar_lat [OPTION]... HOST      run against it\n"
		 "       peerbar_lat [OPTION]... --loopback\n\n"
		 "RDMA latency onto host memory and PCI BARs, as perftest "
		 "measures it: half a\nround trip of write and send, a whole "
		 "one of read.\n",
	.notes = NOTES,
	.table = lat_table,
	.size = sizeof(struct bench_opts),
	.defaults = lat_defaults,
	.check = check,
	.run = run,
};

uint64_t bench_opts_max_size(const struct bench_opts *opts)
{
	uint64_t max = 0;
	unsigned int i;

	for (i = 0; i < opts->nr_sizes; i++)
		if (opts->size[i] > max)
			max = opts->size[i];
	return max;
}
