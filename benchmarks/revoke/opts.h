/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef REVOKE_OPTS_H
#define REVOKE_OPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/**
 * struct revoke_opts - the command line of peerbar_revoke
 * @mem: bar:BDF/BAR
 * @nic: see struct bench_nic
 * @size: bytes of a message
 * @depth: messages in flight for each flow
 * @hold_ms: how long memory stays disabled, and how long to look after the
 *	permanent revoke
 * @settle_ms: how long all workers run before and after each phase
 * @reset_clears: a reset may lose the content of the BAR
 * @scale: no load: what a permanent revoke costs, one factor at a time
 * @json: file for the results; NULL: none
 */
struct revoke_opts {
	const char *mem;
	struct bench_nic nic;
	uint32_t size;
	uint32_t depth;
	uint32_t hold_ms;
	uint32_t settle_ms;
	bool reset_clears;
	bool scale;
	const char *json;
};

extern const struct bench_program revoke_program;

/** revoke_run - all phases; 1 when an expectation was violated */
int revoke_run(const void *opts);

#endif /* REVOKE_OPTS_H */
