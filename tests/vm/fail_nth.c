// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every allocation and every copy on the way of a call fails once: the call says
 * so with a sane errno, or does without; nothing is left over, and the next try
 * works.  tests/vm/run looks at the kernel's log, at references and at kmemleak.
 *
 * Whoever closes the last device of an IOMMU group gives the group back, and
 * the kernel's IOMMU code has no way to fail there and warns
 * (__iommu_release_dma_ownership()), with plain vfio-pci, too.  So the device that
 * is closed has a neighbour in its group, which stays open.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bar.h"
#include "config.h"
#include "importer.h"
#include "inject.h"
#include "raw.h"
#include "verbs.h"

#define SEED 67

/* many more than any of these calls has */
#define POINTS_MAX 1000

static const struct peerbar_range ranges[] = {
	{MIB(4), MIB(2)},
	{MIB(1), PAGE},
	{MIB(9), 2 * PAGE},
};

/**
 * struct scene - for all calls
 * @buf: lives for the whole test
 * @iommufd: of the pair, of which one is open
 * @refused: rounds that the call did not do without
 * @one: of a single round
 */
struct scene {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct fx_nic *nic;
	struct fx_pair *pair;
	struct ibv_mr *host;
	int edu;
	int iommufd;
	unsigned int refused;
	struct {
		int device;
		struct peerbar_buffer *buf;
		struct peerbar_mapping *map;
		struct ibv_mr *mr;
		void *addr;
	} one;
};

/**
 * struct call - what is tried
 * @before: sets up a round
 * @call: 0 or more, or -errno; the only part in which something fails
 * @works: after success, be it the second one
 * @after: undoes @before and @call
 */
struct call {
	void (*before)(struct scene *s);
	int (*call)(struct scene *s);
	void (*works)(struct scene *s);
	void (*after)(struct scene *s);
};

static int export_call(struct scene *s)
{
	return peerbar_buffer_export(s->dev, FX_BAR, ranges, ARRAY_LEN(ranges),
				     0, &s->one.buf);
}

static void export_works(struct scene *s)
{
	assert_int_equal(fx_info(s->one.buf).importers, 0);
	assert_int_equal(peerbar_buffer_size(s->one.buf), MIB(2) + 3 * PAGE);
}

static void export_after(struct scene *s)
{
	peerbar_buffer_close(s->one.buf);
}

static int mmap_call(struct scene *s)
{
	s->one.addr = mmap(NULL, MIB(2), PROT_READ, MAP_SHARED,
			   peerbar_buffer_fd(s->buf), 0);
	return s->one.addr == MAP_FAILED ? -errno : 0;
}

static int bar_mmap_call(struct scene *s)
{
	struct peerbar_region region;

	ok(peerbar_device_region(s->dev, FX_BAR, &region));
	s->one.addr = mmap(NULL, MIB(2), PROT_READ, MAP_SHARED,
			   peerbar_device_fd(s->dev),
			   (off_t)(region.offset + ranges[0].offset));
	return s->one.addr == MAP_FAILED ? -errno : 0;
}

static void mmap_works(struct scene *s)
{
	char mem[64];
	int i;

	for (i = 0; i < 8; i++)
		((uint64_t *)mem)[i] = ((volatile uint64_t *)s->one.addr)[i];
	fx_pattern_check(mem, SEED, ranges[0].offset, sizeof(mem));
}

static void mmap_after(struct scene *s)
{
	munmap(s->one.addr, MIB(2));
}

static void fault_before(struct scene *s)
{
	ok(mmap_call(s));
}

static void bar_fault_before(struct scene *s)
{
	ok(bar_mmap_call(s));
}

/* There is no errno: a fault that cannot be resolved is tried again. */
static int fault_call(struct scene *s)
{
	(void)*(volatile uint32_t *)s->one.addr;
	return 0;
}

/* Far from all other mappings, so that even the page table is still to be made. */
static void small_fault_before(struct scene *s)
{
	uintptr_t here = (uintptr_t)&here;
	void *want = (void *)((here >> 40 << 40) - MIB(512));

	s->one.addr =
		mmap(want, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE,
		     peerbar_buffer_fd(s->buf), (off_t)MIB(2));
	assert_ptr_equal(s->one.addr, want);
}

static void small_fault_works(struct scene *s)
{
	fx_pattern_check(s->one.addr, SEED, ranges[1].offset, 64);
}

static void small_fault_after(struct scene *s)
{
	munmap(s->one.addr, PAGE);
}

static int attach_call(struct scene *s)
{
	return fx_edu_attach(s->edu, peerbar_buffer_fd(s->buf), 0, 0);
}

