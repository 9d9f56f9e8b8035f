/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REG_OPTS_H
#define REG_OPTS_H

#include <stdint.h>

#include "options.h"

#define REG_LIST_MAX 16

/**
 * struct reg_opts - the command line of peerbar_reg
 * @mem: bar:BDF/BAR
 * @nic: see struct bench_nic
 * @transport: who registers
 * @size: bytes to register
 * @nr_sizes: how many
 * @ranges: into how many pieces of the BAR
 * @nr_ranges: how many
 * @iters: registrations of each
 * @json: file for the results; NULL: none
 */
struct reg_opts {
	const char *mem;
	struct bench_nic nic;
	const struct bench_transport_ops *transport;
	uint64_t size[REG_LIST_MAX];
	unsigned int nr_sizes;
	uint64_t ranges[REG_LIST_MAX];
	unsigned int nr_ranges;
	uint32_t iters;
	const char *json;
};

extern const struct bench_program reg_program;

/** reg_run - all of it */
int reg_run(const void *opts);

#endif /* REG_OPTS_H */
