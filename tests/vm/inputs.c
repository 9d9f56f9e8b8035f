// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Wrong input: the errno that is documented, and a text that helps. */
#include <errno.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "child.h"
#include "raw.h"

#define NOBODY	 65534
#define CHILD_MS 20000

static int open_bdf(const char *bdf)
{
	struct peerbar_device *dev;
	int ret = peerbar_device_open(bdf, NULL, &dev);

	if (!ret)
		peerbar_device_close(dev);
	return ret;
}

static void test_malformed_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"0000:01:00",
		"0000:01:00.8",
		"0000:01:20.0",
		"01:00.0 ",
		" 01:00.0",
		"0000:100:00.0",
		"1:2:3:4.5",
		"0000:01:00.0/2",
		"../../0000:01:00.0",
		"0000:01:00.0\n",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		refused_saying(open_bdf(bad[i]), -EINVAL, "PCI address");
}

static void test_no_such_device(void **state)
{
	refused_saying(open_bdf("0000:7f:1f.7"), -ENODEV, "no PCI device");
	refused_saying(open_bdf("abcd:01:00.0"), -ENODEV, "abcd:01:00.0");
}

static void test_short_address(void **state)
{
	const char *bdf = fx_bdf();
	struct peerbar_device *dev;

	assert_memory_equal(bdf, "0000:", 5);
	dev = fx_device(*state, bdf + 5);
	assert_string_equal(peerbar_device_bdf(dev), bdf);
}

/* Some device of the machine that a driver like this holds. */
static const char *device_of(const char *driver, char path[PATH_MAX])
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "/sys/bus/pci/drivers/%s/0*", driver);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
	globfree(&found);
	return strrchr(path, '/') + 1;
}

static void test_not_bound_to_vfio(void **state)
{
	char path[PATH_MAX];
	const char *bdf = device_of("virtio-pci", path);

	refused_saying(open_bdf(bdf), -ENODEV, "bound to virtio-pci");
	refused_saying(open_bdf(bdf), -ENODEV, "peerbar bind");
	/* the LPC bridge has no driver at all */
	refused_saying(open_bdf("0000:00:1f.0"), -ENODEV, "no driver");
}

static void test_opened_twice(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());

	refused_saying(open_bdf(fx_bdf()), -EBUSY, "in use");
	fx_drop(*state, dev);
	ok(open_bdf(fx_bdf()));
}

static int open_in_child(int sock, void *arg)
{
	return -open_bdf(fx_bdf());
}

static int open_as_nobody(int sock, void *arg)
{
	int ret;

	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		return 255;
	ret = open_bdf(fx_bdf());
	return strstr(peerbar_error_detail(), "permission") ? -ret : 254;
}

static void test_opened_by_another_process(void **state)
{
	struct fx_child *child;

	fx_device(*state, fx_bdf());
	child = fx_fork(*state, open_in_child, NULL);
	assert_int_equal(fx_wait_child(child, CHILD_MS), EBUSY);
}

static void test_no_permission(void **state)
{
	struct fx_child *child = fx_fork(*state, open_as_nobody, NULL);

	assert_int_equal(fx_wait_child(child, CHILD_MS), EACCES);
}

static void test_options(void **state)
{
	struct peerbar_device_opts opts = {.size = sizeof(opts) + 8};
	struct peerbar_device *dev;

	refused_saying(peerbar_device_open(fx_bdf(), &opts, &dev), -EINVAL,
		       "size");
	opts.size = sizeof(opts);
	opts.backend = (enum peerbar_backend)9;
	refused_saying(peerbar_device_open(fx_bdf(), &opts, &dev), -EINVAL,
		       "backend");
	opts.backend = PEERBAR_BACKEND_GROUP;
	ok(peerbar_device_open(fx_bdf(), &opts, &dev));
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_GROUP);
	peerbar_device_close(dev);
}

static int export(struct peerbar_device *dev, unsigned int bar, uint64_t offset,
		  uint64_t length, unsigned int flags)
{
	const struct peerbar_range range = {offset, length};
	struct peerbar_buffer *buf;
	int ret = peerbar_buffer_export(dev, bar, &range, 1, flags, &buf);

	if (!ret)
		peerbar_buffer_close(buf);
	return ret;
}

