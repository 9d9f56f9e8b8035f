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

void copy_from_io(void *dst, const volatile void *src, size_t len)
{
	from_io(dst, src, len);
}

void copy_to_io(volatile void *dst, const void *src, size_t len)
{
	to_io(dst, src, len);
}
