/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/** most completions that the window of a peak spans */
#define BENCH_PEAK_MAX 4096

/**
 * struct bench_peak - the best rate over any @window completions in a row
 *
 * Fed as completions arrive; memory does not grow with the run.
 */
struct bench_peak {
	uint64_t ring[BENCH_PEAK_MAX];
	unsigned int window;
	uint64_t seen;
	uint64_t best_ns;
};

/** bench_peak_init - @window is cut to BENCH_PEAK_MAX - 1, at least 1 */
void bench_peak_init(struct bench_peak *peak, unsigned int window);
void bench_peak_add(struct bench_peak *peak, uint64_t now);

/** bench_peak_rate - completions per second; 0 when there were too few */
double bench_peak_rate(const struct bench_peak *peak);

/** bench_median - of @n values, at most BENCH_MEDIAN_MAX; 0 of none */
double bench_median(const double *v, size_t n);

#define BENCH_MEDIAN_MAX 1000

/**
 * struct bench_samples - any number of values; a zeroed one is empty
 */
struct bench_samples {
	double *v;
	size_t n;
	size_t room;
};

/** bench_samples_add - 0, -ENOMEM with bench_error() */
int bench_samples_add(struct bench_samples *samples, double value);

/** bench_samples_append - all of @more */
int bench_samples_append(struct bench_samples *samples,
			 const struct bench_samples *more);

/** bench_samples_free - leaves it empty */
void bench_samples_free(struct bench_samples *samples);

/**
 * struct bench_summary - of samples
 * @p50: median; the others likewise
 */
struct bench_summary {
	double min;
	double max;
	double p50;
	double mean;
	double stdev;
	double p99;
	double p999;
};

/** bench_samples_sum_up - sorts them; all 0 of none */
void bench_samples_sum_up(struct bench_samples *samples,
			  struct bench_summary *out);

/** bench_max - the largest of @n values, 0 of none */
double bench_max(const double *v, size_t n);

#endif /* BENCH_STATS_H */
