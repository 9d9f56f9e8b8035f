/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The control socket of an export
 *
 * A UNIX socket of type SOCK_SEQPACKET.  Whoever connects sends one request, a
 * text in one packet:
 *
 *	get		the socket is a channel (<peerbar/channel.h>) from here
 *on, by which all buffers come that are left, named as they were asked for, and
 *the news of them revoke [N]	take back buffer N, counted from 0, or all of
 *them; the answer is one packet, "ok" or "error " and why
 *
 * Who may connect is for the socket's mode to say, which is the owner's alone
 *at first; "revoke" is taken from the owner's user and root only.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "run_dir.h"

#define CONTROL_TEXT 600

/** control_listen - make the socket; one that nobody listens at is replaced */
int control_listen(const char *path);

/** control_path - where the process @pid listens unless told otherwise */
int control_path(const char *pid, bool make, char path[RUN_PATH]);

/** control_connect - @target is a PID or a path; a descriptor or -errno */
int control_connect(const char *target);

/** control_send, control_recv - one packet of text; 0 or -errno */
int control_send(int sock, const char *text);
int control_recv(int sock, char text[CONTROL_TEXT]);

#endif /* CONTROL_H */
