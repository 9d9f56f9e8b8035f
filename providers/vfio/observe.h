/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Is the memory there, and how often was it not?  By whatever way there is. */
#ifndef PEERBAR_OBSERVE_H
#define PEERBAR_OBSERVE_H

#include <peerbar/buffer.h>
#include <peerbar/events.h>

#include "device_priv.h"
#include "uapi.h"

struct observation {
	enum peerbar_state state;
	uint64_t revokes;
	enum peerbar_events_source source;
};

/*
 * @dev: exporter of the dma-buf @fd, whose lock the caller holds; NULL when
 * another process exported it.  0, -EOPNOTSUPP, -errno; with a detail text.
 */
int observe(struct peerbar_device *dev, int fd, struct observation *out);

/*
 * As observe(), and comparable with @seen: when the device was closed since,
 * nobody counts any more, and the end is one revoke.
 */
int observe_since(struct peerbar_device *dev, int fd,
		  const struct observation *seen, struct observation *out);

/* The kernel's answer, -ENOTTY without our modules; no detail text. */
int observe_info(struct peerbar_device *dev, int fd,
		 struct peerbar_vfio_dma_buf_info *out);
enum peerbar_state observe_state(const struct peerbar_vfio_dma_buf_info *info);

/* LIVE stands for "not REVOKED". */
int observe_by_mmap(int fd, enum peerbar_state *out);

#endif /* PEERBAR_OBSERVE_H */
