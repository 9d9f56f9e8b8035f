// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every errno of our VFIO features, by the ioctl itself, in documented order. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bar.h"
#include "raw.h"
#include "verbs.h"

#define REVOKE PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE
#define INFO   PEERBAR_VFIO_FEATURE_DMA_BUF_INFO
#define GET    VFIO_DEVICE_FEATURE_GET
#define SET    VFIO_DEVICE_FEATURE_SET
#define PROBE  VFIO_DEVICE_FEATURE_PROBE

#define HEADER sizeof(struct vfio_device_feature)

static int device(void **state)
{
	return peerbar_device_fd(fx_device(*state, fx_bdf()));
}

static int exported(void **state, int device_fd)
{
	int fd = ok(fx_export_fd(device_fd, 0, PAGE, O_RDWR | O_CLOEXEC));

	fx_keep_fd(*state, fd);
	return fd;
}

static int not_a_dma_buf(void **state)
{
	int fd = memfd_create("peerbar-test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	fx_keep_fd(*state, fd);
	return fd;
}

/* A number that is surely no open descriptor. */
static int closed_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void test_probe(void **state)
{
	int fd = device(state);

	ok(fx_feature(fd, PROBE | SET | REVOKE, NULL, 0));
	ok(fx_feature(fd, PROBE | REVOKE, NULL, 0));
	ok(fx_feature(fd, PROBE | GET | INFO, NULL, 0));
	ok(fx_feature(fd, PROBE | INFO, NULL, 0));
	refused(fx_feature(fd, PROBE | GET | REVOKE, NULL, 0), -EINVAL);
	refused(fx_feature(fd, PROBE | GET | SET | REVOKE, NULL, 0), -EINVAL);
	refused(fx_feature(fd, PROBE | SET | INFO, NULL, 0), -EINVAL);
	refused(fx_feature(fd, PROBE | SET | PEERBAR_VFIO_FEATURE_BASE, NULL, 0),
		-ENOTTY);
	refused(fx_feature(fd, PROBE | GET | (INFO + 99), NULL, 0), -ENOTTY);
}

static int with_argsz(int device_fd, uint32_t flags, int fd, uint32_t argsz)
{
	struct peerbar_vfio_dma_buf_info info = {.dmabuf_fd = fd};

	return fx_feature_argsz(device_fd, flags, &info, sizeof(info), argsz);
}

/* Malformed calls are refused before the descriptor is looked at. */
static void test_malformed(void **state)
{
	int dev = device(state), fd = exported(state, dev), bad = closed_fd();
	const uint32_t revoke_argsz =
		HEADER + sizeof(struct peerbar_vfio_dma_buf_revoke);
	const uint32_t info_argsz =
		HEADER + sizeof(struct peerbar_vfio_dma_buf_info);

	refused(with_argsz(dev, SET | REVOKE, bad, revoke_argsz - 1), -EINVAL);
	refused(with_argsz(dev, SET | REVOKE, bad, HEADER), -EINVAL);
	refused(with_argsz(dev, SET | REVOKE, fd, HEADER - 1), -EINVAL);
	refused(with_argsz(dev, GET | REVOKE, bad, revoke_argsz), -EINVAL);
	refused(with_argsz(dev, REVOKE, bad, revoke_argsz), -EINVAL);
	refused(with_argsz(dev, GET | SET | REVOKE, bad, revoke_argsz), -EINVAL);
	refused(with_argsz(dev, SET | REVOKE | 1u << 31, bad, revoke_argsz),
		-EINVAL);
	refused(with_argsz(dev, GET | INFO, bad, info_argsz - 1), -EINVAL);
	refused(with_argsz(dev, SET | INFO, bad, info_argsz), -EINVAL);
	refused(with_argsz(dev, INFO, bad, info_argsz), -EINVAL);
	/* none of them did anything */
	ok(fx_revoke_fd(dev, fd));
}

static void refused_by_both(int dev, int fd, int err)
{
	struct peerbar_vfio_dma_buf_info info;

	refused(fx_revoke_fd(dev, fd), err);
	refused(fx_info_fd(dev, fd, &info), err);
}

static void test_bad_descriptors(void **state)
{
	int dev = device(state), path;

	refused_by_both(dev, -1, -EBADF);
	refused_by_both(dev, closed_fd(), -EBADF);
	refused_by_both(dev, INT32_MAX, -EBADF);
	path = fx_open_path(exported(state, dev));
	fx_keep_fd(*state, path);
	refused_by_both(dev, path, -EBADF);
	refused_by_both(dev, not_a_dma_buf(state), -EINVAL);
	refused_by_both(dev, dev, -EINVAL);
}

static void test_foreign_buffers(void **state)
{
	int dev = device(state), far, fd;

	far = peerbar_device_fd(fx_device(*state, fx_bdf2()));
	fd = exported(state, far);
	refused_by_both(dev, fd, -ENODEV);
	ok(fx_revoke_fd(far, fd));
	/* whose it is comes before what became of it */
	refused_by_both(dev, fd, -ENODEV);
	fd = ok(fx_udmabuf(PAGE));
	fx_keep_fd(*state, fd);
	refused_by_both(dev, fd, -ENODEV);
	fd = ok(fx_heap(PAGE));
	fx_keep_fd(*state, fd);
	refused_by_both(dev, fd, -ENODEV);
}

static void test_buffer_of_an_earlier_open(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	int fd = exported(state, peerbar_device_fd(dev));

	fx_drop(*state, dev);
	refused_by_both(device(state), fd, -ENODEV);
}

static void test_revoke_and_again(void **state)
{
	struct peerbar_vfio_dma_buf_info info;
	int dev = device(state), fd = exported(state, dev);

	ok(fx_revoke_fd(dev, fd));
	refused(fx_revoke_fd(dev, fd), -EBADFD);
	ok(fx_info_fd(dev, fd, &info));
	assert_int_equal(info.state, PEERBAR_VFIO_DMA_BUF_PERM_REVOKED);
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
}

static void test_read_only_descriptor(void **state)
{
	int dev = device(state), fd;

	fd = ok(fx_export_fd(dev, 0, PAGE, O_RDONLY | O_CLOEXEC));
	fx_keep_fd(*state, fd);
	ok(fx_revoke_fd(dev, fd));
}

static void test_info_fields(void **state)
{
	struct peerbar_vfio_dma_buf_info info;
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	int device_fd = peerbar_device_fd(dev), fd;

	fd = ok(fx_export_fd(device_fd, MIB(1), MIB(4), O_RDWR | O_CLOEXEC));
	fx_keep_fd(*state, fd);
	ok(fx_info_fd(device_fd, fd, &info));
	assert_int_equal(info.dmabuf_fd, fd);
	assert_int_equal(info.state, PEERBAR_VFIO_DMA_BUF_OK);
	assert_int_equal(info.memattr, PEERBAR_VFIO_DMA_BUF_UC);
	assert_int_equal(info.nr_ranges, 1);
	assert_int_equal(info.size, MIB(4));
	assert_int_equal(info.importers, 0);
	assert_int_equal(info.region_index, FX_BAR);
	assert_int_equal(info.faults_pte + info.faults_pmd + info.faults_pud +
				 info.faults_refused + info.revokes +
				 info.revoke_ns,
			 0);
	ok(peerbar_device_set_memory(dev, false));
	ok(fx_info_fd(device_fd, fd, &info));
	assert_int_equal(info.state, PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED);
	assert_int_equal(info.revokes, 1);
}

/* The dma-buf core keeps one kernel mapping for all importers by CPU. */
static void test_importers_are_counted(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, PAGE);
	struct fx_nic *nic = fx_nic(fx);
	struct fx_pair *pair = fx_pair(fx, nic, &fx_hasty);
	struct ibv_mr *host = fx_host(fx, nic, PAGE), *mr[2];
	int i;

	for (i = 0; i < 2; i++) {
		mr[i] = fx_reg(fx, nic, buf);
		fx_good(fx_rdma(pair, IBV_WR_RDMA_WRITE, host, 0, mr[i], 0, PAGE));
		assert_int_equal(fx_info(buf).importers, 1);
	}
	fx_dereg(fx, mr[0]);
	assert_int_equal(fx_info(buf).importers, 1);
	fx_dereg(fx, mr[1]);
	assert_int_equal(fx_info(buf).importers, 0);
}

