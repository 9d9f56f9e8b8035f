/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies between memory and the kernel mapping of a dma-buf
 *
 * On x86 memcpy_fromio() and memcpy_toio() go 32 bits at a time, whatever the
 * length.  An uncached access takes the same time for 64 bits as for 32, so what
 * lies in between the first and the last boundary of 64 bits goes in words of
 * that size.  Nowhere is a byte touched outside of the range, and no access
 * crosses a boundary of its own size in I/O memory.
 *
 * Other architectures' memcpy_fromio() and memcpy_toio() know best.
 */
#ifndef RXE_MAP_H
#define RXE_MAP_H

#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>
#include <linux/unroll.h>

#ifdef CONFIG_X86_64

/* In one turn of the loop, which costs as much as two words otherwise. */
#define RXE_MAP_BLOCK	64

/* Bytes before the first boundary of 64 bits, of @length at @io. */
static inline size_t rxe_map_head(const void __iomem *io, size_t length)
{
	return min(length, -(unsigned long)io % sizeof(u64));
}

static inline void rxe_map_fromio(void *to, const void __iomem *from,
				  size_t length)
{
	size_t head = rxe_map_head(from, length);

	memcpy_fromio(to, from, head);
	to += head;
	from += head;
	length -= head;

	for (; length >= RXE_MAP_BLOCK; length -= RXE_MAP_BLOCK) {
		unrolled_count(8)
		for (size_t i = 0; i < RXE_MAP_BLOCK; i += sizeof(u64))
			put_unaligned(__raw_readq(from + i), (u64 *)(to + i));
		to += RXE_MAP_BLOCK;
		from += RXE_MAP_BLOCK;
	}

	for (; length >= sizeof(u64); length -= sizeof(u64)) {
		put_unaligned(__raw_readq(from), (u64 *)to);
		to += sizeof(u64);
		from += sizeof(u64);
	}

	memcpy_fromio(to, from, length);
}

static inline void rxe_map_toio(void __iomem *to, const void *from,
				size_t length)
{
	size_t head = rxe_map_head(to, length);

	memcpy_toio(to, from, head);
	to += head;
	from += head;
	length -= head;

	for (; length >= RXE_MAP_BLOCK; length -= RXE_MAP_BLOCK) {
		unrolled_count(8)
		for (size_t i = 0; i < RXE_MAP_BLOCK; i += sizeof(u64))
			__raw_writeq(get_unaligned((const u64 *)(from + i)),
				     to + i);
		to += RXE_MAP_BLOCK;
		from += RXE_MAP_BLOCK;
	}

	for (; length >= sizeof(u64); length -= sizeof(u64)) {
		__raw_writeq(get_unaligned((const u64 *)from), to);
		to += sizeof(u64);
		from += sizeof(u64);
	}

	memcpy_toio(to, from, length);
}

#else

#define rxe_map_fromio	memcpy_fromio
#define rxe_map_toio	memcpy_toio

#endif

static inline void rxe_map_read(void *to, const struct iosys_map *map,
				size_t offset, size_t length)
{
	if (map->is_iomem)
		rxe_map_fromio(to, map->vaddr_iomem + offset, length);
	else
		memcpy(to, map->vaddr + offset, length);
}

static inline void rxe_map_write(const struct iosys_map *map, size_t offset,
				 const void *from, size_t length)
{
	if (map->is_iomem)
		rxe_map_toio(map->vaddr_iomem + offset, from, length);
	else
		memcpy(map->vaddr + offset, from, length);
}

#endif /* RXE_MAP_H */
