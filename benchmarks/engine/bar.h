/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The BAR that a command line names
 */
#ifndef BENCH_BAR_H
#define BENCH_BAR_H

#include <stdbool.h>
#include <stdint.h>

#include <peerbar/spec.h>

/**
 * struct bench_bar - a BAR of an open device
 * @dev: the device
 * @spec: the words that name the BAR, and pieces of it
 * @size: bytes of the BAR, pieces or not
 */
struct bench_bar {
	struct peerbar_device *dev;
	struct peerbar_spec spec;
	uint64_t size;
};

/**
 * bench_bar_check - is the argument of --mem a BAR
 * @mem: as on the command line; NULL when it was not there
 * @whole: no pieces of it
 * @purpose: what the program wants with it; completes "which BAR"
 *
 * Return: 0, -EINVAL.
 */
int bench_bar_check(const char *mem, bool whole, const char *purpose);

/**
 * bench_bar_open - open the device, or use the open one
 * @mem: BDF/BAR[@...], with or without "bar:" before it
 * @bar: written on success; release with bench_bar_close()
 */
int bench_bar_open(struct bench_bar *bar, const char *mem);

/** bench_bar_close - a zeroed @bar is allowed */
void bench_bar_close(struct bench_bar *bar);

#endif /* BENCH_BAR_H */