static void test_bars(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_region region;

	/* BAR 0 of ivshmem is 256 bytes of registers, BAR 1 for interrupts */
	ok(peerbar_device_region(dev, 0, &region));
	assert_int_equal(region.size, 256);
	ok(peerbar_device_region(dev, 5, &region));
	assert_int_equal(region.size, 0);
	refused(peerbar_device_region(dev, 6, &region), -EINVAL);
	ok(peerbar_device_region(dev, FX_BAR, &region));
	assert_int_equal(region.size, FX_BAR_SIZE);
	assert_true(region.mappable && region.readable && region.writable);

	/* smaller than a page: nothing of it can be exported */
	refused_saying(export(dev, 0, 0, PAGE, 0), -EINVAL, "beyond");
	refused_saying(export(dev, 0, 0, 256, 0), -EINVAL, "aligned");
	refused_saying(export(dev, 5, 0, PAGE, 0), -ENODEV, "no BAR 5");
	refused_saying(export(dev, 6, 0, PAGE, 0), -EINVAL, "0 to 5");
	refused_saying(export(dev, FX_BAR, 0, PAGE, 1u << 9), -EINVAL, "flags");
}

static void test_ranges(void **state)
{
	static const struct peerbar_range second_is_bad[] = {
		{0, PAGE},
		{FX_BAR_SIZE, PAGE},
	};
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf;

	refused_saying(export(dev, FX_BAR, 0, 0, 0), -EINVAL, "empty");
	refused_saying(export(dev, FX_BAR, 1, PAGE, 0), -EINVAL, "aligned");
	refused_saying(export(dev, FX_BAR, 0, 100, 0), -EINVAL, "aligned");
	refused_saying(export(dev, FX_BAR, FX_BAR_SIZE, PAGE, 0), -EINVAL,
		       "beyond");
	refused_saying(export(dev, FX_BAR, 0, FX_BAR_SIZE + PAGE, 0), -EINVAL,
		       "beyond");
	refused_saying(export(dev, FX_BAR, UINT64_MAX - PAGE + 1, 2 * PAGE, 0),
		       -EINVAL, "beyond");
	refused_saying(export(dev, FX_BAR, PAGE, UINT64_MAX - PAGE + 1, 0),
		       -EINVAL, "beyond");
	refused_saying(
		peerbar_buffer_export(dev, FX_BAR, second_is_bad, 2, 0, &buf),
		-EINVAL, "range 1");
	refused_saying(peerbar_buffer_export(dev, FX_BAR, NULL, 0, 0, &buf),
		       -EINVAL, "no range");
	ok(export(dev, FX_BAR, 0, FX_BAR_SIZE, 0));
}

/* The kernel must hold without the library's checks in front of it. */
static void test_ranges_by_ioctl(void **state)
{
	int fd = peerbar_device_fd(fx_device(*state, fx_bdf()));

	refused(fx_export_fd(fd, 0, 0, 0), -EINVAL);
	refused(fx_export_fd(fd, 1, PAGE, 0), -EINVAL);
	refused(fx_export_fd(fd, 0, 100, 0), -EINVAL);
	refused(fx_export_fd(fd, FX_BAR_SIZE, PAGE, 0), -EINVAL);
	refused(fx_export_fd(fd, 0, FX_BAR_SIZE + PAGE, 0), -EINVAL);
	assert_true(fx_export_fd(fd, UINT64_MAX - PAGE + 1, 2 * PAGE, 0) < 0);
	assert_true(fx_export_fd(fd, PAGE, UINT64_MAX - PAGE + 1, 0) < 0);
	assert_true(fx_export_fd(fd, 0, UINT64_MAX - PAGE + 1, 0) < 0);
}

static void test_imports(void **state)
{
	struct peerbar_buffer *buf;

	refused(peerbar_buffer_import(-1, &buf), -EBADF);
	refused_saying(peerbar_buffer_import(0, &buf), -EINVAL, "dma-buf");
}

static void test_device_reads(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	char byte = 0;

	refused(peerbar_device_read(dev, FX_BAR, FX_BAR_SIZE, &byte, 1), -EINVAL);
	refused(peerbar_device_write(dev, FX_BAR, FX_BAR_SIZE - 1, "ab", 2),
		-EINVAL);
	refused(peerbar_device_read(dev, 5, 0, &byte, 1), -EINVAL);
	ok(peerbar_device_read(dev, FX_BAR, FX_BAR_SIZE - 1, &byte, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_malformed_addresses),
		FX_TEST(test_no_such_device),
		FX_TEST(test_short_address),
		FX_TEST(test_not_bound_to_vfio),
		FX_TEST(test_opened_twice),
		FX_TEST(test_opened_by_another_process),
		FX_TEST(test_no_permission),
		FX_TEST(test_options),
		FX_TEST(test_bars),
		FX_TEST(test_ranges),
		FX_TEST(test_ranges_by_ioctl),
		FX_TEST(test_imports),
		FX_TEST(test_device_reads),
	};

	return FX_RUN(tests);
}
