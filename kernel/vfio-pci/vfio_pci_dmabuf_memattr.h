/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's own mapping of a BAR has to know of write-combining. */
#ifndef VFIO_PCI_DMABUF_MEMATTR_H
#define VFIO_PCI_DMABUF_MEMATTR_H

#include <linux/types.h>

#ifdef CONFIG_VFIO_PCI_DMABUF
bool vfio_pci_wc_any(phys_addr_t start, phys_addr_t len);
void vfio_pci_memattr_hold(void);
void vfio_pci_memattr_unhold(void);
#else
static inline bool vfio_pci_wc_any(phys_addr_t start, phys_addr_t len)
{
	return false;
}

static inline void vfio_pci_memattr_hold(void)
{
}

static inline void vfio_pci_memattr_unhold(void)
{
}
#endif

#endif /* VFIO_PCI_DMABUF_MEMATTR_H */
