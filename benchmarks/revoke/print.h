/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The report, as text and as JSON
 */
#ifndef REVOKE_PRINT_H
#define REVOKE_PRINT_H

#include <stdio.h>

#include "expect.h"

struct json_object;

/** changes when a reader of an older one would go wrong */
#define REVOKE_SCHEMA 1

/** revoke_print_stage - what there is, before the first phase */
void revoke_print_stage(FILE *to, struct revoke_stage *stage);

void revoke_print_phase(FILE *to, struct revoke_stage *stage,
			enum revoke_phase_id id, const struct revoke_phase *p,
			const struct revoke_verdict *v);

/** revoke_json_stage - the document without phases, a new object */
struct json_object *revoke_json_stage(struct revoke_stage *stage);

void revoke_json_phase(struct json_object *doc, struct revoke_stage *stage,
		       const struct revoke_phase *p,
		       const struct revoke_verdict *v);

#endif /* REVOKE_PRINT_H */
