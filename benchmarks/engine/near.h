/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The near end
 */
#ifndef BENCH_NEAR_H
#define BENCH_NEAR_H

#include "peer.h"
#include "report.h"

/**
 * struct bench_near - the end that leads
 * @peer: see there
 * @report: where results go
 * @opts: command line
 * @runs: how many there were
 */
struct bench_near {
	struct bench_peer peer;
	struct bench_report report;
	const struct bench_opts *opts;
	uint64_t runs;
};

/** bench_near_meet - connect to the far end, whose channel is open */
int bench_near_meet(struct bench_near *n);

/**
 * bench_near_once - one run, prepared and compared
 * @samples: nanoseconds, of a latency run
 * @near: result of this end
 * @far: of the other one, if it had to do something
 */
int bench_near_once(struct bench_near *n, enum bench_op op, unsigned int mem,
		    uint64_t size, struct bench_samples *samples,
		    struct bench_result *near, struct bench_result *far);

/** bench_near_part - hear the last counters, and say goodbye */
int bench_near_part(struct bench_near *n);

#endif /* BENCH_NEAR_H */
