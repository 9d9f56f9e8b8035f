/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RXE_MAP_SHIM_UNALIGNED_H
#define RXE_MAP_SHIM_UNALIGNED_H

#include <string.h>

#include <linux/types.h>

static inline u64 get_unaligned(const void *from)
{
	u64 value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void put_unaligned(u64 value, void *to)
{
	memcpy(to, &value, sizeof(value));
}

#endif
