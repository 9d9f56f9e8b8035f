/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One access to device memory, exactly once and exactly that wide. */
#ifndef PEERBAR_IO_H
#define PEERBAR_IO_H

#include <stdint.h>

#define IO_ACCESSORS(bits)                                                    \
	static inline uint##bits##_t io_read##bits(const volatile void *addr) \
	{                                                                     \
		return *(const volatile uint##bits##_t *)addr;                \
	}                                                                     \
                                                                              \
	static inline void io_write##bits(volatile void *addr,                \
					  uint##bits##_t value)               \
	{                                                                     \
		*(volatile uint##bits##_t *)addr = value;                     \
	}

IO_ACCESSORS(8)
IO_ACCESSORS(16)
IO_ACCESSORS(32)
#if __SIZEOF_LONG__ == 8
IO_ACCESSORS(64)
#endif

#endif /* PEERBAR_IO_H */
