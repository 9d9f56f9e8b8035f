/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_DEVICE_PRIV_H
#define PEERBAR_DEVICE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include <peerbar/device.h>

#include "pci_sysfs.h"

struct device_backend;
struct handout;
struct peerbar_buffer;
struct peerbar_events;

/*
 * @fd: -1 once closed: buffers may outlive the device, so that they hold a
 *	reference to this struct (not to the kernel's device)
 * @fds: what the backend keeps open beside @fd, -1 where unused
 * @bar_address: physical addresses, 0 where unknown
 * @lock: for what follows, and for @fd against its closing
 * @handouts: what other processes were given and are told of
 * @watchers: of this process
 * @own_revokes: times this process took the memory away itself
 * @memory_off: by peerbar_device_set_memory()
 */
struct peerbar_device {
	atomic_uint refs;
	char bdf[PCI_BDF_SIZE];
	const struct device_backend *backend;
	int fd;
	int fds[2];
	bool can_reset;
	uint64_t config_offset;
	struct peerbar_region regions[PCI_NR_BARS];
	uint64_t bar_address[PCI_NR_BARS];
	pthread_mutex_t lock;
	struct handout *handouts;
	struct peerbar_events *watchers;
	uint64_t own_revokes;
	bool memory_off;
};

/**
 * struct device_backend - one way to open a VFIO device
 * @id: GROUP or CDEV
 * @open: sets fd and fds of the device; leaves what it opened to the caller
 *	to close, also on failure
 */
struct device_backend {
	enum peerbar_backend id;
	int (*open)(struct peerbar_device *dev);
};

/** device_enable_error - @call, which makes the kernel enable it, gave @ret */
int device_enable_error(const char *bdf, const char *call, int ret);

extern const struct device_backend device_group;
extern const struct device_backend device_cdev;

void device_get(struct peerbar_device *dev);
void device_put(struct peerbar_device *dev);

enum device_change {
	CHANGED_BUFFER, /* one buffer was revoked */
	CHANGED_RESET,
	CHANGED_MEMORY_OFF,
	CHANGED_MEMORY_ON,
	CHANGED_CLOSED,
};

/*
 * Tell the holders of buffers and wake the watchers.  Takes the lock; never
 * waits for another process.
 */
void device_changed(struct peerbar_device *dev, enum device_change what);

/* Tell the holders of what somebody else may have done.  Takes the lock. */
void device_tell(struct peerbar_device *dev);

/* One page of the first mappable BAR; -ENOENT when there is none. */
int device_export_page(struct peerbar_device *dev, struct peerbar_buffer **out);

/*
 * Does the kernel know the feature and operation in @flags?
 * 0, -ENOTTY when it does not, -EOPNOTSUPP when it has no use for it with this
 * device, another -errno when asking failed.
 */
int device_probe_feature(struct peerbar_device *dev, uint32_t flags);

#endif /* PEERBAR_DEVICE_PRIV_H */
