/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside of the UCX transport; everybody else includes transport.h. */
#ifndef BENCH_UCX_H
#define BENCH_UCX_H

#include <pthread.h>
#include <stdatomic.h>

#include <ucp/api/ucp.h>

#include "transport.h"

/** memories, each with an MR for each queue pair */
#define UCX_KEYS_MAX (BENCH_MEMS_MAX * BENCH_QPS_MAX)

struct ucx;

/**
 * struct ucx_key - a registered memory, ours or the far end's
 * @memh: ours
 * @packed: what a far end unpacks; NULL when the slot is free
 * @len: bytes of it
 */
struct ucx_key {
	ucp_mem_h memh;
	void *packed;
	size_t len;
};

/**
 * struct ucx_op - an operation under way
 * @next: free operations; NULL for one that is under way, too
 * @request: UCX's, of a receive
 * @pending: requests of UCX that have not ended
 */
struct ucx_op {
	struct ucx_op *next;
	struct ucx *u;
	void *request;
	unsigned int pending;
	bool signaled;
	struct bench_completion c;
};

/**
 * struct ucx - the transport
 * @lock: of all below, which the thread uses, too
 * @thread: progresses the worker while the engine does not, since the end that
 *	is only written to has its part in connecting, and in what no NIC does
 * @used_ns: when the engine progressed it last
 * @stop: the thread is to end
 * @stranded: what is under way cannot be taken back, and @worker was left alone
 * @event_fd: wakes up
 * @err_mode: of the endpoints
 * @ep: one for each queue pair
 * @key: ours
 * @far: the far end's
 * @rkey: those, unpacked for the endpoint; made at first use
 * @ops: all of them; @nr_ops
 * @done: ring of those that have ended
 */
struct ucx {
	struct bench_transport base;
	ucp_context_h context;
	pthread_mutex_t lock;
	pthread_t thread;
	_Atomic(uint64_t) used_ns;
	atomic_bool stop;
	ucp_worker_h worker;
	bool stranded;
	int event_fd;
	uint32_t qps;
	ucp_err_handling_mode_t err_mode;
	ucp_ep_h ep[BENCH_QPS_MAX];
	struct ucx_key key[UCX_KEYS_MAX];
	struct ucx_key far[UCX_KEYS_MAX];
	ucp_rkey_h rkey[BENCH_QPS_MAX][UCX_KEYS_MAX];
	struct ucx_op *ops;
	struct ucx_op *free;
	uint32_t nr_ops;
	struct bench_completion *done;
	uint32_t done_head;
	uint32_t done_tail;
};

/** ucx_fail - bench_fail() with UCX's words; -EIO */
int ucx_fail(ucs_status_t status, const char *what);

/** ucx_open_context - @u->context, with our plug-in if it is there */
int ucx_open_context(struct ucx *u, const struct bench_nic *nic);
void ucx_close_context(struct ucx *u);

/** ucx_open_worker - not connected; and nothing under way */
int ucx_open_worker(struct ucx *u);
void ucx_close_worker(struct ucx *u);

/** ucx_start - the thread */
int ucx_start(struct ucx *u);
void ucx_stop(struct ucx *u);

/** ucx_reg, ucx_unreg - see struct bench_transport_ops */
int ucx_reg(struct ucx *u, const struct bench_mem *mem, struct bench_mr *out);
void ucx_unreg(struct ucx *u, struct ucx_key *key);

/** ucx_describe, ucx_connect - see struct bench_transport_ops */
struct json_object *ucx_describe(struct ucx *u);
int ucx_connect(struct ucx *u, struct json_object *far);

#endif /* BENCH_UCX_H */