static void attach_works(struct scene *s)
{
	assert_int_equal(fx_edu_state(s->edu).mapped, 0);
}

static void attach_after(struct scene *s)
{
	ok(fx_edu_detach(s->edu));
	assert_int_equal(fx_info(s->buf).importers, 0);
}

static void map_before(struct scene *s)
{
	ok(attach_call(s));
}

static int map_call(struct scene *s)
{
	struct peerbar_edu_segment segments[4];

	return fx_edu_map(s->edu, segments, ARRAY_LEN(segments));
}

static void map_works(struct scene *s)
{
	assert_int_equal(fx_edu_state(s->edu).mapped, 1);
	assert_int_equal(fx_info(s->buf).importers, 1);
}

static int register_call(struct scene *s)
{
	s->one.mr = ibv_reg_dmabuf_mr(s->nic->pd, 0, peerbar_buffer_size(s->buf),
				      0, peerbar_buffer_fd(s->buf), FX_ACCESS);
	return s->one.mr ? 0 : -errno;
}

static void register_works(struct scene *s)
{
	/* the verb itself leaves it empty */
	s->one.mr->addr = NULL;
	fx_good(fx_rdma(s->pair, IBV_WR_RDMA_READ, s->host, 0, s->one.mr,
			MIB(2), PAGE));
	fx_pattern_check(s->host->addr, SEED, ranges[1].offset, PAGE);
}

static void register_after(struct scene *s)
{
	assert_int_equal(ibv_dereg_mr(s->one.mr), 0);
	assert_int_equal(fx_info(s->buf).importers, 0);
}

static void hold(struct scene *s)
{
	ok(peerbar_buffer_map(s->one.buf, 0, 0, 0, &s->one.map));
	fx_touch(peerbar_mapping_addr(s->one.map), 2 * PAGE);
	ok(peerbar_verbs_reg_mr(s->nic->pd, s->one.buf, 0, PAGE, 0, FX_ACCESS,
				&s->one.mr));
	fx_good(fx_rdma(s->pair, IBV_WR_RDMA_READ, s->host, 0, s->one.mr, 0,
			PAGE));
	ok(fx_edu_attach(s->edu, peerbar_buffer_fd(s->one.buf), 0, 0));
	ok(fx_edu_map(s->edu, NULL, 0));
}

static void let_go(struct scene *s)
{
	ok(fx_edu_detach(s->edu));
	assert_int_equal(ibv_dereg_mr(s->one.mr), 0);
	peerbar_mapping_close(s->one.map);
	export_after(s);
}

static void revoke_before(struct scene *s)
{
	ok(export_call(s));
	hold(s);
	assert_int_equal(fx_info(s->one.buf).importers, 2);
}

static int revoke_call(struct scene *s)
{
	return fx_revoke_fd(peerbar_device_fd(s->dev),
			    peerbar_buffer_fd(s->one.buf));
}

static void revoke_works(struct scene *s)
{
	char byte;

	refused(peerbar_read(s->one.map, 0, &byte, 1), -ENODEV);
	assert_int_equal(fx_edu_state(s->edu).mapped, 0);
	assert_int_equal(fx_info(s->one.buf).importers, 0);
	refused(revoke_call(s), -EBADFD);
}

/* libpeerbar has an iommufd for each device, and a group has one owner. */
static int pair_open(struct scene *s, char function)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = s->iommufd,
	};
	char bdf[13], path[64];
	int fd;

	snprintf(bdf, sizeof(bdf), "%.11s%c", fx_bdf_pair(), function);
	ok(fx_vfio_cdev(bdf, path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &bind), 0);
	return fd;
}

static void neighbour_open(struct scene *s)
{
	s->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	assert_true(s->iommufd >= 0);
	fx_keep_fd(s->fx, s->iommufd);
	fx_keep_fd(s->fx, pair_open(s, '0'));
}

static void close_before(struct scene *s)
{
	int fd;

	s->one.device = pair_open(s, '1');
	fd = fx_export_fd(s->one.device, 0, 2 * PAGE, O_RDWR | O_CLOEXEC);
	ok(fd);
	ok(peerbar_buffer_import(fd, &s->one.buf));
	close(fd);
	hold(s);
}

/* There is no errno: it is closed, whatever fails. */
static int close_call(struct scene *s)
{
	close(s->one.device);
	return 0;
}

static void close_works(struct scene *s)
{
	char byte;

	refused(peerbar_read(s->one.map, 0, &byte, 1), -ENODEV);
	assert_int_equal(fx_edu_state(s->edu).mapped, 0);
}

