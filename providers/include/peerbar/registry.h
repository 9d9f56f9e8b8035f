/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Registry
 *
 * Every live mapping of this process, by address.  It is how a provider that
 * is handed a bare pointer finds the dma-buf below it.
 */
#ifndef PEERBAR_REGISTRY_H
#define PEERBAR_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct peerbar_hit - where an address lies
 * @fd: dma-buf fd; the registry's.  Duplicate it before the mapping can go.
 * @offset: bytes into the dma-buf of the address asked for
 * @base: first address of the mapping
 * @size: bytes of the mapping
 */
struct peerbar_hit {
	int fd;
	uint64_t offset;
	void *base;
	size_t size;
};

/**
 * peerbar_registry_find - look an address range up
 * @len: bytes; 0 looks up the address alone
 * @out: written on success
 *
 * Threads: lock-free; safe against mappings that come and go elsewhere.
 * Return: 0 when [addr, addr + len) lies in one mapping; -ENOENT when it
 * touches none; -ERANGE when it touches one and leaves it.
 */
int peerbar_registry_find(const void *addr, size_t len,
			  struct peerbar_hit *out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_REGISTRY_H */
