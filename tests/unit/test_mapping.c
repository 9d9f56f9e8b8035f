// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Mappings: address, content, fall-back, lifetime, and guarded access. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "test.h"
#include "fake_kernel.h"
#include "front.h"
#include "uapi.h"

#define PAGE	4096u
#define SIZE_2M (UINT64_C(1) << 21)

static struct peerbar_device *dev;
static struct peerbar_mapping *const untouched = (void *)0x1;

static int setup(void **state)
{
	/* the first mapping of all would do it unseen */
	guard_to_front();
	fake_reset();
	return peerbar_device_open(FAKE_BDF, NULL, &dev);
}

static int teardown(void **state)
{
	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static struct peerbar_buffer *export(const struct peerbar_range *ranges,
				     unsigned int nr, unsigned int flags)
{
	struct peerbar_buffer *buf = NULL;

	assert_int_equal(
		peerbar_buffer_export(dev, FAKE_BAR, ranges, nr, flags, &buf), 0);
	return buf;
}

static struct peerbar_buffer *export_one(uint64_t offset, uint64_t length)
{
	const struct peerbar_range range = {offset, length};

	return export(&range, 1, 0);
}

static struct peerbar_mapping *map_part(struct peerbar_buffer *buf,
					uint64_t offset, uint64_t length)
{
	struct peerbar_mapping *map = NULL;

	assert_int_equal(peerbar_buffer_map(buf, offset, length, 0, &map), 0);
	return map;
}

static void map_refused(struct peerbar_buffer *buf, uint64_t offset,
			uint64_t length, unsigned int flags, int err,
			const char *text)
{
	struct peerbar_mapping *map = untouched;
	unsigned int fds = fake_fds(), mappings = fake_mappings();

	assert_error(peerbar_buffer_map(buf, offset, length, flags, &map), err,
		     text);
	assert_ptr_equal(map, untouched);
	assert_int_equal(fake_fds(), fds);
	assert_int_equal(fake_mappings(), mappings);
}

static void content_follows_ranges(void **state)
{
	const struct peerbar_range ranges[] = {
		{6 * PAGE, PAGE},
		{0, 2 * PAGE},
		{3 * PAGE, PAGE},
	};
	const unsigned int bar_page[] = {6, 0, 1, 3};
	struct peerbar_buffer *buf = export(ranges, NR(ranges), 0);
	struct peerbar_mapping *map = map_part(buf, 0, 0);
	unsigned char byte;
	unsigned int i;

	assert_int_equal(peerbar_mapping_size(map), 4 * PAGE);
	assert_false(peerbar_mapping_is_fallback(map));
	for (i = 0; i < NR(bar_page); i++) {
		byte = i + 1;
		assert_int_equal(peerbar_write(map, i * PAGE + 5, &byte, 1), 0);
		assert_int_equal(fake_bar()[bar_page[i] * PAGE + 5], i + 1);
	}
	peerbar_mapping_close(map);
	map = map_part(buf, 2 * PAGE, 2 * PAGE);
	assert_int_equal(peerbar_read(map, PAGE + 5, &byte, 1), 0);
	assert_int_equal(byte, 4);
	peerbar_mapping_close(map);
	peerbar_mapping_close(NULL);
	peerbar_buffer_close(buf);
}

/* pages with an entry in the page table */
static unsigned int present(struct peerbar_mapping *map)
{
	uintptr_t at = (uintptr_t)peerbar_mapping_addr(map);
	uintptr_t end = at + peerbar_mapping_size(map);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int nr = 0;
	uint64_t entry;

	assert_true(fd >= 0);
	for (; at < end; at += PAGE) {
		assert_int_equal(pread(fd, &entry, 8, at / PAGE * 8), 8);
		nr += entry >> 63;
	}
	close(fd);
	return nr;
}

static void populate(void **state)
{
	/* the kernel inserts more than was asked for, but not that many */
	struct peerbar_buffer *buf = export_one(0, 256 * PAGE);
	struct peerbar_mapping *map = map_part(buf, 0, 0);

	guard_to_front();
	assert_int_equal(present(map), 0);
	peerbar_mapping_close(map);
	assert_int_equal(
		peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_POPULATE, &map), 0);
	assert_int_equal(present(map), 256);
	assert_int_equal(peerbar_write(map, 0, "x", 1), 0);
	peerbar_mapping_close(map);
	map_refused(buf, 0, 0, PEERBAR_MAP_POPULATE | PEERBAR_MAP_WRITE, EINVAL,
		    "PEERBAR_MAP_READ");

	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	map_refused(buf, 0, 0, PEERBAR_MAP_POPULATE, EAGAIN, "suspended");
	peerbar_mapping_close(map_part(buf, 0, 0));
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	assert_int_equal(peerbar_buffer_map(
				 buf, 0, 0,
				 PEERBAR_MAP_POPULATE | PEERBAR_MAP_READ, &map),
			 0);
	assert_error(peerbar_write(map, 0, "x", 1), EACCES, "read-only");
	peerbar_mapping_close(map);
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	map_refused(buf, 0, 0, PEERBAR_MAP_POPULATE, ENODEV, "for good");
	peerbar_buffer_close(buf);
}

