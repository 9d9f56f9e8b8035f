// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <string.h>

#include "copy.h"
#include "io.h"

/*
 * The ordinary side may have any alignment: memcpy() of a constant size is one
 * plain move.
 */
#define STEP_FROM(bits)                                    \
	do {                                               \
		uint##bits##_t value = io_read##bits(src); \
                                                           \
		memcpy(dst, &value, sizeof(value));        \
		src += sizeof(value);                      \
		dst += sizeof(value);                      \
		len -= sizeof(value);                      \
	} while (0)

#define STEP_TO(bits)                               \
	do {                                        \
		uint##bits##_t value;               \
                                                    \
		memcpy(&value, src, sizeof(value)); \
		io_write##bits(dst, value);         \
		src += sizeof(value);               \
		dst += sizeof(value);               \
		len -= sizeof(value);               \
	} while (0)

/* Is one step of @size due to align the device side @io? */
static inline bool head(const volatile void *io, size_t len, size_t size)
{
	return (uintptr_t)io & size && len >= size;
}

static void from_io(unsigned char *dst, const volatile unsigned char *src,
		    size_t len)
{
	if (head(src, len, 1))
		STEP_FROM(8);
	if (head(src, len, 2))
		STEP_FROM(16);
#if __SIZEOF_LONG__ == 8
	if (head(src, len, 4))
		STEP_FROM(32);
	while (len >= 8)
		STEP_FROM(64);
#endif
	while (len >= 4)
		STEP_FROM(32);
	if (len >= 2)
		STEP_FROM(16);
	if (len)
		STEP_FROM(8);
}

static void to_io(volatile unsigned char *dst, const unsigned char *src,
		  size_t len)
{
	if (head(dst, len, 1))
		STEP_TO(8);
	if (head(dst, len, 2))
		STEP_TO(16);
#if __SIZEOF_LONG__ == 8
	if (head(dst, len, 4))
		STEP_TO(32);
	while (len >= 8)
		STEP_TO(64);
#endif
	while (len >= 4)
		STEP_TO(32);
	if (len >= 2)
		STEP_TO(16);
	if (len)
		STEP_TO(8);
}

#ifdef __x86_64__
/* below it there is nothing to gain, and registers are never accessed wide */
#define VECTORS_FROM 128

/* to the first multiple of the vector's size by natural accesses, and the rest */
#define COPY_VECTORS(bits, isa)                                                \
	__attribute__((target(isa))) static void from_io##bits(                \
		unsigned char *dst, const volatile unsigned char *src,         \
		size_t len)                                                    \
	{                                                                      \
		size_t first = -(uintptr_t)src & (bits / 8 - 1);               \
                                                                               \
		from_io(dst, src, first);                                      \
		src += first;                                                  \
		dst += first;                                                  \
		io_fence();                                                    \
		for (len -= first; len >= bits / 8; len -= bits / 8) {         \
			io_load##bits(dst, src);                               \
			src += bits / 8;                                       \
			dst += bits / 8;                                       \
		}                                                              \
		from_io(dst, src, len);                                        \
	}                                                                      \
                                                                               \
	__attribute__((target(isa))) static void to_io##bits(                  \
		volatile unsigned char *dst, const unsigned char *src,         \
		size_t len)                                                    \
	{                                                                      \
		size_t first = -(uintptr_t)dst & (bits / 8 - 1);               \
                                                                               \
		to_io(dst, src, first);                                        \
		src += first;                                                  \
		dst += first;                                                  \
		for (len -= first; len >= bits / 8; len -= bits / 8) {         \
			io_store##bits(dst, src);                              \
			src += bits / 8;                                       \
			dst += bits / 8;                                       \
		}                                                              \
		to_io(dst, src, len);                                          \
	}

COPY_VECTORS(128, "sse4.1")
COPY_VECTORS(256, "avx2")
COPY_VECTORS(512, "avx512f")

static unsigned int vectors_for(size_t len)
{
	return len < VECTORS_FROM ? 0 : io_vector_bits();
}

void copy_from_io(void *dst, const volatile void *src, size_t len)
{
	switch (vectors_for(len)) {
	case 512:
		return from_io512(dst, src, len);
	case 256:
		return from_io256(dst, src, len);
	case 128:
		return from_io128(dst, src, len);
	default:
		return from_io(dst, src, len);
	}
}

void copy_to_io(volatile void *dst, const void *src, size_t len)
{
	switch (vectors_for(len)) {
	case 512:
		return to_io512(dst, src, len);
	case 256:
		return to_io256(dst, src, len);
	case 128:
		return to_io128(dst, src, len);
	default:
		return to_io(dst, src, len);
	}
}
#else
void copy_from_io(void *dst, const volatile void *src, size_t len)
{
	from_io(dst, src, len);
}

void copy_to_io(volatile void *dst, const void *src, size_t len)
{
	to_io(dst, src, len);
}
#endif
