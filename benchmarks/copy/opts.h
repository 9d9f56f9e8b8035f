/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef COPY_OPTS_H
#define COPY_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#define COPY_SIZES_MAX 16
#define COPY_SIZE_MAX  (16u << 20)

/**
 * struct copy_opts - the command line of peerbar_copy
 * @mem: bar:SPEC
 * @size: sizes of blocks
 * @nr_sizes: how many
 * @duration: seconds for each method, direction and size in each round
 * @rounds: repetitions, methods taking turns
 * @count: count instructions, too
 * @json: file for the results; NULL: none
 */
struct copy_opts {
	const char *mem;
	uint64_t size[COPY_SIZES_MAX];
	unsigned int nr_sizes;
	double duration;
	uint32_t rounds;
	bool count;
	const char *json;
};

extern const struct bench_program copy_program;

/** copy_run - all of it */
int copy_run(const void *opts);

#endif /* COPY_OPTS_H */
