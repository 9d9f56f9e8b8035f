/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FAULT_OPTS_H
#define FAULT_OPTS_H

#include <stdint.h>

/**
 * struct fault_opts - the command line of peerbar_fault
 * @mem: bar:BDF/BAR
 * @size: bytes to touch; 0: all of the BAR, at most 1 GiB
 * @rounds: repetitions, page sizes taking turns
 * @json: file for the results; NULL: none
 */
struct fault_opts {
	const char *mem;
	uint64_t size;
	uint32_t rounds;
	const char *json;
};

extern const struct bench_program fault_program;

/** fault_run - all of it */
int fault_run(const void *opts);

#endif /* FAULT_OPTS_H */
