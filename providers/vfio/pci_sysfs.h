/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What sysfs says about a PCI function. */
#ifndef PEERBAR_PCI_SYSFS_H
#define PEERBAR_PCI_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peerbar/pci.h>

#define SYSFS_DEVICES "/sys/bus/pci/devices"

#define PCI_NR_BARS   6

/* domains of virtual root buses have more than four digits */
#define PCI_BDF_SIZE 24

/* canonical form of @text, -EINVAL when it is not a PCI address */
int pci_bdf_parse(const char *text, char bdf[PCI_BDF_SIZE]);

/* -ENODEV with a detail text when there is no such function */
int pci_check_present(const char *bdf);

/* number of the IOMMU group; -ENOENT with a detail text when there is none */
int pci_iommu_group(const char *bdf, unsigned int *group);

/* all functions, each followed by a blank; -errno with a detail text */
int pci_list(char *names, size_t size);

/* text of an attribute; -errno with a detail text */
int pci_read_attr(const char *bdf, const char *attr, char *text, size_t size);

/* "" when there is none; -errno with a detail text */
int pci_driver(const char *bdf, char driver[PEERBAR_DRIVER_SIZE]);
int pci_driver_override(const char *bdf, char driver[PEERBAR_DRIVER_SIZE]);

bool pci_driver_is_vfio(const char *driver);
/* a driver that would do DMA of its own keeps the group from VFIO */
bool pci_driver_blocks_group(const char *driver);

/* -ENODEV, with a text that says how to bind it, unless a VFIO driver has it */
int pci_check_vfio_driver(const char *bdf);

/* N of /dev/vfio/devices/vfioN; -ENOENT when the kernel has no such device */
int pci_vfio_cdev(const char *bdf, unsigned int *index);

/* -EBUSY; the text names the members that a host driver holds */
int pci_group_not_viable(unsigned int group);

/* physical addresses of the BARs, all 0 when they are not known */
void pci_bar_addresses(const char *bdf, uint64_t addr[PCI_NR_BARS]);

#endif /* PEERBAR_PCI_SYSFS_H */
