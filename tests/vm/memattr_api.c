// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The feature that makes a buffer write-combined: what it refuses, and how. */
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "config.h"
#include "importer.h"
#include "memattr.h"

#define SET	VFIO_DEVICE_FEATURE_SET
#define GET	VFIO_DEVICE_FEATURE_GET
#define PROBE	VFIO_DEVICE_FEATURE_PROBE
#define MEMATTR PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR
#define UC	PEERBAR_VFIO_DMA_BUF_UC
#define WC	PEERBAR_VFIO_DMA_BUF_WC

static int exported(void **state, struct peerbar_device *dev)
{
	return peerbar_buffer_fd(fx_export_one(*state, dev, 0, PAGE));
}

static int with_argsz(struct peerbar_device *dev, uint32_t flags, int fd,
		      uint32_t argsz)
{
	struct peerbar_vfio_dma_buf_set_memattr set = {fd, WC};

	return fx_feature_argsz(peerbar_device_fd(dev), flags | MEMATTR, &set,
				sizeof(set), argsz);
}

static void test_probe(void **state)
{
	int dev = peerbar_device_fd(fx_device(*state, fx_bdf()));

	ok(fx_feature(dev, PROBE | MEMATTR, NULL, 0));
	ok(fx_feature(dev, PROBE | SET | MEMATTR, NULL, 0));
	refused(fx_feature(dev, PROBE | GET | MEMATTR, NULL, 0), -EINVAL);
}

static void test_sizes_and_flags(void **state)
{
	const uint32_t good = sizeof(struct vfio_device_feature) +
			      sizeof(struct peerbar_vfio_dma_buf_set_memattr);
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, PAGE);
	int fd = peerbar_buffer_fd(buf);

	/* before the descriptor is looked at */
	refused(with_argsz(dev, SET, -1, good - 1), -EINVAL);
	refused(with_argsz(dev, GET, -1, good), -EINVAL);
	refused(with_argsz(dev, 0, -1, good), -EINVAL);
	refused(with_argsz(dev, SET | GET, -1, good), -EINVAL);
	assert_int_equal(fx_info(buf).memattr, PEERBAR_UNCACHED);
	/* a newer user, with more behind it */
	ok(with_argsz(dev, SET, fd, good + 64));
}

static void test_bad_descriptors(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_device *far = fx_device(*state, fx_bdf2());
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	fx_keep_fd(*state, null);
	refused(fx_set_memattr(dev, -1, WC), -EBADF);
	fd = dup(null);
	close(fd);
	refused(fx_set_memattr(dev, fd, WC), -EBADF);
	refused(fx_set_memattr(dev, null, WC), -EINVAL);
	refused(fx_set_memattr(dev, exported(state, far), WC), -ENODEV);
	fd = ok(fx_heap(PAGE));
	fx_keep_fd(*state, fd);
	refused(fx_set_memattr(dev, fd, WC), -ENODEV);
	/* whose it is comes before what is asked */
	refused(fx_set_memattr(dev, fd, 2), -ENODEV);
}

static void test_unknown_attributes(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	int fd = exported(state, dev);

	refused(fx_set_memattr(dev, fd, 2), -ENOENT);
	refused(fx_set_memattr(dev, fd, UINT32_MAX), -ENOENT);
	ok(fx_revoke_fd(peerbar_device_fd(dev), fd));
	refused(fx_set_memattr(dev, fd, 2), -ENOENT);
}

static void test_revoked(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	int fd = exported(state, dev);

	ok(fx_revoke_fd(peerbar_device_fd(dev), fd));
	refused(fx_set_memattr(dev, fd, WC), -EBADFD);
	refused(fx_set_memattr(dev, fd, UC), -EBADFD);
	fx_drop(*state, dev);
	refused(fx_set_memattr(fx_device(*state, fx_bdf()), fd, WC), -ENODEV);
}

/* What is as it is asked to be is fine, mapped or not. */
static void test_no_change(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, PAGE);
	int fd = peerbar_buffer_fd(buf);

	fx_map(*state, buf);
	ok(fx_set_memattr(dev, fd, UC));
	refused(fx_set_memattr(dev, fd, WC), -EBUSY);
	buf = fx_export_one(*state, dev, PAGE, PAGE);
	fx_wc(dev, buf);
	fx_map(*state, buf);
	ok(fx_set_memattr(dev, peerbar_buffer_fd(buf), WC));
	refused(fx_set_memattr(dev, peerbar_buffer_fd(buf), UC), -EBUSY);
}

/* edu's BAR has side effects, and says so. */
static void test_not_prefetchable(void **state)
{
	const struct peerbar_range range = {0, PAGE};
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	char bdf[13];
	int ret;

	if (!fx_edu_present())
		skip();
	fx_edu_device(bdf);
	ok(fx_bind(bdf));
	dev = fx_device(*state, bdf);
	ok(peerbar_buffer_export(dev, 0, &range, 1, 0, &buf));
	ret = fx_set_memattr(dev, peerbar_buffer_fd(buf), WC);
	ok(fx_set_memattr(dev, peerbar_buffer_fd(buf), UC));
	peerbar_buffer_close(buf);
	fx_drop(*state, dev);
	ok(fx_unbind(bdf));
	refused(ret, -EOPNOTSUPP);
}

static int ioeventfd(struct peerbar_device *dev, unsigned int bar, int fd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_DEVICE_IOEVENTFD_32,
		.data = 7,
		.fd = fd,
	};
	struct peerbar_region region;

	ok(peerbar_device_region(dev, bar, &region));
	arg.offset = region.offset + 64;
	return ioctl(peerbar_device_fd(dev), VFIO_DEVICE_IOEVENTFD, &arg)
		       ? -errno : 0;
}

static void test_ioeventfds(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, PAGE, PAGE);
	int fd = peerbar_buffer_fd(buf), event = eventfd(0, EFD_CLOEXEC);

	fx_keep_fd(*state, event);
	ok(ioeventfd(dev, FX_BAR, event));
	refused(fx_set_memattr(dev, fd, WC), -EBUSY);
	ok(ioeventfd(dev, FX_BAR, -1));
	fx_wc(dev, buf);
	refused(ioeventfd(dev, FX_BAR, event), -EBUSY);
	/* another BAR of the device */
	ok(ioeventfd(dev, 0, event));
	ok(ioeventfd(dev, 0, -1));
	fx_drop(*state, buf);
	ok(ioeventfd(dev, FX_BAR, event));
	ok(ioeventfd(dev, FX_BAR, -1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_probe),
		FX_TEST(test_sizes_and_flags),
		FX_TEST(test_bad_descriptors),
		FX_TEST(test_unknown_attributes),
		FX_TEST(test_revoked),
		FX_TEST(test_no_change),
		FX_TEST(test_not_prefetchable),
		FX_TEST(test_ioeventfds),
	};

	return FX_RUN(tests);
}
