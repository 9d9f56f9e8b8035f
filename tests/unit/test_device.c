// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opening a device, and what can be wrong with it. */
#include <errno.h>

#include "test.h"
#include "fake_kernel.h"
#include "pci_sysfs.h"
#include "uapi.h"

static struct peerbar_device *const untouched = (void *)0x1;

static int setup(void **state)
{
	fake_reset();
	return 0;
}

static int check_nothing_open(void **state)
{
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static int open_with(enum peerbar_backend backend, struct peerbar_device **out)
{
	struct peerbar_device_opts opts = {
		.size = sizeof(opts),
		.backend = backend,
	};

	*out = untouched;
	return peerbar_device_open(FAKE_BDF, &opts, out);
}

static void open_fails(enum peerbar_backend backend, int err, const char *text)
{
	struct peerbar_device *dev;

	assert_error(open_with(backend, &dev), err, text);
	assert_ptr_equal(dev, untouched);
	assert_int_equal(fake_fds(), 0);
}

static void bdf_forms(void **state)
{
	static const struct {
		const char *text, *bdf;
	} good[] = {
		{"0000:00:05.0", "0000:00:05.0"},
		{"00:05.0", "0000:00:05.0"},
		{"ab:1f.7", "0000:ab:1f.7"},
		{"AB:1F.7", "0000:ab:1f.7"},
		{"1:2.3", "0000:01:02.3"},
		{"10000:e1:00.0", "10000:e1:00.0"},
	};
	static const char *const bad[] = {
		"",
		"nonsense",
		"0000:00:05",
		"00:05",
		"00:20.0",
		"00:05.8",
		"00:05.0 ",
		" 00:05.0",
		"00:05.0x",
		"0000:100:05.0",
		"00:005.0",
		"-1:05.0",
		"00::05.0",
		"0:0000:00:05.0",
		"0x0:00:05.0",
		"00:05.",
		"123456789:00:05.0",
	};
	char bdf[PCI_BDF_SIZE];
	unsigned int i;

	for (i = 0; i < NR(good); i++) {
		assert_int_equal(pci_bdf_parse(good[i].text, bdf), 0);
		assert_string_equal(bdf, good[i].bdf);
	}
	for (i = 0; i < NR(bad); i++)
		assert_error(pci_bdf_parse(bad[i], bdf), EINVAL,
			     "is not a PCI address");
	assert_error(pci_bdf_parse(NULL, bdf), EINVAL, "is not a PCI address");
}

static void open_group(void **state)
{
	struct peerbar_device *dev;

	assert_int_equal(open_with(PEERBAR_BACKEND_GROUP, &dev), 0);
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_GROUP);
	assert_string_equal(peerbar_device_bdf(dev), FAKE_BDF);
	assert_true(fake_memory_enabled());
	assert_int_equal(fake_fds(), 3);
	peerbar_device_close(dev);
}

static void open_cdev(void **state)
{
	struct peerbar_device *dev;

	fake.has_cdev = true;
	assert_int_equal(open_with(PEERBAR_BACKEND_CDEV, &dev), 0);
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_CDEV);
	assert_true(fake_memory_enabled());
	assert_int_equal(fake_fds(), 2);
	peerbar_device_close(dev);
}

static void open_auto(void **state)
{
	struct peerbar_device *dev;

	assert_int_equal(peerbar_device_open("00:05.0", NULL, &dev), 0);
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_GROUP);
	peerbar_device_close(dev);

	fake_reset();
	fake.has_cdev = true;
	assert_int_equal(peerbar_device_open("00:05.0", NULL, &dev), 0);
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_CDEV);
	peerbar_device_close(dev);

	/* the user was given the group, not the character device */
	fake_reset();
	fake.has_cdev = true;
	fake.fail_path = "/dev/iommu";
	fake.fail_path_errno = EACCES;
	assert_int_equal(peerbar_device_open("00:05.0", NULL, &dev), 0);
	assert_int_equal(peerbar_device_backend(dev), PEERBAR_BACKEND_GROUP);
	peerbar_device_close(dev);
}

static void open_no_device(void **state)
{
	struct peerbar_device *dev = untouched;

	assert_error(peerbar_device_open("0000:7f:00.0", NULL, &dev), ENODEV,
		     "no PCI device 0000:7f:00.0");
	assert_error(peerbar_device_open("x", NULL, &dev), EINVAL,
		     "\"x\" is not a PCI address");
	assert_ptr_equal(dev, untouched);
}

static void open_bad_opts(void **state)
{
	struct peerbar_device_opts opts = {.size = 1};
	struct peerbar_device *dev = untouched;

	assert_error(peerbar_device_open(FAKE_BDF, &opts, &dev), EINVAL,
		     "sizeof(struct peerbar_device_opts)");
	assert_ptr_equal(dev, untouched);
	open_fails((enum peerbar_backend)42, EINVAL, "unknown backend 42");
}

