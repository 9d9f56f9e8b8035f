/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What must hold in each phase
 */
#ifndef REVOKE_EXPECT_H
#define REVOKE_EXPECT_H

#include <stdbool.h>

#include "phase.h"

#define REVOKE_CHECKS_MAX 64

/** struct revoke_check - one expectation; @text says it in a few words */
struct revoke_check {
	char text[160];
	bool held;
};

struct revoke_verdict {
	struct revoke_check check[REVOKE_CHECKS_MAX];
	unsigned int n;
	unsigned int violated;
};

/** revoke_expect - judge a phase that was run */
void revoke_expect(struct revoke_stage *stage, enum revoke_phase_id id,
		   const struct revoke_phase *p, struct revoke_verdict *verdict);

#endif /* REVOKE_EXPECT_H */
