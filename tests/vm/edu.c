// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Peer-to-peer DMA through the IOMMU: it reaches the BAR while it may, and
 * nothing of the BAR when it may not.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "bar.h"
#include "importer.h"
#include "raw.h"

#define SEED	 77
#define OLD	 1977
#define CHUNK	 PEERBAR_EDU_CHUNK

#define FAULT_MS 3000

struct scene {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	int edu;
};

/* two pages, in the middle of four */
#define BASE MIB(8)
#define SIZE (2 * PAGE)

static void scene_open(struct fx *fx, struct scene *s)
{
	s->fx = fx;
	s->dev = fx_device(fx, fx_bdf());
	fx_bar_fill(s->dev, OLD, BASE - PAGE, SIZE + 2 * PAGE);
	s->buf = fx_export_one(fx, s->dev, BASE, SIZE);
	s->edu = fx_edu(fx);
}

static int scene_fd(const struct scene *s)
{
	return peerbar_buffer_fd(s->buf);
}

static void test_dma_reaches_the_bar(void **state)
{
	char mem[SIZE];
	struct scene s;

	scene_open(*state, &s);
	fx_edu_import(s.edu, scene_fd(&s), 0);
	assert_int_equal(fx_info(s.buf).importers, 1);
	fx_pattern_fill(mem, SEED, BASE, sizeof(mem));
	ok(fx_edu_write(s.edu, 0, mem, sizeof(mem)));
	fx_bar_check(s.dev, SEED, BASE, SIZE);
	fx_bar_check(s.dev, OLD, BASE - PAGE, PAGE);
	fx_bar_check(s.dev, OLD, BASE + SIZE, PAGE);

	fx_bar_fill(s.dev, SEED + 1, BASE, SIZE);
	memset(mem, 0, sizeof(mem));
	ok(fx_edu_read(s.edu, 0, mem, sizeof(mem)));
	fx_pattern_check(mem, SEED + 1, BASE, sizeof(mem));
}

static void test_odd_pieces(void **state)
{
	static const struct {
		uint32_t offset, length;
	} pieces[] = {
		{1, 1},
		{4093, 7},
		{2047, 1027},
		{SIZE - 3, 3},
	};
	char mem[CHUNK];
	struct scene s;
	unsigned int i;

	scene_open(*state, &s);
	fx_edu_import(s.edu, scene_fd(&s), 0);
	for (i = 0; i < ARRAY_LEN(pieces); i++) {
		uint64_t at = BASE + pieces[i].offset;
		uint32_t length = pieces[i].length;

		fx_bar_fill(s.dev, OLD, BASE, SIZE);
		fx_pattern_fill(mem, SEED, at, length);
		ok(fx_edu_write(s.edu, pieces[i].offset, mem, length));
		fx_bar_check(s.dev, SEED, at, length);
		fx_bar_check(s.dev, OLD, BASE, at - BASE);
		fx_bar_check(s.dev, OLD, at + length, BASE + SIZE - at - length);
		memset(mem, 0, sizeof(mem));
		ok(fx_edu_read(s.edu, pieces[i].offset, mem, length));
		fx_pattern_check(mem, SEED, at, length);
	}
}

static void test_ranges_in_their_order(void **state)
{
	static const struct peerbar_range ranges[] = {
		{MIB(32), PAGE},
		{MIB(4), PAGE},
		{MIB(63), PAGE},
		{0, PAGE},
	};
	struct peerbar_edu_segment segments[ARRAY_LEN(ranges)];
	char mem[PAGE * ARRAY_LEN(ranges)];
	struct scene s = {.fx = *state};
	uint64_t size = 0;
	int i, n;

	s.dev = fx_device(s.fx, fx_bdf());
	s.buf = fx_export(s.fx, s.dev, ranges, ARRAY_LEN(ranges));
	s.edu = fx_edu(s.fx);
	ok(fx_edu_attach(s.edu, scene_fd(&s), 0, 0));
	n = ok(fx_edu_map(s.edu, segments, ARRAY_LEN(segments)));
	assert_in_range(n, 1, ARRAY_LEN(segments));
	for (i = 0; i < n; i++)
		size += segments[i].length;
	assert_int_equal(size, sizeof(mem));

	for (i = 0; i < (int)ARRAY_LEN(ranges); i++) {
		fx_bar_fill(s.dev, OLD, ranges[i].offset, PAGE);
		fx_pattern_fill(mem + i * PAGE, SEED, ranges[i].offset, PAGE);
	}
	ok(fx_edu_write(s.edu, 0, mem, sizeof(mem)));
	for (i = 0; i < (int)ARRAY_LEN(ranges); i++)
		fx_bar_check(s.dev, SEED, ranges[i].offset, PAGE);
	memset(mem, 0, sizeof(mem));
	/* across two seams, starting in the middle of a page */
	ok(fx_edu_read(s.edu, PAGE / 2, mem, 2 * PAGE));
	fx_pattern_check(mem, SEED, ranges[0].offset + PAGE / 2, PAGE / 2);
	fx_pattern_check(mem + PAGE / 2, SEED, ranges[1].offset, PAGE);
	fx_pattern_check(mem + PAGE * 3 / 2, SEED, ranges[2].offset, PAGE / 2);
}

