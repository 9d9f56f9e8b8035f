/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Options of the programs that move bytes between two ends
 *
 * Letters and long names are perftest's where it has them.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct bench_program;
struct bench_transport_ops;

#define BENCH_SIZES_MAX 64
#define BENCH_MEMS_MAX	4
#define BENCH_QPS_MAX	256
#define BENCH_DEPTH_MAX 8192
#define BENCH_SIZE_MAX	(1ull << 30)

enum bench_op {
	BENCH_WRITE,
	BENCH_READ,
	BENCH_SEND,
	BENCH_OPS,
};

/** bench_op_name - "write", "read", "send" */
const char *bench_op_name(enum bench_op op);

/** struct bench_specs - several --mem */
struct bench_specs {
	const char *spec[BENCH_MEMS_MAX];
	unsigned int n;
};

/**
 * struct bench_nic - how to reach and drive the NIC
 * @device: RDMA device; NULL: the first one
 * @port: physical port
 * @gid: GID index; BENCH_GID_AUTO: choose
 * @mtu: bytes; 0: what the port has
 * @timeout: local ACK timeout of the QPs, 4.096 us * 2^timeout
 * @retries: transport retries
 * @rnr_retries: RNR retries; 7: without end
 */
struct bench_nic {
	const char *device;
	uint32_t port;
	uint32_t gid;
	uint32_t mtu;
	uint32_t timeout;
	uint32_t retries;
	uint32_t rnr_retries;
};

#define BENCH_GID_AUTO UINT32_MAX

/* initialiser of one, and the options that set it */
#define BENCH_NIC_DEFAULTS                                                     \
	{                                                                      \
		.port = 1, .gid = BENCH_GID_AUTO, .timeout = 14, .retries = 7, \
		.rnr_retries = 7                                               \
	}
#define BENCH_NIC_OPTIONS(opts, nic)                                            \
	{'d', "ib-dev", "DEV", "RDMA device (the first one)",                   \
	 BENCH_STRING(opts, nic.device)},                                       \
		{'i', "ib-port", "N", "port of the device (1)",                 \
		 BENCH_U32(opts, nic.port, 1, 255)},                            \
		{'x', "gid-index", "N",                                         \
		 "GID index (RoCE v2 with an IPv4 address)",                    \
		 BENCH_U32(opts, nic.gid, 0, 65535)},                           \
		{'m', "mtu", "BYTES", "path MTU, 256 to 4096 (the port's)",     \
		 BENCH_U32(opts, nic.mtu, 256, 4096)},                          \
		{'u', "qp-timeout", "N", "ACK timeout of 4.096 us * 2^N",       \
		 BENCH_U32(opts, nic.timeout, 0, 31)},                          \
		{0, "retry-count", "N", "transport retries (7)",                \
		 BENCH_U32(opts, nic.retries, 0, 7)},                           \
	{                                                                       \
		0, "rnr-retry", "N", "retries after RNR; 7 never gives up (7)", \
			BENCH_U32(opts, nic.rnr_retries, 0, 7)                  \
	}

/** bench_nic_check - what no single option can know */
int bench_nic_check(const struct bench_nic *nic);

/**
 * struct bench_opts - a run
 * @server: host of the far end; NULL: this is the far end
 * @loopback: both ends in this process
 * @nic: see struct bench_nic
 * @latency: one message at a time, back and forth
 * @transport: what moves the bytes
 * @datagram: unreliable datagrams
 * @events: sleep until a completion comes instead of polling
 * @op: which operations, by enum bench_op
 * @size: message sizes in bytes
 * @nr_sizes: how many
 * @iters: iterations for each QP and size
 * @duration: seconds for each size instead of @iters; 0: by @iters
 * @qps: QPs
 * @depth: WRs in flight for each QP
 * @rx_depth: receives posted for each QP
 * @mr_per_qp: an MR for each QP
 * @cq_mod: one completion for so many WRs
 * @rounds: repetitions; the table shows medians
 * @bidirectional: both ends send
 * @gbits: report Gb/sec instead of MiB/sec
 * @cpu_util: report CPU time
 * @tcp_port: where the two ends find each other
 * @mem: memory of this end (with @loopback: of the far end)
 * @near_mem: memory of the near end, with @loopback only
 * @verify: compare every byte
 * @json: file for the results; NULL: none
 * @cpu_freq: accepted and ignored
 */
struct bench_opts {
	const char *server;
	bool loopback;
	struct bench_nic nic;
	bool latency;
	const struct bench_transport_ops *transport;
	bool datagram;
	bool events;
	bool op[BENCH_OPS];
	uint64_t size[BENCH_SIZES_MAX];
	unsigned int nr_sizes;
	uint32_t iters;
	double duration;
	uint32_t qps;
	uint32_t depth;
	uint32_t rx_depth;
	bool mr_per_qp;
	uint32_t cq_mod;
	uint32_t rounds;
	bool bidirectional;
	bool gbits;
	bool cpu_util;
	uint32_t tcp_port;
	struct bench_specs mem;
	struct bench_specs near_mem;
	bool verify;
	const char *json;
	bool cpu_freq;
};

extern const struct bench_program bench_bw_program;
extern const struct bench_program bench_lat_program;

/** bench_opts_max_size - the largest message of the run */
uint64_t bench_opts_max_size(const struct bench_opts *opts);

#endif /* BENCH_OPTIONS_H */
