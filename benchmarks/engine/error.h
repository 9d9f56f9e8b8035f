/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Errors of the engine
 *
 * Functions return 0 (or a count) or -errno.  Whoever sees the cause first
 * words it with bench_fail(); callers hand the number on.  One text per thread.
 */
#ifndef BENCH_ERROR_H
#define BENCH_ERROR_H

/** bench_fail - note why, and return @err (negative) for "return bench_fail()" */
int bench_fail(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** bench_fail_lib - the same for a failed libpeerbar call: adds its detail */
int bench_fail_lib(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** bench_error - the text of this thread's last failure; one line */
const char *bench_error(void);

#endif /* BENCH_ERROR_H */
