// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sysfs says about functions, and how they change their driver. */
#include <errno.h>
#include <stdio.h>

#include "test.h"
#include "fake_kernel.h"

static int set_up(void **state)
{
	fake_reset();
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(fake_fds(), 0);
	return 0;
}

static struct peerbar_pci_function describe(const char *bdf)
{
	struct peerbar_pci_function function;

	assert_int_equal(peerbar_pci_describe(bdf, &function), 0);
	return function;
}

static void a_function_is_described(void **state)
{
	struct peerbar_pci_function function = describe("00:05.0");

	assert_string_equal(function.bdf, FAKE_BDF);
	assert_int_equal(function.vendor, 0x1af4);
	assert_int_equal(function.device, 0x1110);
	assert_int_equal(function.class_code, 0x050000);
	assert_string_equal(function.driver, "vfio-pci");
	assert_string_equal(function.driver_override, "");
	assert_true(function.vfio);
	assert_false(function.blocks_group);
	assert_int_equal(function.group, FAKE_GROUP);
}

static void bars_are_described(void **state)
{
	const struct peerbar_pci_function own = describe(FAKE_BDF);
	const struct peerbar_pci_function other = describe(FAKE_NEIGHBOUR);
	const struct peerbar_pci_bar *bar = &own.bars[FAKE_BAR];

	assert_int_equal(bar->address, FAKE_BAR_ADDRESS);
	assert_int_equal(bar->size, FAKE_BAR_SIZE);
	assert_true(bar->memory && bar->prefetchable && bar->assigned);
	assert_true(bar->exportable);
	/* smaller than a page */
	assert_int_equal(own.bars[0].size, 256);
	assert_false(own.bars[0].exportable || own.bars[0].prefetchable);
	assert_int_equal(own.bars[1].size, 0);
	assert_false(own.bars[1].exportable);
	/* ports, and what has no place */
	assert_int_equal(other.bars[2].size, 64);
	assert_false(other.bars[2].memory || other.bars[2].exportable);
	assert_int_equal(other.bars[3].size, 4096);
	assert_false(other.bars[3].assigned || other.bars[3].exportable);
}

static void who_blocks_a_group(void **state)
{
	static const struct {
		const char *driver;
		bool vfio, blocks;
	} drivers[] = {
		{NULL, false, false},		{"nvme", false, true},
		{"pcieport", false, false},	{"pci-stub", false, false},
		{"mlx5_vfio_pci", true, false},
	};
	size_t i;

	for (i = 0; i < NR(drivers); i++) {
		fake.neighbour_driver = drivers[i].driver;
		assert_int_equal(describe(FAKE_NEIGHBOUR).vfio, drivers[i].vfio);
		assert_int_equal(describe(FAKE_NEIGHBOUR).blocks_group,
				 drivers[i].blocks);
	}
}

static void without_an_iommu_there_is_no_group(void **state)
{
	fake.has_iommu = false;
	assert_int_equal(describe(FAKE_BDF).group, -1);
}

static void a_description_of_nothing(void **state)
{
	struct peerbar_pci_function function;

	assert_error(peerbar_pci_describe("x", &function), EINVAL, "PCI address");
	assert_error(peerbar_pci_describe(NULL, &function), EINVAL,
		     "PCI address");
	assert_error(peerbar_pci_describe("0000:00:07.0", &function), ENODEV,
		     "no PCI device");
}

static void the_list_is_in_order(void **state)
{
	struct peerbar_pci_function *list;
	size_t nr;

	assert_int_equal(peerbar_pci_list(&list, &nr), 0);
	assert_int_equal(nr, 2);
	assert_string_equal(list[0].bdf, FAKE_BDF);
	assert_string_equal(list[1].bdf, FAKE_NEIGHBOUR);
	assert_int_equal(list[1].class_code, 0x010802);
	peerbar_pci_list_free(list);
	peerbar_pci_list_free(NULL);
}

static void a_driver_is_changed_and_given_back(void **state)
{
	fake.driver = "nvme";
	assert_int_equal(
		peerbar_pci_set_driver("00:05.0", "vfio-pci", "vfio-pci"), 0);
	assert_string_equal(describe(FAKE_BDF).driver, "vfio-pci");
	assert_string_equal(describe(FAKE_BDF).driver_override, "vfio-pci");
	assert_int_equal(peerbar_pci_set_driver(FAKE_BDF, "nvme", ""), 0);
	assert_string_equal(describe(FAKE_BDF).driver, "nvme");
	assert_string_equal(describe(FAKE_BDF).driver_override, "");
}

