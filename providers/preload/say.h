/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The program knows nothing of us and can show an errno at best.  So what fails
 * is said on stderr; PEERBAR_PRELOAD_DEBUG=1 tells all that is redirected, =0
 * silences.  errno stays as it is.
 */
#ifndef PRELOAD_SAY_H
#define PRELOAD_SAY_H

#define PRINTF __attribute__((format(printf, 1, 2)))

/* something was redirected */
void say(const char *format, ...) PRINTF;

/* something of ours failed */
void say_failure(const char *format, ...) PRINTF;

#endif /* PRELOAD_SAY_H */
