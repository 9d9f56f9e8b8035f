// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdint.h>
#include <string.h>

#include "copy.h"

/* the widest access that @addr is aligned for and @len has room for */
static size_t width(uintptr_t addr, size_t len)
{
	size_t n = sizeof(uint64_t);

	while (n > 1 && (addr & (n - 1) || n > len))
		n /= 2;
	return n;
}

union word {
	uint64_t u64;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;
};

static void store(volatile void *bar, const void *src, size_t n)
{
	union word word;

	memcpy(&word, src, n);
	switch (n) {
	case 8:
		*(volatile uint64_t *)bar = word.u64;
		break;
	case 4:
		*(volatile uint32_t *)bar = word.u32;
		break;
	case 2:
		*(volatile uint16_t *)bar = word.u16;
		break;
	default:
		*(volatile uint8_t *)bar = word.u8;
	}
}

static void load(void *dst, const volatile void *bar, size_t n)
{
	union word word;

	switch (n) {
	case 8:
		word.u64 = *(const volatile uint64_t *)bar;
		break;
	case 4:
		word.u32 = *(const volatile uint32_t *)bar;
		break;
	case 2:
		word.u16 = *(const volatile uint16_t *)bar;
		break;
	default:
		word.u8 = *(const volatile uint8_t *)bar;
	}
	memcpy(dst, &word, n);
}

void ucx_copy_to_bar(void *bar, const void *src, size_t len)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = width((uintptr_t)bar + at, len - at);
		store((char *)bar + at, (const char *)src + at, n);
	}
}

void ucx_copy_from_bar(void *dst, const void *bar, size_t len)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = width((uintptr_t)bar + at, len - at);
		load((char *)dst + at, (const char *)bar + at, n);
	}
}
