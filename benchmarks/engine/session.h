/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: A whole bandwidth run
 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "channel.h"
#include "options.h"

/** bench_far_run - obey the near end until it says goodbye */
int bench_far_run(const struct bench_opts *opts, int fd);

/** bench_near_run - lead: connect, run every size, report */
int bench_near_run(const struct bench_opts *opts,
		   const struct bench_specs *specs, int fd);

/** bench_session_run - as the command line says: near end, far end or both */
int bench_session_run(const struct bench_opts *opts);

#endif /* BENCH_SESSION_H */
