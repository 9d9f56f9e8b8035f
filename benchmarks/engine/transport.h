/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Transports
 *
 * What moves the bytes.  The engine posts and polls; how an end is described
 * to the other one is the transport's own affair and travels as JSON.
 */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

struct json_object;
struct bench_mem;
struct bench_transport;

/**
 * struct bench_mr - a registered memory
 * @priv: the transport's
 * @addr: address by which both ends name byte 0
 * @lkey: key for local use
 * @rkey: key for the far end
 */
struct bench_mr {
	void *priv;
	uint64_t addr;
	uint32_t lkey;
	uint32_t rkey;
};

/**
 * struct bench_wr - one operation
 * @op: WRITE from or READ into the local memory
 * @qp: 0 to qps - 1
 * @id: comes back with the completion
 * @signaled: there shall be a completion
 * @local: local address
 * @lkey: of its MR
 * @remote: address at the far end
 * @rkey: of its MR
 * @len: bytes
 */
struct bench_wr {
	enum bench_op op;
	uint32_t qp;
	uint32_t id;
	bool signaled;
	uint64_t local;
	uint32_t lkey;
	uint64_t remote;
	uint32_t rkey;
	uint32_t len;
};

/**
 * struct bench_completion - how an operation ended
 * @qp: as posted
 * @id: as posted
 * @status: 0 when it succeeded, else the transport's own number
 * @error: NULL when it succeeded, else the transport's words for @status
 */
struct bench_completion {
	uint32_t qp;
	uint32_t id;
	int status;
	const char *error;
};

/**
 * struct bench_transport_ops - a transport; every slot is filled
 * @name: for the reader
 * @open: @qps queue pairs with @depth WRs in flight each, not yet connected
 * @close: everything registered must be unregistered before
 * @reg: register all of @mem for both operations, local and remote
 * @unreg: a zeroed @mr is allowed
 * @describe: what the far end needs to connect, a new object
 * @connect: to what the far end's @describe gave; again after @reset
 * @reset: forget errors and everything in flight; needs @connect after it
 * @post: 0, -EAGAIN when the queue is full, -errno
 * @poll: completions found, at most @n, or -errno
 */
struct bench_transport_ops {
	const char *name;
	int (*open)(const struct bench_nic *nic, uint32_t qps, uint32_t depth,
		    struct bench_transport **out);
	void (*close)(struct bench_transport *t);
	int (*reg)(struct bench_transport *t, struct bench_mem *mem,
		   struct bench_mr *mr);
	void (*unreg)(struct bench_transport *t, struct bench_mr *mr);
	struct json_object *(*describe)(struct bench_transport *t);
	int (*connect)(struct bench_transport *t, struct json_object *far);
	int (*reset)(struct bench_transport *t);
	int (*post)(struct bench_transport *t, const struct bench_wr *wr);
	int (*poll)(struct bench_transport *t, struct bench_completion *c, int n);
};

/** struct bench_transport - first member of every transport's own */
struct bench_transport {
	const struct bench_transport_ops *ops;
};

extern const struct bench_transport_ops bench_verbs;

#endif /* BENCH_TRANSPORT_H */
