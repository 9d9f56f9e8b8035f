// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The copies with accessors that keep a record: which bytes, how wide, how
 * often.  copy.c is compiled here against them instead of io.h.
 */
#include "test.h"

#define PEERBAR_IO_H

#define MAX_LENGTH 320
#define ALIGNMENTS 64
#define ROOM	   64
#define POISON	   0xee

/* the device side, with room on both sides that nobody may touch */
static _Alignas(64) unsigned char device[ROOM + ALIGNMENTS + MAX_LENGTH + ROOM];
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

#ifdef __x86_64__
#define IO_VECTOR(bits)                                                      \
	static void io_load##bits(void *to, const volatile void *from)       \
	{                                                                    \
		record(from, bits / 8);                                      \
		memcpy(to, (const void *)from, bits / 8);                    \
	}                                                                    \
                                                                             \
	static void io_store##bits(volatile void *to, const void *from)      \
	{                                                                    \
		record(to, bits / 8);                                        \
		memcpy((void *)to, from, bits / 8);                          \
	}

IO_VECTOR(128)
IO_VECTOR(256)
IO_VECTOR(512)

/* what the CPU is said to have, whatever it has */
static unsigned int vector_bits;

static unsigned int io_vector_bits(void)
{
	return vector_bits;
}

static void io_fence(void)
{
}
#else
static unsigned int vector_bits;
#endif

#include "copy.c"

/* Fewest aligned accesses of 1, 2, 4, 8 and, if there are, vectors' bytes. */
static unsigned int fewest_accesses(size_t start, size_t end)
{
	size_t vector = end - start < 128 ? 0 : vector_bits / 8;
	unsigned int nr = 0;

	while (start < end) {
		size_t width = 8;

		if (vector && start % vector == 0 && start + vector <= end)
			width = vector;
		while (start % width || start + width > end)
			width /= 2;
		start += width;
		nr++;
	}
	return nr;
}

static void window(size_t alignment, size_t length)
{
	window_start = ROOM + alignment;
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

static void for_all(void (*one)(size_t, size_t, size_t), unsigned int bits)
{
	size_t alignment, shift, length;

	vector_bits = bits;
	for (alignment = 0; alignment < ALIGNMENTS; alignment++)
		for (shift = 0; shift < 8; shift += 1 + alignment % 3)
			for (length = 0; length <= MAX_LENGTH;
			     length += length < 80 ? 1 : 7)
				one(alignment, shift, length);
}

static void natural_widths(void **state)
{
	for_all(read_one, 0);
	for_all(write_one, 0);
}

#ifdef __x86_64__
/* the registers are real ones, so the CPU has to have them */
static bool cpu_has(unsigned int bits)
{
	switch (bits) {
	case 256:
		return __builtin_cpu_supports("avx");
	case 512:
		return __builtin_cpu_supports("avx512f");
	default:
		return true;
	}
}

static void vectors(void **state)
{
	static const unsigned int bits[] = {128, 256, 512};

	for (size_t i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		if (!cpu_has(bits[i])) {
			print_message("no vectors of %u bits here\n", bits[i]);
			continue;
		}
		for_all(read_one, bits[i]);
		for_all(write_one, bits[i]);
	}
}

/* registers of 64 bytes in a row are still registers */
static void short_copies_are_never_wide(void **state)
{
	unsigned char memory[64];

	vector_bits = 512;
	window(0, sizeof(memory));
	copy_from_io(memory, device + window_start, sizeof(memory));
	assert_int_equal(accesses, 8);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(natural_widths),
#ifdef __x86_64__
		cmocka_unit_test(vectors),
		cmocka_unit_test(short_copies_are_never_wide),
#endif
	};

	return RUN(tests);
}
