// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
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

int bench_samples_add(struct bench_samples *samples, double value)
{
	size_t room = samples->room ? 2 * samples->room : 1024;
	double *v;

	if (samples->n == samples->room) {
		v = realloc(samples->v, room * sizeof(*v));
		if (!v)
			return bench_fail(-ENOMEM, "out of memory");
		samples->v = v;
		samples->room = room;
	}
	samples->v[samples->n++] = value;
	return 0;
}

int bench_samples_append(struct bench_samples *samples,
			 const struct bench_samples *more)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < more->n && !rc; i++)
		rc = bench_samples_add(samples, more->v[i]);
	return rc;
}

void bench_samples_free(struct bench_samples *samples)
{
	free(samples->v);
	memset(samples, 0, sizeof(*samples));
}

/* the smallest value that @share of all do not exceed */
static double percentile(const struct bench_samples *samples, double share)
{
	size_t rank = (size_t)ceil(share * (double)samples->n);

	return samples->v[rank ? rank - 1 : 0];
}

void bench_samples_sum_up(struct bench_samples *samples, struct bench_summary *out)
{
	double sum = 0, squares = 0;
	size_t i, n = samples->n;

	memset(out, 0, sizeof(*out));
	if (!n)
		return;
	qsort(samples->v, n, sizeof(*samples->v), compare);
	for (i = 0; i < n; i++)
		sum += samples->v[i];
	out->mean = sum / (double)n;
	for (i = 0; i < n; i++)
		squares += (samples->v[i] - out->mean) *
			   (samples->v[i] - out->mean);
	out->min = samples->v[0];
	out->max = samples->v[n - 1];
	out->p50 = percentile(samples, 0.5);
	out->stdev = sqrt(squares / (double)n);
	out->p99 = percentile(samples, 0.99);
	out->p999 = percentile(samples, 0.999);
}
