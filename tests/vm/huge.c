// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which page sizes a mapping is made of, by the kernel's own counters. */
#include <signal.h>
#include <sys/mman.h>

#include "bar.h"
#include "child.h"

#define PMD  MIB(2)
#define SEED 23

struct faults {
	uint64_t small;
	uint64_t huge;
};

static void check_faults(struct peerbar_buffer *buf, struct faults want)
{
	struct peerbar_buffer_info info = fx_info(buf);

	assert_int_equal(info.faults_2m, want.huge);
	assert_int_equal(info.faults_4k, want.small);
	assert_int_equal(info.faults_1g, 0);
	assert_int_equal(info.faults_refused, 0);
}

static void test_whole_bar(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, FX_BAR_SIZE);
	struct peerbar_mapping *map = fx_map(fx, buf);

	check_faults(buf, (struct faults){0, 0});
	fx_touch(peerbar_mapping_addr(map), FX_BAR_SIZE);
	check_faults(buf, (struct faults){0, FX_BAR_SIZE / PMD});
	/* once there, they stay */
	fx_touch(peerbar_mapping_addr(map), FX_BAR_SIZE);
	check_faults(buf, (struct faults){0, FX_BAR_SIZE / PMD});
}

static void test_stores_fault_huge_pages(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, PMD, PMD);
	volatile uint32_t *word = peerbar_mapping_addr(fx_map(fx, buf));

	word[0] = 1;
	word[PMD / sizeof(*word) - 1] = 1;
	check_faults(buf, (struct faults){0, 1});
}

/* An address that is @skew beyond a multiple of 2 MiB. */
static void *map_skewed(struct fx *fx, int fd, size_t len, size_t skew)
{
	uintptr_t area = (uintptr_t)fx_mmap(fx, fd, 0, PAGE, PROT_READ);
	void *want = (void *)(((area >> 30) << 30) - MIB(512) + skew);
	void *got = mmap(want, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);

	assert_ptr_equal(got, want);
	return got;
}

static void test_unaligned_address_falls_back(void **state)
{
	const struct peerbar_range range = {0, 2 * PMD};
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, &range, 1);
	char *addr = map_skewed(fx, peerbar_buffer_fd(buf), 2 * PMD, PAGE);

	fx_bar_fill(dev, SEED, 0, KIB(64));
	fx_touch(addr, 2 * PMD);
	check_faults(buf, (struct faults){2 * PMD / PAGE, 0});
	fx_pattern_check(addr, SEED, 0, KIB(64));
	munmap(addr, 2 * PMD);
}

/* Offset and address agree, but the first and the last 2 MiB are not whole. */
static void test_edges_are_small(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, PAGE, 2 * PMD);
	struct peerbar_mapping *map = fx_map(fx, buf);

	fx_touch(peerbar_mapping_addr(map), 2 * PMD);
	check_faults(buf, (struct faults){PMD / PAGE, 1});
}

static void test_part_of_a_buffer(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, 4 * PMD);
	struct peerbar_mapping *map;

	fx_bar_fill(dev, SEED, PMD + PAGE, KIB(64));
	ok(peerbar_buffer_map(buf, PMD + PAGE, 2 * PMD, 0, &map));
	fx_touch(peerbar_mapping_addr(map), 2 * PMD);
	fx_pattern_check(peerbar_mapping_addr(map), SEED, PMD + PAGE, KIB(64));
	peerbar_mapping_close(map);
	check_faults(buf, (struct faults){PMD / PAGE, 1});
}

static void touch_ranges(struct fx *fx, const struct peerbar_range *ranges,
			 unsigned int nr, struct faults want)
{
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, ranges, nr);
	struct peerbar_mapping *map = fx_map(fx, buf);
	uint64_t at = 0;
	unsigned int i;
	char mem[PAGE];

	fx_touch(peerbar_mapping_addr(map), peerbar_mapping_size(map));
	check_faults(buf, want);
	for (i = 0; i < nr; at += ranges[i].length, i++) {
		fx_bar_fill(dev, SEED, ranges[i].offset, PAGE);
		ok(peerbar_read(map, at, mem, PAGE));
		fx_pattern_check(mem, SEED, ranges[i].offset, PAGE);
	}
}

static void test_congruent_ranges(void **state)
{
	static const struct peerbar_range ranges[] = {
		{4 * PMD, 2 * PMD},
		{0, PMD},
	};

	touch_ranges(*state, ranges, 2, (struct faults){0, 3});
}

static void test_one_range_is_not_congruent(void **state)
{
	static const struct peerbar_range ranges[] = {
		{4 * PMD, 2 * PMD},
		{PAGE, PMD},
	};

	touch_ranges(*state, ranges, 2, (struct faults){PMD / PAGE, 2});
}

/* A seam inside 2 MiB, although both sides are congruent. */
static void test_seam_inside_a_huge_page(void **state)
{
	static const struct peerbar_range ranges[] = {
		{4 * PMD, PMD + PMD / 2},
		{PMD + PMD / 2, PMD + PMD / 2},
	};

	touch_ranges(*state, ranges, 2, (struct faults){PMD / PAGE, 2});
}

/* Merged before any look-up, so that no seam is left. */
static void test_neighbours_share_a_huge_page(void **state)
{
	static const struct peerbar_range ranges[] = {
		{0, PMD / 2},
		{PMD / 2, PMD / 2},
	};

	touch_ranges(*state, ranges, 2, (struct faults){0, 1});
}

static void test_revoke_takes_huge_pages_back(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, 2 * PMD);
	void *addr = peerbar_mapping_addr(fx_map(fx, buf));

	fx_touch(addr, 2 * PMD);
	ok(peerbar_device_reset(dev));
	fx_touch(addr, 2 * PMD);
	check_faults(buf, (struct faults){0, 4});
	ok(peerbar_buffer_revoke(buf));
	assert_int_equal(fx_load_signal(fx, addr), SIGBUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_whole_bar),
		FX_TEST(test_stores_fault_huge_pages),
		FX_TEST(test_unaligned_address_falls_back),
		FX_TEST(test_edges_are_small),
		FX_TEST(test_part_of_a_buffer),
		FX_TEST(test_congruent_ranges),
		FX_TEST(test_one_range_is_not_congruent),
		FX_TEST(test_seam_inside_a_huge_page),
		FX_TEST(test_neighbours_share_a_huge_page),
		FX_TEST(test_revoke_takes_huge_pages_back),
	};

	return FX_RUN(tests);
}