static void open_not_bound(void **state)
{
	fake.driver = "nvme";
	open_fails(PEERBAR_BACKEND_AUTO, ENODEV,
		   "is bound to nvme, not to vfio-pci");
	assert_detail("peerbar bind " FAKE_BDF);
	fake.driver = NULL;
	open_fails(PEERBAR_BACKEND_AUTO, ENODEV, "is bound to no driver");
	assert_detail("peerbar bind " FAKE_BDF);
}

static void open_variant_driver(void **state)
{
	struct peerbar_device *dev;

	fake.driver = "mlx5_vfio_pci";
	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	peerbar_device_close(dev);
}

static void open_no_iommu(void **state)
{
	fake.has_iommu = false;
	/* nor is it bound then, but that is not what to tell first */
	fake.driver = "nvme";
	open_fails(PEERBAR_BACKEND_AUTO, ENOENT, "the IOMMU is off");
}

static void open_not_viable(void **state)
{
	fake.viable = false;
	fake.neighbour_driver = "e1000e";
	open_fails(PEERBAR_BACKEND_GROUP, EBUSY, FAKE_NEIGHBOUR " (e1000e)");
	fake.neighbour_driver = "pcieport";
	open_fails(PEERBAR_BACKEND_GROUP, EBUSY, "none found");

	fake.has_cdev = true;
	fake.neighbour_driver = "e1000e";
	fake.fail_request = VFIO_DEVICE_BIND_IOMMUFD;
	fake.fail_request_errno = EPERM;
	open_fails(PEERBAR_BACKEND_CDEV, EBUSY, FAKE_NEIGHBOUR " (e1000e)");
}

static void open_refused(void **state)
{
	static const struct {
		enum peerbar_backend backend;
		const char *path;
		int err;
		const char *text;
	} cases[] = {
		{PEERBAR_BACKEND_GROUP, "/dev/vfio/7", EBUSY, "is in use"},
		{PEERBAR_BACKEND_GROUP, "/dev/vfio/7", EACCES, "no permission"},
		{PEERBAR_BACKEND_GROUP, "/dev/vfio/7", EPERM, "no permission"},
		{PEERBAR_BACKEND_GROUP, "/dev/vfio/7", ENODEV, "No such device"},
		{PEERBAR_BACKEND_GROUP, "/dev/vfio/vfio", ENOENT, "modprobe"},
		{PEERBAR_BACKEND_CDEV, "/dev/vfio/devices/vfio3", EACCES,
		 "no permission"},
		{PEERBAR_BACKEND_CDEV, "/dev/iommu", ENOENT, "CONFIG_IOMMUFD"},
	};
	unsigned int i;

	fake.has_cdev = true;
	for (i = 0; i < NR(cases); i++) {
		fake.fail_path = cases[i].path;
		fake.fail_path_errno = cases[i].err;
		open_fails(cases[i].backend, cases[i].err, cases[i].text);
	}
	fake.has_cdev = false;
	open_fails(PEERBAR_BACKEND_CDEV, ENOENT, "no VFIO character device");
}

static void open_old_container(void **state)
{
	struct peerbar_device *dev;

	assert_int_equal(open_with(PEERBAR_BACKEND_GROUP, &dev), 0);
	assert_true(peerbar_device_fd(dev) >= 0);
	peerbar_device_close(dev);
	fake.has_type1 = false;
	open_fails(PEERBAR_BACKEND_GROUP, EOPNOTSUPP, "no type1v2 IOMMU");
	fake.api_version = 1;
	open_fails(PEERBAR_BACKEND_GROUP, EOPNOTSUPP, "version 1 is unknown");
}

static void open_ioctl_refused(void **state)
{
	static const struct {
		enum peerbar_backend backend;
		unsigned long request;
		int err, expected;
		const char *text;
	} cases[] = {
		{PEERBAR_BACKEND_GROUP, VFIO_GROUP_SET_CONTAINER, EPERM, EBUSY,
		 "not viable"},
		{PEERBAR_BACKEND_GROUP, VFIO_SET_IOMMU, EPERM, EPERM,
		 "allow_unsafe_interrupts"},
		{PEERBAR_BACKEND_GROUP, VFIO_GROUP_GET_DEVICE_FD, ENODEV,
		 ENODEV, "VFIO_GROUP_GET_DEVICE_FD"},
		{PEERBAR_BACKEND_GROUP, VFIO_GROUP_GET_DEVICE_FD, EAGAIN,
		 EAGAIN, "try again"},
		{PEERBAR_BACKEND_GROUP, VFIO_GROUP_GET_DEVICE_FD, EIO, EIO,
		 "does not answer"},
		{PEERBAR_BACKEND_CDEV, VFIO_DEVICE_BIND_IOMMUFD, EAGAIN, EAGAIN,
		 "try again"},
		{PEERBAR_BACKEND_CDEV, VFIO_DEVICE_BIND_IOMMUFD, EBUSY, EBUSY,
		 "is in use"},
		{PEERBAR_BACKEND_CDEV, VFIO_DEVICE_BIND_IOMMUFD, EINVAL, EBUSY,
		 "is in use"},
		{PEERBAR_BACKEND_CDEV, IOMMU_IOAS_ALLOC, ENOMEM, ENOMEM,
		 "IOMMU_IOAS_ALLOC"},
		{PEERBAR_BACKEND_CDEV, VFIO_DEVICE_ATTACH_IOMMUFD_PT, EINVAL,
		 EINVAL, "VFIO_DEVICE_ATTACH_IOMMUFD_PT"},
	};
	unsigned int i;

	fake.has_cdev = true;
	for (i = 0; i < NR(cases); i++) {
		fake.fail_request = cases[i].request;
		fake.fail_request_errno = cases[i].err;
		open_fails(cases[i].backend, cases[i].expected, cases[i].text);
	}
}

