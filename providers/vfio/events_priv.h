/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_EVENTS_PRIV_H
#define PEERBAR_EVENTS_PRIV_H

#include "device_priv.h"

/* Have the watchers of @dev look again.  The caller holds the device's lock. */
void events_wake(struct peerbar_device *dev);

#endif /* PEERBAR_EVENTS_PRIV_H */
