/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A buffer that this process exported and sent by a channel, and what the
 * other end knows about it.
 *
 * A device's list is guarded by the device's lock, a channel's by the rule that
 * one thread uses a channel at a time.
 */
#ifndef PEERBAR_HANDOUT_H
#define PEERBAR_HANDOUT_H

#include "device_priv.h"
#include "observe.h"

/*
 * @dev: with a reference
 * @sock: the channel's
 * @fd: of its own; -1 once there is nothing more to tell
 * @gone: because there is nobody to tell
 * @told: what the other end knows; of revokes, how many there were in all
 * @revokes_before: those before it was sent
 */
struct handout {
	struct handout *next_of_device;
	struct handout *next_of_channel;
	struct peerbar_device *dev;
	int sock;
	uint64_t id;
	int fd;
	bool gone;
	struct observation told;
	uint64_t revokes_before;
};

/* The caller holds the device's lock. */
void handout_add(struct handout *handout);

/* Takes the device's lock and drops the reference. */
void handout_free(struct handout *handout);

/*
 * The caller holds the device's lock.  0 when the other end knows all, -EAGAIN,
 * -EPIPE, -errno; with a detail text.
 */
int handout_tell(struct handout *handout);

#endif /* PEERBAR_HANDOUT_H */
