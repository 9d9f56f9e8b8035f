// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A BAR of 2 GiB: entries of 1 GiB where they fit, of 2 MiB where they do not. */
#include "bar.h"

#define GIB  (MIB(1) << 10)
#define PMD  MIB(2)
#define SEED 29

static void check_faults(struct peerbar_buffer *buf, uint64_t gib, uint64_t mib)
{
	struct peerbar_buffer_info info = fx_info(buf);

	assert_int_equal(info.faults_1g, gib);
	assert_int_equal(info.faults_2m, mib);
	assert_int_equal(info.faults_4k, 0);
	assert_int_equal(info.faults_refused, 0);
}

/* each 2 MiB is enough: what has no entry faults */
static void touch(struct peerbar_mapping *map)
{
	volatile char *addr = peerbar_mapping_addr(map);
	uint64_t at;

	for (at = 0; at < peerbar_mapping_size(map); at += PMD)
		(void)addr[at];
}

static void test_two_faults_for_two_gib(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, 2 * GIB);
	struct peerbar_mapping *map = fx_map(fx, buf);
	char mem[PAGE];

	fx_bar_fill(dev, SEED, 2 * GIB - PAGE, PAGE);
	touch(map);
	check_faults(buf, 2, 0);
	ok(peerbar_read(map, 2 * GIB - PAGE, mem, PAGE));
	fx_pattern_check(mem, SEED, 2 * GIB - PAGE, PAGE);
	/* they are taken back, and made again */
	ok(peerbar_device_reset(dev));
	touch(map);
	check_faults(buf, 4, 0);
}

/* Half of each GiB: none is whole. */
static void test_a_gib_that_is_not_whole(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, GIB / 2, GIB);

	touch(fx_map(fx, buf));
	check_faults(buf, 0, GIB / PMD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_two_faults_for_two_gib),
		FX_TEST(test_a_gib_that_is_not_whole),
	};

	return FX_RUN(tests);
}