/* Do virtual and physical address of a BAR byte agree below 2 MiB? */
static bool congruent(struct peerbar_mapping *map, uint64_t map_offset,
		      uint64_t bar_offset)
{
	uint64_t va = (uintptr_t)peerbar_mapping_addr(map) + map_offset;

	return !((va ^ (FAKE_BAR_ADDRESS + bar_offset)) & (SIZE_2M - 1));
}

static void address_fits_huge_pages(void **state)
{
	const struct peerbar_range ranges[] = {
		{0, PAGE},
		{4 * PAGE, SIZE_2M + PAGE},
	};
	struct peerbar_buffer *buf = export_one(5 * PAGE, 4 * SIZE_2M - 8 * PAGE);
	struct peerbar_mapping *map;

	map = map_part(buf, 0, 0);
	assert_true(congruent(map, 0, 5 * PAGE));
	peerbar_mapping_close(map);
	map = map_part(buf, 3 * PAGE, SIZE_2M);
	assert_true(congruent(map, 0, 8 * PAGE));
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);

	/* the long range decides, not the first */
	buf = export(ranges, NR(ranges), 0);
	map = map_part(buf, 0, 0);
	assert_true(congruent(map, PAGE, 4 * PAGE));
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

static void address_taken_meanwhile(void **state)
{
	struct peerbar_buffer *buf = export_one(0, 2 * SIZE_2M);
	struct peerbar_mapping *map;

	fake.misplaced = 2;
	map = map_part(buf, 0, 0);
	assert_int_equal(fake.misplaced, 0);
	assert_true(congruent(map, 0, 0));
	peerbar_mapping_close(map);
	/* any address is better than none */
	fake.misplaced = 1000;
	map = map_part(buf, 0, 0);
	assert_int_equal(peerbar_write(map, 0, "x", 1), 0);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

static void imported_address_is_aligned(void **state)
{
	int fd = fake_foreign_dma_buf(2 * SIZE_2M, false);
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;

	assert_int_equal(peerbar_buffer_import(fd, &buf), 0);
	map = map_part(buf, PAGE, SIZE_2M);
	assert_int_equal((uintptr_t)peerbar_mapping_addr(map) % SIZE_2M, PAGE);
	assert_int_equal(peerbar_write(map, 0, "x", 1), 0);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
	fake_close(fd);
}

static void bad_arguments(void **state)
{
	struct peerbar_buffer *buf = export_one(0, 4 * PAGE);
	static const uint64_t bad[][2] = {
		{1, PAGE},
		{0, PAGE + 1},
		{0, 5 * PAGE},
		{4 * PAGE, 0},
		{4 * PAGE, PAGE},
		{5 * PAGE, 0},
		{PAGE, -(uint64_t)PAGE},
		{-(uint64_t)PAGE, PAGE},
	};
	unsigned int i;

	for (i = 0; i < NR(bad); i++)
		map_refused(buf, bad[i][0], bad[i][1], 0, EINVAL,
			    "beyond the buffer of 0x4000 bytes");
	map_refused(buf, 0, 0, 8, EINVAL, "flags 0x8");
	peerbar_buffer_close(buf);
}

static void read_only_buffer(void **state)
{
	const struct peerbar_range range = {0, PAGE};
	struct peerbar_buffer *buf = export(&range, 1, PEERBAR_EXPORT_READ_ONLY);
	struct peerbar_mapping *map;
	unsigned int modules;
	char byte;

	for (modules = 0; modules < 2; modules++) {
		fake.has_modules = modules;
		map_refused(buf, 0, 0, 0, EACCES, "PEERBAR_MAP_READ");
		map_refused(buf, 0, 0, PEERBAR_MAP_WRITE, EACCES, "read-only");
		assert_int_equal(
			peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_READ, &map), 0);
		assert_int_equal(peerbar_read(map, 0, &byte, 1), 0);
		assert_error(peerbar_write(map, 0, &byte, 1), EACCES,
			     "read-only");
		peerbar_mapping_close(map);
	}
	peerbar_buffer_close(buf);
}

