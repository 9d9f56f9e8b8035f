/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Errors
 *
 * Every int function of libpeerbar returns 0 (or a count) on success and
 * -errno on failure; errno itself is neither set nor to be read.  Output
 * parameters are written on success only.  The library never prints, exits or
 * aborts.
 *
 * One errno often has several causes (EOPNOTSUPP has at least three).  The
 * detail text says which one it was and what to do about it.
 */
#ifndef PEERBAR_ERROR_H
#define PEERBAR_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * peerbar_error_detail - why the last failing call of this thread failed
 *
 * Ownership: the string belongs to the library and stays valid until the next
 * peerbar call of the same thread.
 * Threads: one text per thread.
 * Return: one line without a newline; "" when no call of this thread has
 * failed yet.  To be read right after the call that failed: a later one may
 * replace the text although it succeeds, since not all that it tries must work.
 */
const char *peerbar_error_detail(void);

/**
 * peerbar_error_set - record the detail text of this thread's failure
 * @err: -errno
 * @format: printf format of one line without a newline; cut at 511 bytes.
 *	Control characters are replaced: arguments may quote anything.
 *
 * For providers, whose users read one detail text whichever library failed.
 *
 * Return: @err, so that "return peerbar_error_set(...)" says it all.
 */
int peerbar_error_set(int err, const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 2, 3)))
#endif
	;

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_ERROR_H */
