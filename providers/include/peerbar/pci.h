/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: PCI functions of this machine
 *
 * What can be said of a device without opening it, and how it gets to vfio-pci
 * and back.  All of it comes from sysfs and goes there; nothing is remembered.
 */
#ifndef PEERBAR_PCI_H
#define PEERBAR_PCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** BARs of a function */
#define PEERBAR_PCI_BARS 6

/** room for the name of a driver, with its NUL */
#define PEERBAR_DRIVER_SIZE 32

/**
 * struct peerbar_pci_bar - a BAR as the kernel has laid it out
 * @address: physical; 0 when it may not be known (only root is told)
 * @size: bytes; 0 when the BAR is absent, or the upper half of the one before
 * @memory: memory, not I/O ports
 * @prefetchable: loads have no effect
 * @assigned: it has its place; without one it cannot be used
 * @exportable: memory of at least a page, which vfio-pci lets users map and
 *	export whenever the function is bound to it
 */
struct peerbar_pci_bar {
	uint64_t address;
	uint64_t size;
	bool memory;
	bool prefetchable;
	bool assigned;
	bool exportable;
};

/**
 * struct peerbar_pci_function - a PCI function
 * @bdf: full PCI address
 * @vendor: vendor id
 * @device: device id
 * @class_code: base class, sub-class, interface: 0x010802 is NVMe
 * @driver: name, "" when none is bound
 * @driver_override: the only driver that may be bound; "" when any may
 * @vfio: bound to vfio-pci or a variant of it, so that it can be opened
 * @blocks_group: its driver keeps the whole IOMMU group from VFIO
 * @group: IOMMU group, -1 when there is none: the IOMMU is off
 * @bars: by number
 */
struct peerbar_pci_function {
	char bdf[24];
	uint16_t vendor;
	uint16_t device;
	uint32_t class_code;
	char driver[PEERBAR_DRIVER_SIZE];
	char driver_override[PEERBAR_DRIVER_SIZE];
	bool vfio;
	bool blocks_group;
	int group;
	struct peerbar_pci_bar bars[PEERBAR_PCI_BARS];
};

/**
 * peerbar_pci_describe - one function
 * @bdf: the domain may be left out
 * @out: written on success
 *
 * Return: 0; -EINVAL @bdf is not a PCI address; -ENODEV there is none such;
 * -errno sysfs cannot be read.
 */
int peerbar_pci_describe(const char *bdf, struct peerbar_pci_function *out);

/**
 * peerbar_pci_list - all functions, in the order of their addresses
 * @out: array, written on success; release with peerbar_pci_list_free()
 * @nr: its length
 *
 * A function that goes away meanwhile is left out.
 *
 * Return: 0; -ENOMEM; -errno sysfs cannot be read.
 */
int peerbar_pci_list(struct peerbar_pci_function **out, size_t *nr);

/** peerbar_pci_list_free - NULL is allowed */
void peerbar_pci_list_free(struct peerbar_pci_function *list);

/**
 * peerbar_pci_set_driver - take a function from its driver, give it to another
 * @bdf: the domain may be left out
 * @driver: name of a loaded driver; "" for none at all; NULL for the one that
 *	the kernel chooses, if it has any
 * @override: what driver_override shall say from now on; "" for nothing.  A
 *	driver that does not know the device, as vfio-pci, is only bound with
 *its own name here
 *
 * Takes the right to write to sysfs (root).  Whoever uses the device through
 * its present driver loses it: disks and network interfaces vanish.  On failure
 * the function is given back to the driver it had.
 *
 * A VFIO driver lets go only when the device is closed, however long that
 * takes.  So an open one is refused; a process that opens it right then makes
 * the call wait.
 *
 * Return: 0, or
 *  -EINVAL   @bdf is not a PCI address, a name is not one of a driver
 *  -ENODEV   there is no such function, or @driver does not take it
 *  -ENOENT   @driver is not loaded
 *  -EBUSY    a process has the device open
 *  -EACCES, -EPERM, -EROFS  no right to do it
 *  -errno    what @driver had against it, as said in the detail text
 */
int peerbar_pci_set_driver(const char *bdf, const char *driver,
			   const char *override);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_PCI_H */
