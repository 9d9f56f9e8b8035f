// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Guarded copies from and to a mapping. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include <peerbar/error.h>

#include "copy.h"
#include "guard.h"

/*
 * Not by peerbar_guard_run(), and what is refused apart: calls through pointers
 * and registers saved for messages are half of what a guard costs.
 */
static bool is_inside(const struct peerbar_mapping *map, uint64_t offset,
		      size_t len)
{
	return offset <= map->size && len <= map->size - offset;
}

__attribute__((cold, noinline)) static int
refuse(const struct peerbar_mapping *map, uint64_t offset, size_t len)
{
	if (is_inside(map, offset, len))
		return peerbar_error_set(-EACCES, "the mapping is read-only");
	return peerbar_error_set(
		-EINVAL,
		"offset 0x%" PRIx64
		", length 0x%zx is outside the mapping of 0x%zx bytes",
		offset, len, map->size);
}

int peerbar_read(const struct peerbar_mapping *map, uint64_t offset, void *dst,
		 size_t len)
{
	struct peerbar_guard guard;

	if (!is_inside(map, offset, len))
		return refuse(map, offset, len);
	if (GUARD_LIGHT_BEGUN(&guard))
		return peerbar_guard_broken(&guard);
	guard_arm(&guard, map, GUARD_LIGHT);
	copy_from_io(dst, (const volatile char *)map->addr + offset, len);
	guard_disarm(&guard);
	return 0;
}

int peerbar_write(struct peerbar_mapping *map, uint64_t offset, const void *src,
		  size_t len)
{
	struct peerbar_guard guard;

	if (!is_inside(map, offset, len) || !map->writable)
		return refuse(map, offset, len);
	if (GUARD_LIGHT_BEGUN(&guard))
		return peerbar_guard_broken(&guard);
	guard_arm(&guard, map, GUARD_LIGHT);
	copy_to_io((volatile char *)map->addr + offset, src, len);
	guard_disarm(&guard);
	return 0;
}
