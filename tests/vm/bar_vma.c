// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* VMAs of the device's own file: how long they live, what they are called. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bar.h"
#include "child.h"
#include "worker.h"

#define SEED  47
#define SIZE  MIB(2)
#define AT    (MIB(4) + PAGE)
#define MS    20000
#define TURNS 40

struct vma {
	struct peerbar_device *dev;
	char *addr;
};

static struct vma map(struct fx *fx)
{
	struct vma v = {.dev = fx_device(fx, fx_bdf())};

	v.addr = fx_mmap_device(fx, v.dev, AT, SIZE);
	return v;
}

/* AT as an offset of the device's file */
static off_t bar_at(struct peerbar_device *dev)
{
	struct peerbar_region region;

	ok(peerbar_device_region(dev, FX_BAR, &region));
	return (off_t)(region.offset + AT);
}

/* vfioN of the device */
static void device_name(char *name, size_t size)
{
	struct dirent *entry;
	char path[128];
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev",
		 fx_bdf());
	dir = opendir(path);
	assert_non_null(dir);
	do {
		entry = readdir(dir);
		assert_non_null(entry);
	} while (entry->d_name[0] == '.');
	snprintf(name, size, "%.31s", entry->d_name);
	closedir(dir);
}

/* The offset and name that /proc/self/maps has for @addr. */
static void maps_line(const void *addr, uint64_t *offset, char name[128])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start;
	char line[512];

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%*x %*s %" SCNx64 " %*s %*s %127s",
			   &start, offset, name) == 3 &&
		    start == (unsigned long)addr) {
			fclose(maps);
			return;
		}
	fx_die("%p is not in /proc/self/maps", addr);
}

static void test_name(void **state)
{
	struct vma v = map(*state);
	char device[32], want[128], name[128];
	uint64_t offset;

	device_name(device, sizeof(device));
	snprintf(want, sizeof(want), "/dmabuf:%s:%s/%d", device, fx_bdf(),
		 FX_BAR);
	maps_line(v.addr, &offset, name);
	assert_string_equal(name, want);
	assert_true(offset == (uint64_t)bar_at(v.dev));
}

static void test_refusals(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	int fd = peerbar_device_fd(dev);

	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, bar_at(dev)),
			 MAP_FAILED);
	assert_int_equal(errno, EINVAL);
	assert_ptr_equal(
		mmap(NULL, FX_BAR_SIZE, PROT_READ, MAP_SHARED, fd, bar_at(dev)),
		MAP_FAILED);
	assert_int_equal(errno, EINVAL);
}

/* The device stays open for the VMA, and so do the dma-bufs of the device. */
static void test_keeps_the_device_open(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, PAGE);
	char *shared = fx_mmap(fx, peerbar_buffer_fd(buf), 0, PAGE, PROT_READ);
	/* nobody else's: it is gone before the end of the test */
	char *addr = mmap(NULL, SIZE, PROT_READ, MAP_SHARED,
			  peerbar_device_fd(dev), bar_at(dev));

	assert_ptr_not_equal(addr, MAP_FAILED);
	fx_bar_fill(dev, SEED, AT, PAGE);
	fx_drop(fx, dev);
	fx_pattern_check(addr, SEED, AT, PAGE);
	assert_int_equal(fx_load_signal(fx, shared), 0);
	/* a part is enough */
	assert_int_equal(munmap(addr, SIZE - PAGE), 0);
	assert_int_equal(fx_load_signal(fx, addr + SIZE - PAGE), 0);
	assert_int_equal(fx_load_signal(fx, shared), 0);
	assert_int_equal(munmap(addr + SIZE - PAGE, PAGE), 0);
	assert_int_equal(fx_load_signal(fx, shared), SIGBUS);
	/* and nothing of it is left */
	fx_device(fx, fx_bdf());
}

static void test_made_while_memory_is_off(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	char *addr;

	fx_bar_fill(dev, SEED, AT, PAGE);
	ok(peerbar_device_set_memory(dev, false));
	addr = fx_mmap_device(fx, dev, AT, PAGE);
	assert_int_equal(fx_load_signal(fx, addr), SIGBUS);
	ok(peerbar_device_set_memory(dev, true));
	fx_pattern_check(addr, SEED, AT, PAGE);
	ok(peerbar_device_set_memory(dev, false));
	assert_int_equal(fx_load_signal(fx, addr), SIGBUS);
}

static void test_outlives_a_revoke_of_a_buffer(void **state)
{
	struct fx *fx = *state;
	struct vma v = map(fx);
	struct peerbar_buffer *buf = fx_export_one(fx, v.dev, AT, SIZE);
	char *shared = fx_mmap(fx, peerbar_buffer_fd(buf), 0, SIZE, PROT_READ);

	fx_bar_fill(v.dev, SEED, AT, PAGE);
	fx_touch(shared, SIZE);
	ok(peerbar_buffer_revoke(buf));
	assert_int_equal(fx_load_signal(fx, shared), SIGBUS);
	fx_pattern_check(v.addr, SEED, AT, PAGE);
}

struct mapper {
	struct fx_worker worker;
	int fd;
	off_t at;
};

/* Map, load, unmap. */
static void map_and_unmap(struct fx_worker *worker)
{
	struct mapper *mapper = (struct mapper *)worker;
	volatile uint32_t *word;

	while (!fx_worker_stopping(worker)) {
		word = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, mapper->fd,
			    mapper->at);
		if (word == MAP_FAILED) {
			fx_worker_add(worker, FX_REFUSED);
			continue;
		}
		(void)*word;
		munmap((void *)word, PAGE);
		fx_worker_add(worker, FX_GOOD);
	}
}

/* No load during a reset gets a signal, be the VMA old or made meanwhile. */
static void test_resets_are_waited_for(void **state)
{
	struct fx *fx = *state;
	struct vma v = map(fx);
	struct mapper *mapper = fx_alloc(fx, sizeof(*mapper));
	int turn;

	mapper->fd = peerbar_device_fd(v.dev);
	mapper->at = bar_at(v.dev);
	fx_worker_start(fx, &mapper->worker, map_and_unmap);
	for (turn = 0; turn < TURNS; turn++) {
		ok(peerbar_device_reset(v.dev));
		fx_touch(v.addr, 4 * PAGE);
		assert_true(fx_worker_gains(&mapper->worker, FX_GOOD, 1, MS));
	}
	fx_worker_stop(&mapper->worker);
	assert_int_equal(fx_worker_count(&mapper->worker, FX_REFUSED), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_name),
		FX_TEST(test_refusals),
		FX_TEST(test_keeps_the_device_open),
		FX_TEST(test_made_while_memory_is_off),
		FX_TEST(test_outlives_a_revoke_of_a_buffer),
		FX_TEST(test_resets_are_waited_for),
	};

	return FX_RUN(tests);
}
