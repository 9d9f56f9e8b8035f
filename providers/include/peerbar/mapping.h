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
 * Guards need no set-up by the application, and work in a library that others
 * load: the library installs a SIGBUS handler with the first mapping, stays in
 * memory with it, and keeps nothing but a pointer per thread.  Signals that
 * are not ours (another address, no guard active) go to the handler the
 * application had; a handler installed later should do the same for ours.
 */
#ifndef PEERBAR_MAPPING_H
#define PEERBAR_MAPPING_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_mapping;

/**
 * enum peerbar_map_flags - flags of peerbar_buffer_map()
 * @PEERBAR_MAP_READ: loads
 * @PEERBAR_MAP_WRITE: stores; neither means both
 * @PEERBAR_MAP_POPULATE: insert all pages now, so that no access takes a page
 *	fault.  The only way there is for memory of a device is to load from it:
 *	32 bits of each page of the mapping, once.  Not for BARs where a load has
 *	an effect.  A revoke removes the pages, and what heals after it is inserted
 *	at first touch as without the flag.
 */
enum peerbar_map_flags {
	PEERBAR_MAP_READ = 1u << 0,
	PEERBAR_MAP_WRITE = 1u << 1,
	PEERBAR_MAP_POPULATE = 1u << 2,
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
 * SUSPENDED: a mapping can be made all the same, but not populated.
 *
 * Return: 0; -EINVAL unaligned, empty or beyond the buffer, unknown flags, or
 * POPULATE of a mapping for stores only; -EACCES writable mapping (0 asks for
 * one) of a read-only buffer; -ENODEV revoked for good; -EAGAIN the memory is
 * suspended and cannot be populated; -EOPNOTSUPP the kernel cannot map dma-bufs
 * and the fall-back does not apply.
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
 * the widest naturally aligned accesses are used, of at most 8 bytes each below
 * a length of 128.  From there on vectors take their place (streaming loads on
 * x86), as memory takes them but registers may not.
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

/**
 * struct peerbar_guard - a guarded piece of a function, by PEERBAR_GUARD()
 *
 * The fields are the library's.
 */
struct peerbar_guard {
	struct peerbar_guard *outer;
	uintptr_t start;
	uintptr_t end;
	volatile int armed;
	jmp_buf env;
};

/**
 * PEERBAR_GUARD - declare a guard that ends with its scope
 * peerbar_guard_begin - loads and stores of @map by pointer are guarded from here
 * peerbar_guard_end - until here, or until the scope of @guard is left
 *
 *	PEERBAR_GUARD(guard);
 *
 *	if (peerbar_guard_begin(&guard, map))
 *		return -ENODEV;
 *	sum += words[0] + words[1];
 *	peerbar_guard_end(&guard);
 *
 * An access that hits memory which was taken back goes on where
 * peerbar_guard_begin() returns, with -ENODEV instead of 0, like longjmp() to a
 * setjmp() there: locals that are not volatile and were changed since have no
 * certain value, and locks taken since stay taken.  The guard can be begun
 * again.  Leaving the scope by return, break or goto ends the guard; leaving
 * it by longjmp(), an exception or pthread_exit() does not and must not happen.
 *
 * Several mappings take several guards; they end in reverse order.  Memory of
 * an outer guard that is hit within an inner one ends both.
 *
 * Cost: no system call.  Threads: each has guards of its own.
 */
#ifdef __cplusplus
#define PEERBAR_GUARD(name)                                       \
	__attribute__((cleanup(peerbar_guard_end))) peerbar_guard \
	name = {}
#else
#define PEERBAR_GUARD(name)                                              \
	__attribute__((cleanup(peerbar_guard_end))) struct peerbar_guard \
	name = {.armed = 0}
#endif

/* setjmp() has to be called by the function that is returned to */
#define peerbar_guard_begin(guard, map)                      \
	(setjmp((guard)->env) ? peerbar_guard_broken(guard) \
			       : peerbar_guard_arm((guard), (map)))

void peerbar_guard_end(struct peerbar_guard *guard);

/**
 * peerbar_guard_arm - a part of peerbar_guard_begin(), not to be called alone
 * peerbar_guard_broken - likewise
 */
int peerbar_guard_arm(struct peerbar_guard *guard,
		      const struct peerbar_mapping *map);
int peerbar_guard_broken(struct peerbar_guard *guard);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_MAPPING_H */
