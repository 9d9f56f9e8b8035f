/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Transports
 *
 * What moves the bytes.  The engine posts and polls; how an end is described
 * to the other one is the transport's own affair and travels as JSON.
 *
 * A new transport is a struct bench_transport_ops, listed in transport.c; it is
 * then there under its name as --transport NAME, at both ends.
 */
#ifndef BENCH_TRANSPORT_H
#define BENCH_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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
 * struct bench_transport_config - what a run needs
 * @nic: see struct bench_nic
 * @qps: queue pairs, or what the transport has in their place
 * @depth: operations in flight for each
 * @rx_depth: receives posted for each; 0: none will be
 * @datagram: unconnected and unreliable, for BENCH_SEND only
 * @events: wait() will be used
 */
struct bench_transport_config {
	const struct bench_nic *nic;
	uint32_t qps;
	uint32_t depth;
	uint32_t rx_depth;
	bool datagram;
	bool events;
};

/**
 * struct bench_wr - one operation
 * @op: WRITE from, READ into or SEND from the local memory
 * @qp: 0 to qps - 1
 * @id: comes back with the completion
 * @signaled: there shall be a completion
 * @local: local address
 * @lkey: of its MR
 * @remote: address at the far end, but for SEND
 * @rkey: of its MR, likewise
 * @len: bytes
 * @imm: SEND: comes out at the receiver's completion
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
	uint32_t imm;
};

/**
 * struct bench_completion - how an operation ended
 * @qp: as posted
 * @id: as posted
 * @received: of a receive, not of what post() posted
 * @len: bytes received
 * @imm: of a receive: the sender's
 * @status: 0 when it succeeded, else the transport's own number
 * @error: NULL when it succeeded, else the transport's words for @status
 */
struct bench_completion {
	uint32_t qp;
	uint32_t id;
	bool received;
	uint32_t len;
	uint32_t imm;
	int status;
	const char *error;
};

/**
 * struct bench_transport_ops - a transport; every slot is filled
 * @name: of --transport, one word
 * @open: not yet connected; sets max_message
 * @close: everything registered must be unregistered before
 * @reg: register all of @mem for every operation, local and remote; may be
 *	asked for the same memory again
 * @unreg: a zeroed @mr is allowed
 * @describe: what the far end needs to connect, a new object
 * @connect: to what the far end's @describe gave; again after @reset
 * @reset: forget errors, everything in flight and the receives posted; needs
 *	@describe and @connect of both ends after it
 * @post: 0, -EAGAIN when the queue is full, -errno
 * @recv: post a receive into @local, @lkey, @len of @wr; they are used up in
 *	order; allowed before @connect.  Returns as @post
 * @poll: completions found, at most @n, or -errno
 * @wait: sleep until poll() may find something, at most @timeout_ns; waking up
 *	for nothing is allowed.  0 or -errno
 */
struct bench_transport_ops {
	const char *name;
	int (*open)(const struct bench_transport_config *config,
		    struct bench_transport **out);
	void (*close)(struct bench_transport *t);
	int (*reg)(struct bench_transport *t, struct bench_mem *mem,
		   struct bench_mr *mr);
	void (*unreg)(struct bench_transport *t, struct bench_mr *mr);
	struct json_object *(*describe)(struct bench_transport *t);
	int (*connect)(struct bench_transport *t, struct json_object *far);
	int (*reset)(struct bench_transport *t);
	int (*post)(struct bench_transport *t, const struct bench_wr *wr);
	int (*recv)(struct bench_transport *t, const struct bench_wr *wr);
	int (*poll)(struct bench_transport *t, struct bench_completion *c, int n);
	int (*wait)(struct bench_transport *t, uint64_t timeout_ns);
};

/**
 * BENCH_TRANSPORT_OPS - of one of several transports that differ in how they are
 * opened, by open_@id(); the functions of the other slots are transport_close() etc.
 */
#define BENCH_TRANSPORT_OPS(id, title)          \
	const struct bench_transport_ops id = { \
		.name = title,                  \
		.open = open_##id,              \
		.close = transport_close,       \
		.reg = transport_reg,           \
		.unreg = transport_unreg,       \
		.describe = transport_describe, \
		.connect = transport_connect,   \
		.reset = transport_reset,       \
		.post = transport_post,         \
		.recv = transport_recv,         \
		.poll = transport_poll,         \
		.wait = transport_wait,         \
	};

/**
 * struct bench_transport - first member of every transport's own
 * @ops: see there
 * @max_message: bytes that one operation can carry
 */
struct bench_transport {
	const struct bench_transport_ops *ops;
	uint64_t max_message;
};

extern const struct bench_transport_ops bench_verbs;
extern const struct bench_transport_ops bench_ucx;
extern const struct bench_transport_ops bench_ucx_plain;

/** bench_transport_find - by its name; NULL with bench_error() when not there */
const struct bench_transport_ops *bench_transport_find(const char *name);

#endif /* BENCH_TRANSPORT_H */