static void fallback(void **state)
{
	const struct peerbar_range ranges[] = {
		{PAGE, PAGE},
		{2 * PAGE, PAGE},
		{7 * PAGE, PAGE},
	};
	struct peerbar_buffer *buf = export(ranges, NR(ranges), 0);
	struct peerbar_mapping *map;
	unsigned char byte;

	fake.has_modules = false;
	map_refused(buf, 0, 0, 0, EOPNOTSUPP, "one range only");
	/* adjacent ranges are one */
	map = map_part(buf, 0, 2 * PAGE);
	assert_true(peerbar_mapping_is_fallback(map));
	fake_bar()[2 * PAGE + 1] = 0x5a;
	assert_int_equal(peerbar_read(map, PAGE + 1, &byte, 1), 0);
	assert_int_equal(byte, 0x5a);
	peerbar_mapping_close(map);
	map = map_part(buf, 2 * PAGE, 0);
	fake_bar()[7 * PAGE] = 0xa5;
	assert_int_equal(peerbar_read(map, 0, &byte, 1), 0);
	assert_int_equal(byte, 0xa5);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

static void no_fallback_for_import(void **state)
{
	int fd = fake_foreign_dma_buf(PAGE, false);
	struct peerbar_buffer *buf;

	fake.has_modules = false;
	assert_int_equal(peerbar_buffer_import(fd, &buf), 0);
	map_refused(buf, 0, 0, 0, EOPNOTSUPP, "modules of peerbar");
	peerbar_buffer_close(buf);
	fake_close(fd);
}

static void revoked_is_not_mapped(void **state)
{
	struct peerbar_buffer *buf = export_one(0, PAGE);

	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	map_refused(buf, 0, 0, 0, ENODEV, "revoked for good");
	peerbar_buffer_close(buf);
}

static void suspend_and_heal(void **state)
{
	struct peerbar_buffer *buf = export_one(0, 2 * PAGE);
	struct peerbar_mapping *map = map_part(buf, 0, 0);
	char bytes[PAGE] = "";

	guard_to_front();
	assert_int_equal(peerbar_write(map, 10, bytes, sizeof(bytes)), 0);
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	assert_error(peerbar_write(map, 10, bytes, sizeof(bytes)), ENODEV,
		     "taken back");
	assert_error(peerbar_read(map, 10, bytes, sizeof(bytes)), ENODEV,
		     "taken back");
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	assert_int_equal(peerbar_read(map, 10, bytes, sizeof(bytes)), 0);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

static void revoke_spares_the_other(void **state)
{
	struct peerbar_buffer *gone = export_one(0, PAGE);
	struct peerbar_buffer *kept = export_one(0, PAGE);
	struct peerbar_mapping *gone_map = map_part(gone, 0, 0);
	struct peerbar_mapping *kept_map = map_part(kept, 0, 0);

	guard_to_front();
	assert_int_equal(peerbar_buffer_revoke(gone), 0);
	assert_error(peerbar_write(gone_map, 0, "x", 1), ENODEV, "taken back");
	assert_int_equal(peerbar_write(kept_map, 0, "y", 1), 0);
	assert_int_equal(fake_bar()[0], 'y');
	peerbar_mapping_close(gone_map);
	peerbar_mapping_close(kept_map);
	peerbar_buffer_close(gone);
	peerbar_buffer_close(kept);
}

static void mapping_outlives_buffer(void **state)
{
	struct peerbar_buffer *buf = export_one(0, PAGE);
	struct peerbar_mapping *map = map_part(buf, 0, 0);
	struct peerbar_hit hit;
	int fd = peerbar_buffer_fd(buf);

	guard_to_front();
	peerbar_buffer_close(buf);
	assert_int_equal(peerbar_write(map, 0, "z", 1), 0);
	assert_int_equal(
		peerbar_registry_find(peerbar_mapping_addr(map), PAGE, &hit), 0);
	assert_int_not_equal(hit.fd, fd);
	peerbar_device_close(dev);
	dev = NULL;
	assert_error(peerbar_write(map, 0, "z", 1), ENODEV, "taken back");
	peerbar_mapping_close(map);
}

static void access_bounds(void **state)
{
	struct peerbar_buffer *buf = export_one(0, PAGE);
	struct peerbar_mapping *map = map_part(buf, 0, 0);
	char bytes[2];

	assert_error(peerbar_read(map, PAGE - 1, bytes, 2), EINVAL, "outside");
	assert_error(peerbar_read(map, UINT64_MAX, bytes, 2), EINVAL, "outside");
	assert_error(peerbar_write(map, PAGE + 1, bytes, 0), EINVAL, "outside");
	assert_int_equal(peerbar_write(map, PAGE, bytes, 0), 0);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

static void registered(void **state)
{
	struct peerbar_buffer *buf = export_one(0, 4 * PAGE);
	struct peerbar_mapping *map = map_part(buf, PAGE, 2 * PAGE);
	char *addr = peerbar_mapping_addr(map);
	struct peerbar_hit hit;

	assert_int_equal(peerbar_registry_find(addr + 7, 10, &hit), 0);
	assert_int_equal(hit.offset, PAGE + 7);
	assert_ptr_equal(hit.base, addr);
	assert_int_equal(hit.size, 2 * PAGE);
	peerbar_mapping_close(map);
	assert_int_equal(peerbar_registry_find(addr, 1, &hit), -ENOENT);
	peerbar_buffer_close(buf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(content_follows_ranges),
		TEST(populate),
		TEST(address_fits_huge_pages),
		TEST(address_taken_meanwhile),
		TEST(imported_address_is_aligned),
		TEST(bad_arguments),
		TEST(read_only_buffer),
		TEST(fallback),
		TEST(no_fallback_for_import),
		TEST(revoked_is_not_mapped),
		TEST(suspend_and_heal),
		TEST(revoke_spares_the_other),
		TEST(mapping_outlives_buffer),
		TEST(access_bounds),
		TEST(registered),
	};

	return RUN(tests);
}
