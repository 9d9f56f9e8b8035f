// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The copies with the instructions of this CPU, between pages that cannot be
 * accessed: every start and end within two vectors of either.
 */
#include <sys/mman.h>

#include "test.h"

#include "copy.h"

#define PAGE   4096u
#define WITHIN 130u

/* one page, and nothing before and behind it */
static unsigned char *lone_page(void)
{
	unsigned char *all = mmap(NULL, 3 * PAGE, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(all != MAP_FAILED);
	assert_int_equal(mprotect(all + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	return all + PAGE;
}

static void fill(unsigned char *buf, unsigned int seed)
{
	for (unsigned int i = 0; i < PAGE; i++)
		buf[i] = (unsigned char)(i * 7 + (i >> 8) + seed);
}

static void both_ways(unsigned char *io, unsigned char *memory, size_t start,
		      size_t end, size_t shift)
{
	fill(io, 1);
	memset(memory, 0xee, PAGE);
	copy_from_io(memory + shift, io + start, end - start);
	assert_memory_equal(memory + shift, io + start, end - start);
	memset(io, 0xee, PAGE);
	copy_to_io(io + start, memory + shift, end - start);
	assert_memory_equal(memory + shift, io + start, end - start);
	for (size_t i = 0; i < PAGE; i++)
		if ((i < start || i >= end) && io[i] != 0xee)
			fail_msg("byte %zu of %zu to %zu", i, start, end);
}

static void to_the_edges_of_a_page(void **state)
{
	unsigned char *io = lone_page(), *memory = lone_page();
	size_t cut;

	for (cut = 0; cut < WITHIN; cut++) {
		both_ways(io, memory, cut, PAGE, 0);
		both_ways(io, memory, cut, PAGE, cut);
		both_ways(io, memory, 0, PAGE - cut, cut);
		both_ways(io, memory, PAGE - cut, PAGE, PAGE - cut);
		both_ways(io, memory, 0, cut, 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_the_edges_of_a_page),
	};

	return RUN(tests);
}
