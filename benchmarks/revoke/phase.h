/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Phases: take the memory back under load, and watch
 */
#ifndef REVOKE_PHASE_H
#define REVOKE_PHASE_H

#include <peerbar/buffer.h>

#include "stage.h"

enum revoke_phase_id {
	REVOKE_DISABLE,	  /* memory off, hold, memory on */
	REVOKE_RESET,	  /* VFIO_DEVICE_RESET */
	REVOKE_PERMANENT, /* A for good */
	REVOKE_PHASES,
};

/**
 * struct revoke_phase - one phase, as it went
 * @name: for the reader
 * @key: for JSON
 * @rc: what the call gave
 * @skipped: why it was not done; NULL when it was
 * @call_ns: duration of the call that took the memory back
 * @hold_ns: how long it stayed so; 0: no longer than the call
 * @restore_ns: duration of the call that gave it back; 0: none
 * @returned: when the call that took it back returned
 * @restored: when giving back began; what else goes on counts from @returned
 * @before: what the kernel knew, while all ran undisturbed
 * @during: while taken back
 * @after: when all ran again
 * @touch: what the CPU threads saw
 * @flow: what the RDMA flows saw
 * @bytes_changed: bytes of A that changed after the permanent revoke
 * @again_rc: a second permanent revoke
 * @map_rc: mapping A after it
 * @reg_rc: registering A after it
 */
struct revoke_phase {
	const char *name;
	const char *key;
	int rc;
	const char *skipped;
	uint64_t call_ns;
	uint64_t hold_ns;
	uint64_t restore_ns;
	uint64_t returned;
	uint64_t restored;
	struct peerbar_buffer_info before[REVOKE_BUFFERS];
	struct peerbar_buffer_info during[REVOKE_BUFFERS];
	struct peerbar_buffer_info after[REVOKE_BUFFERS];
	struct revoke_counts touch[REVOKE_BUFFERS];
	struct revoke_counts flow[REVOKE_FLOWS];
	uint64_t bytes_changed;
	int again_rc;
	int map_rc;
	int reg_rc;
};

/** revoke_phase_run - 0; -errno when the phase could not be watched at all */
int revoke_phase_run(struct revoke_stage *stage, enum revoke_phase_id id,
		     struct revoke_phase *out);

#endif /* REVOKE_PHASE_H */
