/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: CPU mappings and guarded access
 *
 * A mapping is CPU access to a buffer: an mmap() of the dma-buf itself, or, on
 * a kernel without our modules and for a buffer of one range in the process
 * that exported it, of the device fd.
 *
 * Revoke: a plain load or store to a SUSPENDED or REVOKED buffer raises
 * SIGBUS, except during a reset, where it waits for the end of the reset.
 * The guarded calls below turn the signal into -ENODEV.
 *
 * The library installs a SIGBUS handler with the first mapping.  Signals that
 * are not ours (another address, no guard active) go to the handler the
 * application had; a handler installed later should do the same for ours.
 */
#ifndef PEERBAR_MAPPING_H
#define PEERBAR_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_mapping;

enum peerbar_map_flags {
	PEERBAR_MAP_READ = 1u << 0,
	PEERBAR_MAP_WRITE = 1u << 1,
};

/**
 * peerbar_buffer_map - map a part of a buffer
 * @offset: bytes into the buffer; a multiple of the page size
 * @length: bytes, a multiple of the page size; 0 means up to the end of the
 *	buffer
 * @flags: enum peerbar_map_flags; 0 means both
 * @out: written on success; release with peerbar_mapping_close()
 *
 * The address is aligned so that the kernel can use 2 MiB and 1 GiB entries
 * wherever buffer offset and BAR address allow it.  The mapping is entered in
 * the registry (<peerbar/registry.h>).  Pages are inserted at first touch.
 *
 * Return: 0; -EINVAL unaligned, empty or beyond the buffer, or unknown flags;
 * -EACCES writable mapping (0 asks for one) of a read-only buffer; -ENODEV revoked for good; -EOPNOTSUPP the kernel
 * cannot map dma-bufs and the fall-back does not apply.
 */
int peerbar_buffer_map(struct peerbar_buffer *buf, uint64_t offset,
		       uint64_t length, unsigned int flags,
		       struct peerbar_mapping **out);

/**
 * peerbar_mapping_close - unmap
 * Threads: nobody may touch the address range any more.  NULL is allowed.
 */
void peerbar_mapping_close(struct peerbar_mapping *map);

/** peerbar_mapping_addr - first address; volatile access of natural width */
void *peerbar_mapping_addr(const struct peerbar_mapping *map);

/** peerbar_mapping_size - bytes */
size_t peerbar_mapping_size(const struct peerbar_mapping *map);

/** peerbar_mapping_is_fallback - through the device fd, not the dma-buf */
bool peerbar_mapping_is_fallback(const struct peerbar_mapping *map);

/**
 * peerbar_read - copy from a mapping, guarded
 * peerbar_write - copy to a mapping, guarded
 * @offset: bytes into the mapping; any alignment
 *
 * MMIO-safe: no byte outside [offset, offset + len) is accessed, none twice;
 * the widest naturally aligned accesses are used.
 *
 * Threads: any number at once; async-signal-safe but for the detail text.
 * Return: 0; -ENODEV when the memory was taken back on the way (a part may
 * have been copied); -EINVAL outside the mapping; -EACCES writing through a
 * mapping made without PEERBAR_MAP_WRITE.
 */
int peerbar_read(const struct peerbar_mapping *map, uint64_t offset, void *dst,
		 size_t len);
int peerbar_write(struct peerbar_mapping *map, uint64_t offset,
		  const void *src, size_t len);

/**
 * peerbar_guard_run - run code that loads and stores through the pointer
 * @fn: called with @arg; it must not hold locks or own resources across an
 *	access, since a SIGBUS inside ends it like longjmp() does; nor may it
 *	leave by longjmp(), an exception or pthread_exit() itself
 *
 * Guards nest: an access to the memory of an outer run ends the inner one, too.
 *
 * Return: 0 when @fn returned, -ENODEV when an access hit memory that was
 * taken back.
 */
int peerbar_guard_run(const struct peerbar_mapping *map, void (*fn)(void *arg),
		      void *arg);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_MAPPING_H */
