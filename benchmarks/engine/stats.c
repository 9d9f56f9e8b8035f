// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stats.h"

void bench_peak_init(struct bench_peak *peak, unsigned int window)
{
	memset(peak, 0, sizeof(*peak));
	if (window < 1)
		window = 1;
	if (window > BENCH_PEAK_MAX - 1)
		window = BENCH_PEAK_MAX - 1;
	peak->window = window;
}

void bench_peak_add(struct bench_peak *peak, uint64_t now)
{
	uint64_t from, ns;

	peak->ring[peak->seen++ % BENCH_PEAK_MAX] = now;
	if (peak->seen <= peak->window)
		return;
	from = peak->ring[(peak->seen - 1 - peak->window) % BENCH_PEAK_MAX];
	ns = now - from;
	if (ns && (!peak->best_ns || ns < peak->best_ns))
		peak->best_ns = ns;
}

double bench_peak_rate(const struct bench_peak *peak)
{
	if (!peak->best_ns)
		return 0;
	return (double)peak->window * BENCH_NSEC_PER_SEC / (double)peak->best_ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(const double *v, size_t n)
{
	double sorted[BENCH_MEDIAN_MAX];

	if (!n || n > BENCH_MEDIAN_MAX)
		return 0;
	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), compare);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

double bench_max(const double *v, size_t n)
{
	double max = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i] > max)
			max = v[i];
	return max;
}
