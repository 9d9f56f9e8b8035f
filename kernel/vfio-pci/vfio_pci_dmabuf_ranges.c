// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an offset in a buffer to the page of memory behind it.
 *
 * Nothing here knows about VFIO or PCI; tests/unit/dmabuf_ranges.c builds this
 * file for user space and compares it with a naive model.
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/overflow.h>

#include "vfio_pci_dmabuf_ranges.h"

static bool vfio_pci_dma_buf_range_valid(const struct phys_vec *vec)
{
	phys_addr_t end;

	return vec->len && PAGE_ALIGNED(vec->paddr) && PAGE_ALIGNED(vec->len) &&
	       !check_add_overflow(vec->paddr, vec->len, &end);
}

/* Neighbours in the buffer that are neighbours in memory become one. */
static bool vfio_pci_dma_buf_range_merge(struct phys_vec *vec,
					 const struct phys_vec *next)
{
	size_t len;

	if (vec->paddr + vec->len != next->paddr ||
	    check_add_overflow(vec->len, next->len, &len))
		return false;

	vec->len = len;
	return true;
}

/**
 * vfio_pci_dma_buf_ranges_init - merge the pieces and index them
 * @ranges: @vec and @nr as the user gave them, @start with room for @nr + 1
 *
 * Merging keeps the order of the buffer.  It matters for speed: a huge page
 * cannot reach across two pieces.
 *
 * Return: 0, -EINVAL for no pieces or for one that is empty, not page-aligned
 * or beyond the end of the address space, -EOVERFLOW if their sum is too large.
 */
int vfio_pci_dma_buf_ranges_init(struct vfio_pci_dma_buf_ranges *ranges)
{
	struct phys_vec *vec = ranges->vec;
	u32 i, last = 0;

	if (!ranges->nr)
		return -EINVAL;

	for (i = 0; i < ranges->nr; i++) {
		if (!vfio_pci_dma_buf_range_valid(&vec[i]))
			return -EINVAL;
		if (i && !vfio_pci_dma_buf_range_merge(&vec[last], &vec[i]))
			vec[++last] = vec[i];
	}
	ranges->nr = last + 1;

	ranges->start[0] = 0;
	for (i = 0; i < ranges->nr; i++)
		if (check_add_overflow(ranges->start[i], vec[i].len,
				       &ranges->start[i + 1]))
			return -EOVERFLOW;

	ranges->span = 1;
	while (ranges->span <= ranges->nr / 2)
		ranges->span *= 2;
	return 0;
}

/*
 * The piece that an offset inside the buffer is in.
 *
 * A power of two of pieces, the last ones or the first ones, is halved until one
 * is left: nothing but an offset is compared at each step.
 */
static u32 vfio_pci_dma_buf_ranges_search(const struct vfio_pci_dma_buf_ranges *ranges,
					  u64 offset)
{
	const u64 *start = ranges->start;
	u32 step = ranges->span;
	u32 i = 0;

	if (start[ranges->nr - step] <= offset)
		i = ranges->nr - step;
	while (step >>= 1)
		if (start[i + step] <= offset)
			i += step;
	return i;
}

/**
 * vfio_pci_dma_buf_ranges_find_pfn - the page behind a place in the buffer
 * @ranges: pieces of the buffer
 * @pgoff: offset in the buffer, in pages
 * @order: 0, or the order of a huge page that is to begin there
 * @pfn: written on success
 *
 * Return: 0, or -ERANGE if the page is not all inside the buffer, is not all
 * inside one piece, or is not as aligned in memory as a page of that order.
 */
int vfio_pci_dma_buf_ranges_find_pfn(const struct vfio_pci_dma_buf_ranges *ranges,
				     u64 pgoff, unsigned int order,
				     unsigned long *pfn)
{
	u64 offset, end;
	unsigned long found;
	u32 i;

	if (check_mul_overflow(pgoff, (u64)PAGE_SIZE, &offset) ||
	    check_add_overflow(offset, (u64)PAGE_SIZE << order, &end))
		return -ERANGE;

	if (end > ranges->start[ranges->nr])
		return -ERANGE;

	i = vfio_pci_dma_buf_ranges_search(ranges, offset);
	if (end > ranges->start[i + 1])
		return -ERANGE;

	found = (ranges->vec[i].paddr + (offset - ranges->start[i])) >> PAGE_SHIFT;
	if (!IS_ALIGNED(found, 1UL << order))
		return -ERANGE;

	*pfn = found;
	return 0;
}
