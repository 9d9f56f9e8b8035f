// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What others notice when one buffer is revoked: nothing, however many there
 * are.  Beside it, for comparison, what a zap of the whole device costs them.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bar.h"
#include "raw.h"

#define SIZE	  KIB(16)
#define MOST	  1000
#define TURNS	  21
#define VICTIM	  MIB(1)
#define VICTIM_AT (FX_BAR_SIZE - VICTIM)

/* a loaded machine without KVM stops a guest for as long as it likes */
#define ATTEMPTS 3

struct crowd {
	struct peerbar_device *dev;
	unsigned int nr;
	int fd[MOST];
	char *addr[MOST];
};

static void drop_crowd(void *obj)
{
	struct crowd *crowd = obj;

	while (crowd->nr) {
		crowd->nr--;
		munmap(crowd->addr[crowd->nr], SIZE);
		close(crowd->fd[crowd->nr]);
	}
}

static void touch_all(const struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < crowd->nr; i++)
		fx_touch(crowd->addr[i], SIZE);
}

static void crowd_grow(struct crowd *crowd, unsigned int nr)
{
	for (; crowd->nr < nr; crowd->nr++) {
		int fd = ok(fx_export_fd(peerbar_device_fd(crowd->dev),
					 crowd->nr * SIZE, SIZE,
					 O_RDWR | O_CLOEXEC));

		crowd->fd[crowd->nr] = fd;
		crowd->addr[crowd->nr] =
			mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
		assert_ptr_not_equal(crowd->addr[crowd->nr], MAP_FAILED);
	}
	touch_all(crowd);
}

static uint64_t faults(const struct crowd *crowd)
{
	struct peerbar_vfio_dma_buf_info info;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < crowd->nr; i++) {
		ok(fx_info_fd(peerbar_device_fd(crowd->dev), crowd->fd[i],
			      &info));
		sum += info.faults_pte + info.faults_pmd;
	}
	return sum;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static uint64_t median(uint64_t ns[TURNS])
{
	qsort(ns, TURNS, sizeof(*ns), by_value);
	return ns[TURNS / 2];
}

/* Of a mapped buffer of 1 MiB. */
static uint64_t revoke_one(struct peerbar_device *dev)
{
	int dev_fd = peerbar_device_fd(dev);
	int fd = ok(fx_export_fd(dev_fd, VICTIM_AT, VICTIM, O_RDWR | O_CLOEXEC));
	void *addr = mmap(NULL, VICTIM, PROT_READ, MAP_SHARED, fd, 0);
	uint64_t ns;

	assert_ptr_not_equal(addr, MAP_FAILED);
	fx_touch(addr, VICTIM);
	ns = now_ns();
	ok(fx_revoke_fd(dev_fd, fd));
	ns = now_ns() - ns;
	munmap(addr, VICTIM);
	close(fd);
	return ns;
}

static uint64_t revoke_median(struct peerbar_device *dev)
{
	uint64_t ns[TURNS];
	int turn;

	for (turn = 0; turn < TURNS; turn++)
		ns[turn] = revoke_one(dev);
	return median(ns);
}

/* All memory taken back and given again, as one address space would make it. */
static uint64_t zap_all(struct peerbar_device *dev)
{
	uint64_t ns = now_ns();

	ok(peerbar_device_set_memory(dev, false));
	ns = now_ns() - ns;
	ok(peerbar_device_set_memory(dev, true));
	return ns;
}

struct result {
	uint64_t one_ns;
	uint64_t one_refaults;
	uint64_t all_ns;
	uint64_t all_refaults;
	uint64_t again_ns;
};

static struct result measure(struct crowd *crowd, unsigned int nr)
{
	struct result r;
	uint64_t before;

	crowd_grow(crowd, nr);
	before = faults(crowd);
	r.one_ns = revoke_median(crowd->dev);
	touch_all(crowd);
	r.one_refaults = faults(crowd) - before;
	before = faults(crowd);
	r.all_ns = zap_all(crowd->dev);
	r.again_ns = now_ns();
	touch_all(crowd);
	r.again_ns = now_ns() - r.again_ns;
	r.all_refaults = faults(crowd) - before;
	print_message("# %u bystanders: revoke of one %" PRIu64 " us, %" PRIu64
		      " refaults; of all %" PRIu64 " us, %" PRIu64
		      " refaults in %" PRIu64 " us\n",
		      nr, r.one_ns / 1000, r.one_refaults, r.all_ns / 1000,
		      r.all_refaults, r.again_ns / 1000);
	return r;
}

static void test_bystanders(void **state)
{
	static const unsigned int sizes[] = {1, 10, 100, MOST};
	struct rlimit files = {MOST + 100, MOST + 100};
	struct fx *fx = *state;
	struct crowd *crowd = fx_alloc(fx, sizeof(*crowd));
	struct result r = {0};
	uint64_t one, many;
	unsigned int i;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	crowd->dev = fx_device(fx, fx_bdf());
	fx_keep(fx, crowd, drop_crowd);
	one = revoke_median(crowd->dev);
	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		r = measure(crowd, sizes[i]);
		assert_int_equal(r.one_refaults, 0);
		assert_int_equal(r.all_refaults, sizes[i] * (SIZE / PAGE));
		if (!i)
			one = r.one_ns;
	}
	many = r.one_ns;
	for (i = 1; i < ATTEMPTS && many > 2 * one; i++)
		many = revoke_median(crowd->dev);
	assert_true(many <= 2 * one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_bystanders),
	};

	return FX_RUN(tests);
}
