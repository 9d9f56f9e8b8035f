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

#ifdef __x86_64__
#include <immintrin.h>

/*
 * Vectors.  The load is the streaming one: of write-combining memory it fetches
 * a whole line, of uncached memory it is an ordinary load.  In asm, so that
 * the compiler neither drops, merges nor repeats it.  The ordinary side may
 * have any alignment.
 */
#define IO_VECTOR(bits, isa, type, load, unaligned)                          \
	__attribute__((target(isa))) static inline void io_load##bits(       \
		void *to, const volatile void *from)                         \
	{                                                                    \
		type value;                                                  \
                                                                             \
		__asm__ volatile(load " %1, %0"                              \
				 : "=v"(value)                               \
				 : "m"(*(const volatile type *)from));       \
		*(unaligned *)to = value;                                    \
	}                                                                    \
                                                                             \
	__attribute__((target(isa))) static inline void io_store##bits(      \
		volatile void *to, const void *from)                         \
	{                                                                    \
		*(volatile type *)to = *(const unaligned *)from;             \
	}

IO_VECTOR(128, "sse4.1", __m128i, "movntdqa", __m128i_u)
IO_VECTOR(256, "avx2", __m256i, "vmovntdqa", __m256i_u)
IO_VECTOR(512, "avx512f", __m512i, "vmovntdqa", __m512i_u)

/* the widest vectors of this CPU, in bits; 0: none of these */
static inline unsigned int io_vector_bits(void)
{
	if (__builtin_cpu_supports("avx512f"))
		return 512;
	if (__builtin_cpu_supports("avx2"))
		return 256;
	return __builtin_cpu_supports("sse4.1") ? 128 : 0;
}

/* streaming loads may be served from a line fetched before */
static inline void io_fence(void)
{
	__asm__ volatile("mfence" ::: "memory");
}
#endif

#endif /* PEERBAR_IO_H */
