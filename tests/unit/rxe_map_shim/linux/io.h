/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* I/O memory that tells who touches it, see rxe_map.c */
#ifndef RXE_MAP_SHIM_IO_H
#define RXE_MAP_SHIM_IO_H

#include <linux/types.h>

#define __iomem

u64 __raw_readq(const volatile void *from);
void __raw_writeq(u64 value, volatile void *to);
void memcpy_fromio(void *to, const volatile void *from, size_t length);
void memcpy_toio(volatile void *to, const void *from, size_t length);

#endif
