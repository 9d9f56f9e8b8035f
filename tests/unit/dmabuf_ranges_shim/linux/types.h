/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's <linux/types.h> has and the one of user space has not. */
#ifndef DMABUF_RANGES_SHIM_TYPES_H
#define DMABUF_RANGES_SHIM_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;
typedef u64 phys_addr_t;

struct phys_vec {
	phys_addr_t	paddr;
	size_t		len;
};

#endif