static void regions(void **state)
{
	struct peerbar_region region = {.size = 1};
	struct peerbar_device *dev;

	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	assert_int_equal(peerbar_device_region(dev, FAKE_BAR, &region), 0);
	assert_int_equal(region.size, FAKE_BAR_SIZE);
	assert_true(region.mappable && region.readable && region.writable);
	assert_int_equal(peerbar_device_region(dev, 0, &region), 0);
	assert_false(region.mappable);
	assert_int_equal(peerbar_device_region(dev, 1, &region), 0);
	assert_int_equal(region.size, 0);
	region.size = 1;
	assert_error(peerbar_device_region(dev, 6, &region), EINVAL, "BAR 6");
	assert_int_equal(region.size, 1);
	peerbar_device_close(dev);
}

static void read_and_write(void **state)
{
	char in[300], out[300] = "";
	struct peerbar_device *dev;
	unsigned int i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = i * 7;
	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	fake.short_io = true;
	fake.interrupts = 3;
	assert_int_equal(
		peerbar_device_write(dev, FAKE_BAR, 4095, in, sizeof(in)), 0);
	assert_memory_equal(fake_bar() + 4095, in, sizeof(in));
	fake.interrupts = 3;
	assert_int_equal(
		peerbar_device_read(dev, FAKE_BAR, 4095, out, sizeof(out)), 0);
	assert_memory_equal(in, out, sizeof(in));
	fake.short_io = false;
	assert_error(peerbar_device_read(dev, FAKE_BAR, FAKE_BAR_SIZE - 1, out, 2),
		     EINVAL, "is beyond");
	assert_error(peerbar_device_write(dev, FAKE_BAR, UINT64_MAX, in, 2),
		     EINVAL, "is beyond");
	assert_error(peerbar_device_read(dev, 1, 0, out, 1), EINVAL, "BAR 1");
	assert_error(peerbar_device_read(dev, 6, 0, out, 1), EINVAL, "BAR 6");
	peerbar_device_close(dev);
}

static void memory_off(void **state)
{
	struct peerbar_device *dev;
	char byte = 0;

	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	assert_false(fake_memory_enabled());
	assert_error(peerbar_device_read(dev, FAKE_BAR, 0, &byte, 1), EIO,
		     "memory decoding");
	assert_error(peerbar_device_write(dev, FAKE_BAR, 0, &byte, 1), EIO,
		     "memory decoding");
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	assert_int_equal(peerbar_device_read(dev, FAKE_BAR, 0, &byte, 1), 0);
	peerbar_device_close(dev);
}

static void reset(void **state)
{
	struct peerbar_device *dev;

	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	assert_int_equal(peerbar_device_reset(dev), 0);
	assert_int_equal(fake_resets(), 1);
	fake.fail_request = VFIO_DEVICE_RESET;
	fake.fail_request_errno = EAGAIN;
	assert_error(peerbar_device_reset(dev), EAGAIN, "reset: ");
	peerbar_device_close(dev);

	fake_reset();
	fake.can_reset = false;
	assert_int_equal(open_with(PEERBAR_BACKEND_AUTO, &dev), 0);
	assert_error(peerbar_device_reset(dev), EOPNOTSUPP, "no reset method");
	peerbar_device_close(dev);
	peerbar_device_close(NULL);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, check_nothing_open)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bdf_forms),
		TEST(open_group),
		TEST(open_cdev),
		TEST(open_auto),
		TEST(open_no_device),
		TEST(open_bad_opts),
		TEST(open_not_bound),
		TEST(open_variant_driver),
		TEST(open_no_iommu),
		TEST(open_not_viable),
		TEST(open_refused),
		TEST(open_old_container),
		TEST(open_ioctl_refused),
		TEST(regions),
		TEST(read_and_write),
		TEST(memory_off),
		TEST(reset),
	};

	return RUN(tests);
}
