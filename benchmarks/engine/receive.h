/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The receiving half of BENCH_SEND
 *
 * Receives are posted slot after slot.  A message carries its iteration in 31
 * bits of @imm; the highest bit says that it is its QP's last one.
 */
#ifndef BENCH_RECEIVE_H
#define BENCH_RECEIVE_H

#include "layout.h"
#include "options.h"

struct bench_completion;
struct bench_mem;
struct bench_transport;

#define BENCH_IMM_LAST (1u << 31)

/**
 * struct bench_receiver - of one run
 * @t: transport
 * @l: see struct bench_layout
 * @mem: where the messages go; NULL: nothing is received
 * @base: offset in @mem
 * @addr: address by which the transport names it
 * @key: its lkeys
 * @nr_keys: one for each QP, or one
 * @depth: receives posted for each QP
 * @datagram: messages may get lost
 * @arrived: for each slot of each QP the iteration that came last, plus 1; 0:
 *	none.  The caller's
 * @posted: receives posted
 * @taken: messages received
 * @next: iteration that should come next
 * @ended: the last message has come
 * @running: QPs whose last message has not come
 */
struct bench_receiver {
	struct bench_transport *t;
	struct bench_layout l;
	struct bench_mem *mem;
	uint64_t base;
	uint64_t addr;
	const uint32_t *key;
	uint32_t nr_keys;
	uint32_t depth;
	bool datagram;
	uint64_t *arrived;

	uint64_t posted[BENCH_QPS_MAX];
	uint64_t taken[BENCH_QPS_MAX];
	uint64_t next[BENCH_QPS_MAX];
	bool ended[BENCH_QPS_MAX];
	uint32_t running;
};

/** bench_receiver_arm - post the first receives, before anybody sends */
int bench_receiver_arm(struct bench_receiver *rx);

/** bench_receiver_take - a message came in; posts the next receive */
int bench_receiver_take(struct bench_receiver *rx,
			const struct bench_completion *c);

/** bench_receiver_total - messages received, and how many are missing */
uint64_t bench_receiver_total(const struct bench_receiver *rx, uint64_t *lost);

#endif /* BENCH_RECEIVE_H */
