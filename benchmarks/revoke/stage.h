/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The stage: two buffers and everybody who uses them
 */
#ifndef REVOKE_STAGE_H
#define REVOKE_STAGE_H

#include <peerbar/device.h>

#include "bar.h"
#include "flow.h"
#include "opts.h"
#include "touch.h"

#define REVOKE_RANGES 3

enum revoke_buffer_id {
	REVOKE_A,
	REVOKE_B,
	REVOKE_BUFFERS,
};

enum revoke_flow_id {
	REVOKE_A_PATIENT, /* RNR retries without end */
	REVOKE_A_HASTY,	  /* few RNR retries */
	REVOKE_A_LOCAL,	  /* A is the initiator's local memory */
	REVOKE_B_PATIENT,
	REVOKE_FLOWS,
};

/**
 * struct revoke_buffer - A or B
 * @name: "A" or "B"
 * @range: pieces of the BAR, in buffer order
 * @nr_ranges: how many
 * @spec: as a SPEC of memory.h
 * @mem: the buffer, exported and mapped
 * @gate: see tally.h
 */
struct revoke_buffer {
	const char *name;
	struct peerbar_range range[REVOKE_RANGES];
	unsigned int nr_ranges;
	char spec[256];
	struct bench_mem mem;
	struct revoke_gate gate;
};

/**
 * struct revoke_stage - all of it
 * @opts: command line
 * @bar: the BAR
 * @unit: bytes of a range of A
 * @buffer: A and B
 * @touch: the CPU thread of each buffer
 * @flow: see enum revoke_flow_id
 */
struct revoke_stage {
	const struct revoke_opts *opts;
	struct bench_bar bar;
	uint64_t unit;
	struct revoke_buffer buffer[REVOKE_BUFFERS];
	struct revoke_touch touch[REVOKE_BUFFERS];
	struct revoke_flow flow[REVOKE_FLOWS];
};

/** revoke_stage_open - release with revoke_stage_close(), also on failure */
int revoke_stage_open(struct revoke_stage *stage, const struct revoke_opts *opts);

/** revoke_stage_start - let all workers run */
int revoke_stage_start(struct revoke_stage *stage);
void revoke_stage_close(struct revoke_stage *stage);

/** revoke_flow_buffer - which buffer a flow uses */
static inline enum revoke_buffer_id revoke_flow_buffer(enum revoke_flow_id id)
{
	return id == REVOKE_B_PATIENT ? REVOKE_B : REVOKE_A;
}

#endif /* REVOKE_STAGE_H */
