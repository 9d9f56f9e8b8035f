/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_BARSPEC_H
#define BENCH_BARSPEC_H

#include <peerbar/buffer.h>

#define BENCH_RANGES_MAX 64

/**
 * struct bench_barspec - BDF/IDX[,OFFSET,LENGTH]..., taken apart
 * @bdf: PCI address as written
 * @bar: BAR number
 * @range: pieces; their order is the order of the buffer
 * @nr_ranges: 0 means the whole BAR
 */
struct bench_barspec {
	char bdf[32];
	unsigned int bar;
	struct peerbar_range range[BENCH_RANGES_MAX];
	unsigned int nr_ranges;
};

/**
 * bench_barspec_parse - @text is what follows "bar:"
 *
 * Alignment and bounds are the exporter's to judge.
 * Return: 0, -EINVAL with bench_error() saying what to do.
 */
int bench_barspec_parse(struct bench_barspec *spec, const char *text);

#endif /* BENCH_BARSPEC_H */
