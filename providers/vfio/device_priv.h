/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_DEVICE_PRIV_H
#define PEERBAR_DEVICE_PRIV_H

#include <stdatomic.h>

#include <peerbar/device.h>

#include "pci_sysfs.h"

struct device_backend;

/*
 * @fd: -1 once closed: buffers may outlive the device, so that they hold a
 *	reference to this struct (not to the kernel's device)
 * @fds: what the backend keeps open beside @fd, -1 where unused
 * @bar_address: physical addresses, 0 where unknown
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

extern const struct device_backend device_group;
extern const struct device_backend device_cdev;

void device_get(struct peerbar_device *dev);
void device_put(struct peerbar_device *dev);

/*
 * Does the kernel know the feature and operation in @flags?
 * 0, -EOPNOTSUPP when it does not, another -errno when asking failed.
 */
int device_probe_feature(struct peerbar_device *dev, uint32_t flags);

#endif /* PEERBAR_DEVICE_PRIV_H */
