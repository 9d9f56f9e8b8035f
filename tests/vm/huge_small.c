// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A BAR of 2 GiB, a kernel that knows entries of 1 GiB, a CPU that does not. */
#include "bar.h"

#define GIB  (MIB(1) << 10)
#define PMD  MIB(2)
#define SEED 31

static void test_two_mib_instead(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, 2 * GIB);
	struct peerbar_mapping *map = fx_map(fx, buf);
	volatile char *addr = peerbar_mapping_addr(map);
	struct peerbar_buffer_info info;
	uint64_t at;
	char mem[PAGE];

	fx_bar_fill(dev, SEED, GIB, PAGE);
	for (at = 0; at < 2 * GIB; at += PMD)
		(void)addr[at];
	info = fx_info(buf);
	assert_int_equal(info.faults_1g, 0);
	assert_int_equal(info.faults_2m, 2 * GIB / PMD);
	assert_int_equal(info.faults_4k, 0);
	ok(peerbar_read(map, GIB, mem, PAGE));
	fx_pattern_check(mem, SEED, GIB, PAGE);
}

/* The same through the device's file. */
static void test_bar_mapping(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	volatile char *addr = fx_mmap_device(fx, dev, 0, 2 * GIB);
	uint64_t at;

	fx_bar_fill(dev, SEED, GIB, PAGE);
	for (at = 0; at < 2 * GIB; at += PMD)
		(void)addr[at];
	fx_pattern_check((char *)addr + GIB, SEED, GIB, PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_two_mib_instead),
		FX_TEST(test_bar_mapping),
	};

	return FX_RUN(tests);
}