static void test_export_is_bounded_by_the_kernel(void **state)
{
	enum { NR = PEERBAR_MAX_RANGES + 1 };
	const size_t size = sizeof(struct vfio_device_feature_dma_buf) +
			    NR * sizeof(struct vfio_region_dma_range);
	struct vfio_device_feature_dma_buf *get = fx_alloc(*state, size);
	int dev = device(state), fd, i;

	get->region_index = FX_BAR;
	get->open_flags = O_RDWR | O_CLOEXEC;
	for (i = 0; i < NR; i++) {
		get->dma_ranges[i].offset = 2 * PAGE * i;
		get->dma_ranges[i].length = PAGE;
	}
	get->nr_ranges = NR;
	refused(fx_feature(dev, GET | VFIO_DEVICE_FEATURE_DMA_BUF, get, size),
		-E2BIG);
	get->nr_ranges = UINT32_MAX;
	refused(fx_feature(dev, GET | VFIO_DEVICE_FEATURE_DMA_BUF, get, size),
		-E2BIG);
	get->nr_ranges = 0;
	refused(fx_feature(dev, GET | VFIO_DEVICE_FEATURE_DMA_BUF, get, size),
		-EINVAL);
	get->nr_ranges = NR - 1;
	fd = ok(fx_feature(dev, GET | VFIO_DEVICE_FEATURE_DMA_BUF, get, size));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_probe),
		FX_TEST(test_malformed),
		FX_TEST(test_bad_descriptors),
		FX_TEST(test_foreign_buffers),
		FX_TEST(test_buffer_of_an_earlier_open),
		FX_TEST(test_revoke_and_again),
		FX_TEST(test_read_only_descriptor),
		FX_TEST(test_info_fields),
		FX_TEST(test_importers_are_counted),
		FX_TEST(test_export_is_bounded_by_the_kernel),
	};

	return FX_RUN(tests);
}
