// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * kernel/rxe/rxe_map.h in user space, above I/O memory that notes every access:
 * each byte of the range once, none outside, words of 64 bits wherever one fits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* the kernel's dialect of C */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpointer-arith"
#define CONFIG_X86_64
#include "rxe_map.h"
#pragma GCC diagnostic pop

/* two turns of the loop and a bit at both ends */
#define ROOM	  144
#define SIZE	  (3 * ROOM)
#define POISON	  0xa5
#define WORD	  sizeof(u64)

static _Alignas(64) unsigned char io[SIZE];
static unsigned int touched[SIZE], words;

static void touch(const volatile void *addr, size_t length)
{
	size_t at = (size_t)((const volatile unsigned char *)addr - io);

	assert_true(at <= SIZE && length <= SIZE - at);
	while (length--)
		touched[at++]++;
}

static void touch_word(const volatile void *addr)
{
	assert_int_equal((uintptr_t)addr % WORD, 0);
	touch(addr, WORD);
	words++;
}

u64 __raw_readq(const volatile void *from)
{
	touch_word(from);
	return *(const volatile u64 *)from;
}

void __raw_writeq(u64 value, volatile void *to)
{
	touch_word(to);
	*(volatile u64 *)to = value;
}

void memcpy_fromio(void *to, const volatile void *from, size_t length)
{
	touch(from, length);
	memcpy(to, (const void *)from, length);
}

void memcpy_toio(volatile void *to, const void *from, size_t length)
{
	touch(to, length);
	memcpy((void *)to, from, length);
}

static void fill(unsigned char *bytes)
{
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 37 + 11);
}

static void check_copy(const unsigned char *to, size_t to_at,
		       const unsigned char *from, size_t from_at, size_t length)
{
	for (size_t i = 0; i < SIZE; i++) {
		if (i >= to_at && i < to_at + length)
			assert_int_equal(to[i], from[from_at + i - to_at]);
		else
			assert_int_equal(to[i], POISON);
	}
}

static unsigned int words_within(size_t at, size_t length)
{
	size_t first = (at + WORD - 1) / WORD, end = (at + length) / WORD;

	return end > first ? (unsigned int)(end - first) : 0;
}

static void check_accesses(size_t at, size_t length, bool is_iomem)
{
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(touched[i],
				 is_iomem && i >= at && i < at + length);
	assert_int_equal(words, is_iomem ? words_within(at, length) : 0);
}

static void copy(bool writes, bool is_iomem, size_t io_at, size_t at,
		 size_t length)
{
	struct iosys_map map = {.vaddr = io, .is_iomem = is_iomem};
	unsigned char memory[SIZE];

	memset(touched, 0, sizeof(touched));
	words = 0;
	memset(io, POISON, SIZE);
	memset(memory, POISON, SIZE);
	fill(writes ? memory : io);
	if (writes) {
		rxe_map_write(&map, io_at, memory + at, length);
		check_copy(io, io_at, memory, at, length);
	} else {
		rxe_map_read(memory + at, &map, io_at, length);
		check_copy(memory, at, io, io_at, length);
	}
	check_accesses(io_at, length, is_iomem);
}

static void all_alignments(bool writes, bool is_iomem)
{
	for (size_t io_at = ROOM; io_at < ROOM + WORD; io_at++)
		for (size_t at = ROOM; at < ROOM + WORD; at++)
			for (size_t length = 0; length <= ROOM; length++)
				copy(writes, is_iomem, io_at, at, length);
}

static void reads_io(void **state)
{
	all_alignments(false, true);
}

static void writes_io(void **state)
{
	all_alignments(true, true);
}

static void memory_is_no_io(void **state)
{
	all_alignments(false, false);
	all_alignments(true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_io),
		cmocka_unit_test(writes_io),
		cmocka_unit_test(memory_is_no_io),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0;
}
