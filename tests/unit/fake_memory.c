// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory, mappings and dma-bufs of the fake kernel. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fake_priv.h"

#define NR_BUFS	    64
#define NR_MAPPINGS 64

static struct fake_dma_buf bufs[NR_BUFS];
static unsigned int nr_bufs;
static struct fake_mapping mappings[NR_MAPPINGS];
static int bar = -1;
static int empty = -1;
static unsigned char *bar_view;

static int memory_new(size_t size)
{
	int fd = memfd_create("fake", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	return fd;
}

int fake_bar_file(void)
{
	return bar;
}

unsigned char *fake_bar(void)
{
	return bar_view;
}

/* As the device fd reads as all ones, a mapping of no file raises SIGBUS. */
void fake_enable_memory(bool enable)
{
	assert_int_equal(ftruncate(bar, enable ? FAKE_BAR_SIZE : 0), 0);
}

struct fake_dma_buf *fake_dma_buf_new(uint64_t size)
{
	struct fake_dma_buf *buf;

	assert_true(nr_bufs < NR_BUFS);
	buf = &bufs[nr_bufs++];
	*buf = (struct fake_dma_buf){
		.memory = memory_new(size),
		.token = memory_new(1),
		.revokes = 7,
		.size = size,
		.nr_ranges = 1,
		.ranges = {{0, size}},
	};
	return buf;
}

static struct fake_mapping *mapping_slot(const void *addr)
{
	unsigned int i;

	for (i = 0; i < NR_MAPPINGS; i++)
		if (mappings[i].addr == addr)
			return &mappings[i];
	return NULL;
}

unsigned int fake_mappings(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_MAPPINGS; i++)
		nr += !!mappings[i].addr;
	return nr;
}

static void map_over(char *addr, size_t size, int prot, int fd, off_t offset)
{
	void *ret = mmap(addr, size, prot, MAP_SHARED | MAP_FIXED, fd, offset);

	assert_ptr_equal(ret, addr);
}

static void map_pieces(struct fake_mapping *map, off_t offset)
{
	uint64_t start = 0, first = offset, end = first + map->size;
	unsigned int i;

	for (i = 0; i < map->buf->nr_ranges; i++) {
		struct fake_range *range = &map->buf->ranges[i];
		uint64_t from = start > first ? start : first;
		uint64_t to = start + range->length;

		if (to > end)
			to = end;
		if (from < to)
			map_over((char *)map->addr + (from - first), to - from,
				 map->prot, map->buf->memory,
				 range->offset + (from - start));
		start += range->length;
	}
}

static int check_dma_buf(struct fake_dma_buf *buf, size_t size, int prot,
			 off_t offset)
{
	if (buf->read_only && prot & PROT_WRITE)
		return EACCES;
	if (!fake.has_modules || offset + size > buf->size)
		return EINVAL;
	if (buf->revoked)
		return ENODEV;
	return fake.mmap_busy ? EBUSY : 0;
}

void *fake_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	struct fake_fd *file = fd < 0 ? NULL : fake_fd_get(fd);
	struct fake_mapping *map = mapping_slot(NULL);

	assert_non_null(map);
	if (fake_fails("mmap"))
		return MAP_FAILED;
	if (file)
		assert_true(flags & MAP_SHARED);
	if (file && file->kind == FAKE_DMA_BUF) {
		errno = check_dma_buf(file->buf, size, prot, offset);
		if (errno)
			return MAP_FAILED;
	}
	if (addr && fake.misplaced) {
		fake.misplaced--;
		addr = NULL;
	}
	map->addr =
		mmap(addr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(map->addr, MAP_FAILED);
	map->size = size;
	map->prot = prot;
	map->buf = file ? file->buf : NULL;
	if (map->buf) {
		map_pieces(map, offset);
	} else if (file) {
		assert_int_equal(file->kind, FAKE_DEVICE);
		assert_int_equal(offset >> 40, FAKE_BAR);
		map_over(map->addr, size, prot, bar,
			 offset & ((UINT64_C(1) << 40) - 1));
	}
	return map->addr;
}

int fake_munmap(void *addr, size_t size)
{
	struct fake_mapping *map = mapping_slot(addr);

	assert_non_null(map);
	assert_int_equal(map->size, size);
	map->addr = NULL;
	return munmap(addr, size);
}

void fake_dma_buf_revoke(struct fake_dma_buf *buf)
{
	unsigned int i;

	buf->revoked = true;
	buf->revokes++;
	for (i = 0; i < NR_MAPPINGS; i++)
		if (mappings[i].addr && mappings[i].buf == buf)
			map_over(mappings[i].addr, mappings[i].size,
				 mappings[i].prot, empty, 0);
}

void fake_device_taken_back(void)
{
	unsigned int i;

	for (i = 0; i < nr_bufs; i++)
		if (bufs[i].ours && !bufs[i].revoked)
			bufs[i].revokes++;
}

struct fake_dma_buf *fake_dma_buf_of(int token)
{
	struct stat wanted, it;
	unsigned int i;

	assert_int_equal(fstat(token, &wanted), 0);
	for (i = 0; i < nr_bufs; i++) {
		assert_int_equal(fstat(bufs[i].token, &it), 0);
		if (it.st_ino == wanted.st_ino && it.st_dev == wanted.st_dev)
			return &bufs[i];
	}
	return NULL;
}

void fake_device_closed(void)
{
	unsigned int i;

	for (i = 0; i < nr_bufs; i++)
		if (bufs[i].ours && !bufs[i].revoked)
			fake_dma_buf_revoke(&bufs[i]);
}

void fake_memory_reset(void)
{
	unsigned int i;

	for (i = 0; i < NR_MAPPINGS; i++)
		if (mappings[i].addr)
			munmap(mappings[i].addr, mappings[i].size);
	memset(mappings, 0, sizeof(mappings));
	for (i = 0; i < nr_bufs; i++) {
		close(bufs[i].token);
		if (bufs[i].memory != bar)
			close(bufs[i].memory);
	}
	nr_bufs = 0;
	if (bar < 0) {
		bar = memory_new(FAKE_BAR_SIZE);
		empty = memory_new(0);
		bar_view = mmap(NULL, FAKE_BAR_SIZE, PROT_READ | PROT_WRITE,
				MAP_SHARED, bar, 0);
		assert_ptr_not_equal(bar_view, MAP_FAILED);
	}
	fake_enable_memory(true);
}
