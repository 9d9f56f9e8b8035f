/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The timed loops
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "channel.h"
#include "cpu.h"
#include "layout.h"
#include "receive.h"
#include "stats.h"
#include "transport.h"

/**
 * struct bench_side - where one end's bytes of this run begin
 * @mem: the memory; NULL for the far side
 * @base: offset in @mem
 * @addr: address by which the transport names it
 * @key: lkeys for this end, rkeys for the far end
 * @nr_keys: one for each QP, or one
 */
struct bench_side {
	struct bench_mem *mem;
	uint64_t base;
	uint64_t addr;
	const uint32_t *key;
	uint32_t nr_keys;
};

static inline uint32_t bench_side_key(const struct bench_side *side, uint32_t qp)
{
	return side->key[qp % side->nr_keys];
}

/**
 * struct bench_run - one run of one size
 * @t: connected transport
 * @op: see enum bench_op
 * @l: see struct bench_layout
 * @sends: this end initiates
 * @near: this end's bytes of what it initiates
 * @far: the other end's of that
 * @in: this end's bytes of what the other end initiates
 * @rx: what this end receives by BENCH_SEND
 * @depth: WRs in flight for each QP
 * @cq_mod: one completion for so many WRs
 * @events: sleep between completions
 * @iters: iterations for each QP; 0: by @duration_ns
 * @duration_ns: see @iters
 * @channel: to the other end, which says so there when it gives up
 */
struct bench_run {
	struct bench_transport *t;
	enum bench_op op;
	struct bench_layout l;
	bool sends;
	struct bench_side near;
	struct bench_side far;
	struct bench_side in;
	struct bench_receiver rx;
	uint32_t depth;
	uint32_t cq_mod;
	bool events;
	uint64_t iters;
	uint64_t duration_ns;
	struct bench_channel *channel;
};

/**
 * struct bench_result - how it went
 * @iterations: that each QP initiated
 * @total: their sum
 * @ns: from the first post to the last completion
 * @peak_rate: best messages per second over a window of completions
 * @received: messages that came in by BENCH_SEND
 * @lost: messages that should have come before the last one that did
 * @cpu: CPU time meanwhile
 * @insns: instructions of this machine meanwhile; 0: not counted
 * @emulator_ns: CPU time of what emulates this machine; likewise
 */
struct bench_result {
	uint64_t iterations[BENCH_QPS_MAX];
	uint64_t total;
	uint64_t ns;
	double peak_rate;
	uint64_t received;
	uint64_t lost;
	struct bench_cpu cpu;
	uint64_t insns;
	uint64_t emulator_ns;
};

/**
 * bench_run_go - post, poll and take the time
 *
 * With a receiver: until that has got all, too; it must be armed.
 *
 * Return: 0; -EIO with bench_error() naming the completion error; -ETIMEDOUT
 * when nothing completed for a minute.
 */
int bench_run_go(struct bench_run *run, struct bench_result *out);

/** last byte of the last message of a WRITE latency run */
#define BENCH_LAT_LAST 255

/**
 * bench_run_lat - one message at a time, back and forth
 * @leads: this end takes the time; the other one answers
 * @samples: nanoseconds of each iteration, when @leads
 *
 * For BENCH_READ the end that does not lead has nothing to do.
 */
int bench_run_lat(struct bench_run *run, bool leads,
		  struct bench_samples *samples, struct bench_result *out);

/**
 * bench_run_stuck - nothing has come for a while: is that the end
 * @since: bench_now() when something came last
 *
 * An end that has done its part has answered already, and is no reason to stop:
 * the ack of the last message may be late.
 *
 * Return: 0 to go on; -ECONNRESET when the other end gave up, and says why on
 * the channel; -ETIMEDOUT after a minute.
 */
int bench_run_stuck(struct bench_run *run, uint64_t since);

/** bench_run_pull - what is about to be sent, to where it is sent from */
int bench_run_pull(struct bench_run *run, uint64_t offset);

/** bench_run_push - what a READ brought, to where it belongs */
int bench_run_push(struct bench_run *run, uint64_t offset);

#endif /* BENCH_RUN_H */