static void none_and_the_kernels_choice(void **state)
{
	assert_int_equal(peerbar_pci_set_driver(FAKE_BDF, "", ""), 0);
	assert_string_equal(describe(FAKE_BDF).driver, "");
	assert_int_equal(peerbar_pci_set_driver(FAKE_BDF, "", ""), 0);
	assert_int_equal(peerbar_pci_set_driver(FAKE_BDF, NULL, ""), 0);
	assert_string_equal(describe(FAKE_BDF).driver, "nvme");
}

static void a_driver_that_is_there_already(void **state)
{
	assert_int_equal(
		peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "vfio-pci"), 0);
	assert_string_equal(fake.override, "vfio-pci");
	assert_string_equal(fake.driver, "vfio-pci");
}

static void after_a_failure_all_is_as_before(void **state)
{
	fake.driver = "nvme";
	fake.refused_by = "vfio-pci";
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "vfio-pci"),
		     ENOMEM, strerror(ENOMEM));
	assert_string_equal(fake.driver, "nvme");
	assert_string_equal(fake.override, "");

	fake.refused_by = NULL;
	fake.has_iommu = false;
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "vfio-pci"),
		     EINVAL, "without an IOMMU");
	assert_string_equal(fake.driver, "nvme");
	/* of a driver that knows the device, override or not */
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "nvme"),
		     ENODEV, "does not take");
	assert_string_equal(fake.driver, "nvme");
	assert_string_equal(fake.override, "");
}

static void a_driver_that_is_not_loaded(void **state)
{
	fake.driver = "nvme";
	fake.has_vfio_driver = false;
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "vfio-pci"),
		     ENOENT, "modprobe vfio-pci");
	assert_string_equal(fake.override, "");
}

static void a_device_in_use_is_left_alone(void **state)
{
	fake.fail_path = "/dev/vfio/7";
	fake.fail_path_errno = EBUSY;
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "nvme", ""), EBUSY,
		     "in use");
	assert_string_equal(fake.driver, "vfio-pci");
	/* nothing is taken away */
	assert_int_equal(
		peerbar_pci_set_driver(FAKE_BDF, "vfio-pci", "vfio-pci"), 0);
}

static void no_right_to_do_it(void **state)
{
	fake.fail_path = "/sys/bus/pci/drivers/nvme/bind";
	fake.fail_path_errno = EACCES;
	assert_error(peerbar_pci_set_driver(FAKE_BDF, "nvme", ""), EACCES,
		     "run as root");
	fake.fail_path = "/sys/bus/pci/drivers_probe";
	fake.fail_path_errno = EROFS;
	assert_error(peerbar_pci_set_driver(FAKE_BDF, NULL, ""), EROFS,
		     "read-only");
}

static void names_that_are_none(void **state)
{
	static const char *const names[] = {
		"../nvme",
		"a b",
		"..",
		"x\n",
		"a-name-of-a-driver-that-is-too-long",
	};
	size_t i;

	for (i = 0; i < NR(names); i++) {
		assert_error(peerbar_pci_set_driver(FAKE_BDF, names[i], ""),
			     EINVAL, "not a driver's name");
		assert_error(peerbar_pci_set_driver(FAKE_BDF, "nvme", names[i]),
			     EINVAL, "not a driver's name");
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_function_is_described),
		TEST(bars_are_described),
		TEST(who_blocks_a_group),
		TEST(without_an_iommu_there_is_no_group),
		TEST(a_description_of_nothing),
		TEST(the_list_is_in_order),
		TEST(a_driver_is_changed_and_given_back),
		TEST(none_and_the_kernels_choice),
		TEST(a_driver_that_is_there_already),
		TEST(after_a_failure_all_is_as_before),
		TEST(a_driver_that_is_not_loaded),
		TEST(a_device_in_use_is_left_alone),
		TEST(no_right_to_do_it),
		TEST(names_that_are_none),
	};

	return RUN(tests);
}
