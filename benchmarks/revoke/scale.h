/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What a permanent revoke costs, one factor at a time
 */
#ifndef REVOKE_SCALE_H
#define REVOKE_SCALE_H

#include "opts.h"

/** revoke_scale_run - the table, and opts->json; 1: a bystander was disturbed */
int revoke_scale_run(const struct revoke_opts *opts);

#endif /* REVOKE_SCALE_H */
