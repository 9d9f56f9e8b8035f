/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

#define BENCH_NSEC_PER_SEC  1000000000ull
#define BENCH_NSEC_PER_MSEC 1000000ull

/** bench_now - nanoseconds of a clock that never steps */
static inline uint64_t bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * BENCH_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static inline void bench_sleep(uint64_t ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(ns / BENCH_NSEC_PER_SEC),
		.tv_nsec = (long)(ns % BENCH_NSEC_PER_SEC),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts))
		;
}

#endif /* BENCH_CLOCK_H */
