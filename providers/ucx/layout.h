/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is the UCX that runs the one that abi.h describes?
 */
#ifndef PEERBAR_UCX_LAYOUT_H
#define PEERBAR_UCX_LAYOUT_H

/**
 * ucx_layout_check - before anything is registered with UCX
 *
 * The version first: nothing else is touched when it is another one.  Then what
 * can be seen of the structures from outside, since a build of the same version
 * may have options that change them.
 *
 * Return: 0; -EPROTONOSUPPORT with a detail text.
 */
int ucx_layout_check(void);

#endif /* PEERBAR_UCX_LAYOUT_H */
