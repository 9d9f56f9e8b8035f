/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The timed loop
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "layout.h"
#include "transport.h"

/**
 * struct bench_side - where one end's bytes of this run begin
 * @addr: address by which the transport names it
 * @key: lkey for the near side, rkey for the far side
 */
struct bench_side {
	uint64_t addr;
	uint32_t key;
};

/**
 * struct bench_run - one run of one size
 * @t: connected transport
 * @op: see enum bench_op
 * @l: see struct bench_layout
 * @near: this end's bytes
 * @far: the other end's
 * @depth: WRs in flight for each QP
 * @cq_mod: one completion for so many WRs
 * @iters: iterations for each QP; 0: by @duration_ns
 * @duration_ns: see @iters
 */
struct bench_run {
	struct bench_transport *t;
	enum bench_op op;
	struct bench_layout l;
	struct bench_side near;
	struct bench_side far;
	uint32_t depth;
	uint32_t cq_mod;
	uint64_t iters;
	uint64_t duration_ns;
};

/**
 * struct bench_result - how it went
 * @iterations: of each QP
 * @total: their sum
 * @ns: from the first post to the last completion
 * @peak_rate: best messages per second over a window of completions
 */
struct bench_result {
	uint64_t iterations[BENCH_QPS_MAX];
	uint64_t total;
	uint64_t ns;
	double peak_rate;
};

/**
 * bench_run_go - post, poll and take the time
 *
 * Return: 0; -EIO with bench_error() naming the completion error; -ETIMEDOUT
 * when nothing completed for a minute.
 */
int bench_run_go(const struct bench_run *run, struct bench_result *out);

#endif /* BENCH_RUN_H */
