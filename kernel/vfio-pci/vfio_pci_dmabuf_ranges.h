/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_PCI_DMABUF_RANGES_H
#define VFIO_PCI_DMABUF_RANGES_H

#include <linux/types.h>

/**
 * struct vfio_pci_dma_buf_ranges - the pieces of memory behind a buffer
 * @vec: physically contiguous pieces, in the order of the buffer
 * @start: @nr + 1 offsets; piece i is the bytes @start[i] to @start[i + 1] of
 *	   the buffer
 * @nr: number of pieces
 * @span: the largest power of two that is not larger
 */
struct vfio_pci_dma_buf_ranges {
	struct phys_vec *vec;
	u64 *start;
	u32 nr;
	u32 span;
};

int vfio_pci_dma_buf_ranges_init(struct vfio_pci_dma_buf_ranges *ranges);

int vfio_pci_dma_buf_ranges_find_pfn(const struct vfio_pci_dma_buf_ranges *ranges,
				     u64 pgoff, unsigned int order,
				     unsigned long *pfn);

#endif /* VFIO_PCI_DMABUF_RANGES_H */
