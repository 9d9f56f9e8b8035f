/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Devices
 *
 * A peerbar_device is a PCI function that is bound to vfio-pci and opened by
 * this process.  Two kernel interfaces lead there: the legacy group and
 * container (/dev/vfio/GROUP, type1v2 IOMMU) and the character device with
 * iommufd (/dev/vfio/devices/vfioN).  Both give the same object.
 *
 * Only one open at a time works with groups: a second opener, in this process
 * or another, gets -EBUSY.
 */
#ifndef PEERBAR_DEVICE_H
#define PEERBAR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_device;

/** enum peerbar_backend - which kernel interface opens the device */
enum peerbar_backend {
	PEERBAR_BACKEND_AUTO,	/* cdev where the kernel has it, else group */
	PEERBAR_BACKEND_GROUP,
	PEERBAR_BACKEND_CDEV,
};

/**
 * struct peerbar_device_opts - options of peerbar_device_open()
 * @size: sizeof(struct peerbar_device_opts); lets the struct grow
 * @backend: see enum peerbar_backend
 */
struct peerbar_device_opts {
	size_t size;
	enum peerbar_backend backend;
};

/**
 * struct peerbar_region - a BAR as VFIO reports it
 * @size: bytes; 0 when the BAR is absent
 * @offset: file offset of the region in the device fd
 * @readable: the region can be read
 * @writable: the region can be written
 * @mappable: the region can be mapped, and so exported
 */
struct peerbar_region {
	uint64_t size;
	uint64_t offset;
	bool readable;
	bool writable;
	bool mappable;
};

/**
 * peerbar_device_open - open a PCI function that is bound to vfio-pci
 * @bdf: "0000:00:05.0"; the domain may be left out
 * @opts: NULL for the defaults
 * @out: written on success; release with peerbar_device_close()
 *
 * Memory decoding is enabled on return; bus mastering is not touched.
 *
 * Return: 0, or
 *  -EINVAL   @bdf is not a PCI address
 *  -ENODEV   no such device, or not bound to vfio-pci (the detail text says
 *            which driver holds it and how to bind it)
 *  -ENOENT   no IOMMU group: the IOMMU is off
 *  -EPERM, -EACCES  no right to /dev/vfio/GROUP
 *  -EBUSY    the group or device is open already, or the group is not viable
 *            because another member is bound to a host driver
 *  -EAGAIN   the device is being reset, or its link recovers from an error: it
 *            can be opened in a moment (vfio_pci_core_enable())
 *  -EIO      the device does not answer: its link is down
 */
int peerbar_device_open(const char *bdf, const struct peerbar_device_opts *opts,
			struct peerbar_device **out);

/**
 * peerbar_device_close - close the device
 *
 * Revoke: all buffers exported from it are revoked permanently, wherever their
 * descriptors, mappings and MRs are by now; the objects stay valid until
 * closed, their use ends in -ENODEV.  Without our kernel modules a device-fd
 * mapping (see peerbar_buffer_map()) keeps the kernel's device alive until it
 * is unmapped.
 * Threads: no other call may use @dev at the same time.  NULL is allowed.
 */
void peerbar_device_close(struct peerbar_device *dev);

/** peerbar_device_bdf - full PCI address, valid as long as @dev */
const char *peerbar_device_bdf(const struct peerbar_device *dev);

/** peerbar_device_fd - the VFIO device fd; stays the library's */
int peerbar_device_fd(const struct peerbar_device *dev);

/** peerbar_device_backend - GROUP or CDEV, never AUTO */
enum peerbar_backend peerbar_device_backend(const struct peerbar_device *dev);

/**
 * peerbar_device_region - describe a BAR
 * @index: BAR number, 0 to 5
 *
 * Return: 0 (also for an absent BAR: size 0), -EINVAL for another index.
 */
int peerbar_device_region(struct peerbar_device *dev, unsigned int index,
			  struct peerbar_region *out);

/**
 * peerbar_device_reset - reset the function (VFIO_DEVICE_RESET)
 *
 * Revoke: every buffer is revoked for the time of the reset and heals with it.
 * CPU access through a mapping waits; RDMA is answered with RNR (dynamic
 * importers) or fails for good (pinned importers).
 *
 * Return: 0, -EOPNOTSUPP when the function has no reset method, -EAGAIN while
 * somebody else resets the device or its link is being recovered, -errno.
 */
int peerbar_device_reset(struct peerbar_device *dev);

/**
 * peerbar_device_set_memory - set or clear memory decoding in PCI_COMMAND
 *
 * Revoke: clearing revokes every buffer temporarily: CPU access raises SIGBUS
 * (guarded access: -ENODEV), RDMA as above.  Setting restores them; it is also
 * what brings the memory back after an error on the link.
 */
int peerbar_device_set_memory(struct peerbar_device *dev, bool enable);

/**
 * peerbar_device_read - read a BAR through the device fd, not through a mapping
 * peerbar_device_write - write likewise
 *
 * A path to the BAR that shares no page table with any mapping: slow, but the
 * reference for what the BAR really holds.
 *
 * Return: 0; -EINVAL beyond the BAR; -EIO when memory decoding is off.
 */
int peerbar_device_read(struct peerbar_device *dev, unsigned int index,
			uint64_t offset, void *buf, size_t len);
int peerbar_device_write(struct peerbar_device *dev, unsigned int index,
			 uint64_t offset, const void *buf, size_t len);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_DEVICE_H */
