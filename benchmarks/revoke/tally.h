/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What one worker saw
 *
 * Workers count, the phases read.  Every access is bracketed: its start notes
 * the target's gate.  A success that began and ended while the same gate was
 * shut went through memory that was taken back; there must be none.
 */
#ifndef REVOKE_TALLY_H
#define REVOKE_TALLY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/** completion statuses that are told apart; ibv_wc_status fits */
#define REVOKE_STATUSES 32

/**
 * struct revoke_gate - of one buffer
 * @gate: odd while nobody may get through
 * @open_since: when it was opened again; 0: it was not shut
 * @forgiving: content may be lost right now (a reset may clear the memory)
 */
struct revoke_gate {
	_Atomic uint32_t gate;
	_Atomic uint64_t open_since;
	_Atomic bool forgiving;
};

/**
 * struct revoke_counts - since the last revoke_tally_take()
 * @ok: accesses, or messages, that succeeded
 * @leaked: of these, while the gate was shut
 * @refused: accesses that got -ENODEV, or messages that ended in error
 * @status: of @refused messages, by status
 * @wrong: comparisons that failed
 * @lost: of these, while the gate was forgiving; not in @wrong
 * @reconnects: QPs connected anew
 * @longest_ns: longest single access, or wait for a completion
 * @first_refused: when; 0: never
 * @last_refused: when; 0: never
 * @last_ok: when; 0: never
 * @resumed: first success since the gate was opened again; 0: none yet
 */
struct revoke_counts {
	uint64_t ok;
	uint64_t leaked;
	uint64_t refused;
	uint64_t status[REVOKE_STATUSES];
	uint64_t wrong;
	uint64_t lost;
	uint64_t reconnects;
	uint64_t longest_ns;
	uint64_t first_refused;
	uint64_t last_refused;
	uint64_t last_ok;
	uint64_t resumed;
};

struct revoke_tally {
	pthread_mutex_t lock;
	struct revoke_counts counts;
	char wrong_text[256];
};

/** struct revoke_access - between start and end of one access */
struct revoke_access {
	uint32_t gate;
	uint64_t start;
};

void revoke_tally_init(struct revoke_tally *tally);

void revoke_access_begin(struct revoke_access *access,
			 const struct revoke_gate *gate);
void revoke_access_ok(const struct revoke_access *access,
		      const struct revoke_gate *gate, struct revoke_tally *tally);

/** revoke_access_refused - @status 0 for a CPU access */
void revoke_access_refused(const struct revoke_access *access,
			   struct revoke_tally *tally, int status);

void revoke_tally_reconnect(struct revoke_tally *tally);

/** revoke_tally_wrong - a comparison failed; the first text is kept */
void revoke_tally_wrong(struct revoke_tally *tally,
			const struct revoke_gate *gate, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** revoke_tally_look - the counts so far */
struct revoke_counts revoke_tally_look(struct revoke_tally *tally);

/** revoke_tally_take - the counts so far, which start at 0 again */
struct revoke_counts revoke_tally_take(struct revoke_tally *tally);

#endif /* REVOKE_TALLY_H */