/* What a descriptor does not allow, no device can do with it. */
static void test_read_only_is_for_reading(void **state)
{
	struct scene s = {.fx = *state};
	struct fx_log faults;
	char mem[CHUNK];
	uint64_t iova;
	int fd;

	scene_open(*state, &s);
	fd = ok(fx_export_fd(peerbar_device_fd(s.dev), BASE, SIZE, O_RDONLY));
	fx_keep_fd(s.fx, fd);
	fx_faults(s.fx, &faults);
	iova = fx_edu_import(s.edu, fd, 0);
	/* first: QEMU's IOMMU says nothing about an address that it has cached */
	fx_pattern_fill(mem, SEED, BASE, sizeof(mem));
	ok(fx_edu_raw(s.edu, iova, mem, sizeof(mem), true));
	assert_true(fx_faulted(&faults, iova, FAULT_MS));
	refused(fx_edu_write(s.edu, 0, mem, sizeof(mem)), -EACCES);
	ok(fx_edu_read(s.edu, 0, mem, sizeof(mem)));
	fx_pattern_check(mem, OLD, BASE, sizeof(mem));
	fx_bar_check(s.dev, OLD, BASE, SIZE);
}

static void test_two_importers(void **state)
{
	char mem[CHUNK], other[CHUNK];
	struct scene s;
	int second;

	scene_open(*state, &s);
	second = fx_edu(s.fx);
	fx_edu_import(s.edu, scene_fd(&s), 0);
	fx_edu_import(second, scene_fd(&s), 0);
	assert_int_equal(fx_info(s.buf).importers, 2);
	fx_pattern_fill(mem, SEED, BASE, sizeof(mem));
	ok(fx_edu_write(s.edu, 0, mem, sizeof(mem)));
	ok(fx_edu_read(second, 0, other, sizeof(other)));
	fx_pattern_check(other, SEED, BASE, sizeof(other));
	ok(fx_edu_detach(s.edu));
	assert_int_equal(fx_info(s.buf).importers, 1);
	ok(fx_edu_write(second, CHUNK, mem, sizeof(mem)));
	ok(peerbar_buffer_revoke(s.buf));
	assert_int_equal(fx_info(s.buf).importers, 0);
}

static void test_ordinary_memory(void **state)
{
	struct scene s = {.fx = *state};
	char mem[CHUNK], *shared;
	int fd;

	fd = ok(fx_udmabuf(SIZE));
	fx_keep_fd(s.fx, fd);
	s.edu = fx_edu(s.fx);
	ok(fx_edu_attach(s.edu, fd, 0, 0));
	ok(fx_edu_map(s.edu, NULL, 0));
	shared = fx_mmap(s.fx, fd, 0, SIZE, PROT_READ | PROT_WRITE);
	fx_pattern_fill(mem, SEED, 0, sizeof(mem));
	ok(fx_edu_write(s.edu, PAGE - 5, mem, sizeof(mem)));
	fx_pattern_check(shared + PAGE - 5, SEED, 0, sizeof(mem));
}

static void test_wrong_input(void **state)
{
	char mem[CHUNK];
	struct scene s;
	int null;

	scene_open(*state, &s);
	refused(fx_edu_map(s.edu, NULL, 0), -ENOENT);
	refused(fx_edu_detach(s.edu), -ENOENT);
	refused(fx_edu_release(s.edu), -ENOENT);
	refused(fx_edu_read(s.edu, 0, mem, 1), -ENOENT);
	refused(fx_edu_attach(s.edu, -1, 0, 0), -EBADF);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fx_keep_fd(s.fx, null);
	refused(fx_edu_attach(s.edu, null, 0, 0), -EINVAL);
	refused(fx_edu_attach(s.edu, scene_fd(&s), ~0u, 0), -EINVAL);
	refused(fx_edu_attach(s.edu, scene_fd(&s), 0, PEERBAR_EDU_HOLD_MAX_MS + 1),
		-EINVAL);

	ok(fx_edu_attach(s.edu, scene_fd(&s), 0, 0));
	refused(fx_edu_attach(s.edu, scene_fd(&s), 0, 0), -EBUSY);
	refused(fx_edu_read(s.edu, 0, mem, 1), -ENXIO);
	ok(fx_edu_map(s.edu, NULL, 0));
	refused(fx_edu_release(s.edu), -ENXIO);
	refused(fx_edu_read(s.edu, SIZE, mem, 1), -EINVAL);
	refused(fx_edu_read(s.edu, UINT64_MAX, mem, 1), -EINVAL);
	refused(fx_edu_read(s.edu, 0, mem, 0), -EINVAL);
	refused(fx_edu_read(s.edu, 0, mem, PEERBAR_EDU_COPY_MAX + 1), -EINVAL);
	refused(fx_edu_raw(s.edu, 0, mem, CHUNK + 1, true), -EINVAL);
	refused(fx_edu_write(s.edu, 0, (void *)8, 8), -EFAULT);
	refused(fx_edu_read(s.edu, 0, (void *)8, 8), -EFAULT);
	fx_bar_check(s.dev, OLD, BASE, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_dma_reaches_the_bar),
		FX_TEST(test_odd_pieces),
		FX_TEST(test_ranges_in_their_order),
		FX_TEST(test_read_only_is_for_reading),
		FX_TEST(test_two_importers),
		FX_TEST(test_ordinary_memory),
		FX_TEST(test_wrong_input),
	};

	if (!fx_edu_present()) {
		print_message(
			"no device that does DMA: tests/lab/vm --device edu\n");
		return 4;
	}
	return FX_RUN(tests);
}