static int info_call(struct scene *s)
{
	struct peerbar_vfio_dma_buf_info info;

	return fx_info_fd(peerbar_device_fd(s->dev), peerbar_buffer_fd(s->buf),
			  &info);
}

static int memory_call(struct scene *s)
{
	return peerbar_device_set_memory(s->dev, false);
}

static void memory_works(struct scene *s)
{
	enum peerbar_state state;

	ok(peerbar_buffer_state(s->buf, &state));
	assert_int_equal(state, PEERBAR_SUSPENDED);
}

static void memory_after(struct scene *s)
{
	ok(peerbar_device_set_memory(s->dev, true));
}

static const struct call calls[] = {
	{NULL, export_call, export_works, export_after},
	{NULL, mmap_call, mmap_works, mmap_after},
	{fault_before, fault_call, mmap_works, mmap_after},
	{small_fault_before, fault_call, small_fault_works, small_fault_after},
	{NULL, bar_mmap_call, mmap_works, mmap_after},
	{bar_fault_before, fault_call, mmap_works, mmap_after},
	{NULL, attach_call, attach_works, attach_after},
	{map_before, map_call, map_works, attach_after},
	{NULL, register_call, register_works, register_after},
	{revoke_before, revoke_call, revoke_works, let_go},
	{NULL, info_call, NULL, NULL},
	{NULL, memory_call, memory_works, memory_after},
	{close_before, close_call, close_works, let_go},
};

/* Descriptors of this process: none may be lost. */
static unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void scene_open(struct fx *fx, struct scene *s)
{
	unsigned int i;

	*s = (struct scene){
		.fx = fx,
		.dev = fx_device(fx, fx_bdf()),
	};
	for (i = 0; i < ARRAY_LEN(ranges); i++)
		fx_bar_fill(s->dev, SEED, ranges[i].offset, PAGE);
	s->buf = fx_export(fx, s->dev, ranges, ARRAY_LEN(ranges));
	s->nic = fx_nic(fx);
	s->pair = fx_pair(fx, s->nic, &fx_patient);
	s->host = fx_host(fx, s->nic, PAGE);
	s->edu = fx_edu(fx);
	neighbour_open(s);
}

static void run(void (*step)(struct scene *s), struct scene *s)
{
	if (step)
		step(s);
}

/* one failure, and the second try; false: there was nothing to fail any more */
static bool round_of(struct scene *s, const struct call *call,
		     struct fx_inject *inject, unsigned int nth)
{
	bool injected;
	int ret;

	run(call->before, s);
	fx_inject_begin(inject, nth);
	ret = call->call(s);
	injected = fx_inject_end(inject);
	if (ret < 0) {
		if (!injected || (ret != -ENOMEM && ret != -EFAULT))
			fx_die("point %u: %d", nth, ret);
		s->refused++;
		ok(call->call(s));
	}
	run(call->works, s);
	run(call->after, s);
	return injected;
}

static void test_sweep(void **state)
{
	struct fx *fx = *state;
	const struct call *call = fx->variant;
	struct fx_inject inject;
	unsigned int nth, before;
	struct scene s;

	scene_open(fx, &s);
	fx_inject(fx, &inject);
	before = open_fds();
	for (nth = 1; round_of(&s, call, &inject, nth); nth++)
		assert_in_range(nth, 1, POINTS_MAX);
	printf("# %u points, %u of them an error\n", nth - 1, s.refused);
	fflush(stdout);
	assert_in_range(nth, 2, POINTS_MAX);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_VARIANT(test_sweep, "export", &calls[0]),
		FX_VARIANT(test_sweep, "mmap", &calls[1]),
		FX_VARIANT(test_sweep, "fault of a huge page", &calls[2]),
		FX_VARIANT(test_sweep, "fault of a small page", &calls[3]),
		FX_VARIANT(test_sweep, "mmap of the BAR", &calls[4]),
		FX_VARIANT(test_sweep, "fault in the BAR", &calls[5]),
		FX_VARIANT(test_sweep, "attach", &calls[6]),
		FX_VARIANT(test_sweep, "DMA mapping", &calls[7]),
		FX_VARIANT(test_sweep, "registration", &calls[8]),
		FX_VARIANT(test_sweep, "revoke", &calls[9]),
		FX_VARIANT(test_sweep, "info", &calls[10]),
		FX_VARIANT(test_sweep, "memory disabled", &calls[11]),
		FX_VARIANT(test_sweep, "close", &calls[12]),
	};

	if (!fx_edu_present() || !fx_bdf_pair()) {
		print_message("no device that does DMA, or none that has a "
			      "neighbour: tests/lab/vm --device edu --device "
			      "pair\n");
		return 4;
	}
	return FX_RUN(tests);
}
