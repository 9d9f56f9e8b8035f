// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The copies with accessors that keep a record: which bytes, how wide, how
 * often.  copy.c is compiled here against them instead of io.h.
 */
#include "test.h"

#define PEERBAR_IO_H

#define MAX_LENGTH 64
#define ALIGNMENTS 16
#define POISON	   0xee

/* the device side, with room on both sides that nobody may touch */
static _Alignas(16) unsigned char device[ALIGNMENTS + MAX_LENGTH + 32];
static unsigned int touched[sizeof(device)];
static size_t window_start, window_end;
static unsigned int accesses;

static void record(const volatile void *addr, size_t width)
{
	size_t offset = (const volatile unsigned char *)addr - device;
	size_t i;

	assert_int_equal((uintptr_t)addr % width, 0);
	assert_true(offset >= window_start && offset + width <= window_end);
	for (i = 0; i < width; i++)
		touched[offset + i]++;
	accesses++;
}

#define IO_ACCESSORS(bits)                                                    \
	static uint##bits##_t io_read##bits(const volatile void *addr)        \
	{                                                                     \
		record(addr, bits / 8);                                       \
		return *(const volatile uint##bits##_t *)addr;                \
	}                                                                     \
                                                                              \
	static void io_write##bits(volatile void *addr, uint##bits##_t value) \
	{                                                                     \
		record(addr, bits / 8);                                       \
		*(volatile uint##bits##_t *)addr = value;                     \
	}

IO_ACCESSORS(8)
IO_ACCESSORS(16)
IO_ACCESSORS(32)
IO_ACCESSORS(64)

#include "copy.c"

/* Fewest aligned accesses of 1, 2, 4 and 8 bytes that cover the window. */
static unsigned int fewest_accesses(size_t start, size_t end)
{
	unsigned int nr = 0;

	while (start < end) {
		size_t width = 8;

		while (start % width || start + width > end)
			width /= 2;
		start += width;
		nr++;
	}
	return nr;
}

static void window(size_t alignment, size_t length)
{
	window_start = 16 + alignment;
	window_end = window_start + length;
	memset(touched, 0, sizeof(touched));
	accesses = 0;
}

static void check_window(void)
{
	size_t i;

	for (i = 0; i < sizeof(device); i++)
		assert_int_equal(touched[i], i >= window_start && i < window_end);
	assert_int_equal(accesses, fewest_accesses(window_start, window_end));
}

static void fill(unsigned char *buf, size_t len, unsigned int seed)
{
	while (len--)
		*buf++ = seed++ * 37 + 11;
}

static void check_poison(const unsigned char *buf, size_t len)
{
	while (len--)
		assert_int_equal(*buf++, POISON);
}

static void read_one(size_t alignment, size_t shift, size_t length)
{
	unsigned char memory[MAX_LENGTH + 32];

	window(alignment, length);
	fill(device, sizeof(device), alignment + length);
	memset(memory, POISON, sizeof(memory));
	copy_from_io(memory + shift, device + window_start, length);
	check_window();
	assert_memory_equal(memory + shift, device + window_start, length);
	check_poison(memory, shift);
	check_poison(memory + shift + length, sizeof(memory) - shift - length);
}

static void write_one(size_t alignment, size_t shift, size_t length)
{
	unsigned char memory[MAX_LENGTH + 32];

	window(alignment, length);
	fill(memory, sizeof(memory), alignment + length);
	memset(device, POISON, sizeof(device));
	copy_to_io(device + window_start, memory + shift, length);
	check_window();
	assert_memory_equal(device + window_start, memory + shift, length);
	check_poison(device, window_start);
	check_poison(device + window_end, sizeof(device) - window_end);
}

static void for_all(void (*one)(size_t, size_t, size_t))
{
	size_t alignment, shift, length;

	for (alignment = 0; alignment < ALIGNMENTS; alignment++)
		for (shift = 0; shift < 8; shift++)
			for (length = 0; length <= MAX_LENGTH; length++)
				one(alignment, shift, length);
}

static void reads(void **state)
{
	for_all(read_one);
}

static void writes(void **state)
{
	for_all(write_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(writes),
	};

	return RUN(tests);
}
