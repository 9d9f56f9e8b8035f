/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The transport.  UCX closes a memory domain that none of its transports uses;
 * this one reaches nobody but itself, and carries nothing unless BAR memory has
 * a type of its own: then it is what copies it.
 */
#ifndef PEERBAR_UCX_IFACE_H
#define PEERBAR_UCX_IFACE_H

#include "abi.h"

extern struct uct_tl ucx_tl;

#endif /* PEERBAR_UCX_IFACE_H */
