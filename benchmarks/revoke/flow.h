/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: A thread that keeps RDMA traffic going
 *
 * Two ends of its own, in this process: one registers the buffer, one host
 * memory.  A cycle puts a pattern into the buffer, gets it back and compares.
 * After an error completion it resets its QPs, connects them anew and goes on
 * with the same MRs and keys.
 */
#ifndef REVOKE_FLOW_H
#define REVOKE_FLOW_H

#include <pthread.h>
#include <stdbool.h>

#include "memory.h"
#include "tally.h"
#include "transport.h"

#define REVOKE_DEPTH_MAX 64

/**
 * struct revoke_flow - the thread
 * @name: for the reader
 * @mem: the buffer
 * @gate: of the buffer
 * @nic: NIC of both ends; rnr_retries of the initiator
 * @local: the buffer is the initiator's local memory, not the remote one
 * @base: where in the buffer its @depth messages of @size bytes begin
 * @size: bytes of a message
 * @depth: messages in flight
 * @tally: what it saw
 * @trouble: why it gave up; "" when it did not
 */
struct revoke_flow {
	const char *name;
	struct bench_mem *mem;
	const struct revoke_gate *gate;
	struct bench_nic nic;
	bool local;
	uint64_t base;
	uint32_t size;
	uint32_t depth;
	struct revoke_tally tally;
	char trouble[256];

	struct bench_mem host;
	struct bench_transport *initiator;
	struct bench_transport *target;
	struct bench_mr buffer_mr;
	struct bench_mr host_mr;
	struct revoke_access access[REVOKE_DEPTH_MAX];
	_Atomic bool stop;
	pthread_t thread;
	bool running;
};

/** revoke_flow_open - register and connect; release with revoke_flow_close() */
int revoke_flow_open(struct revoke_flow *flow);
int revoke_flow_start(struct revoke_flow *flow);
void revoke_flow_close(struct revoke_flow *flow);

#endif /* REVOKE_FLOW_H */
