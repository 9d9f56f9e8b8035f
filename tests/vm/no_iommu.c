// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A guest without an IOMMU: nothing can be opened, and the text says so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	/* vfio-pci itself refuses the device here, which is as it should be */
	fclose(file);
}

static void try_to_bind(const char *bdf)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override",
		 bdf);
	write_file(path, "vfio-pci");
	write_file("/sys/bus/pci/drivers_probe", bdf);
}

static void no_device(const char *bdf)
{
	struct peerbar_device *dev;

	refused_saying(peerbar_device_open(bdf, NULL, &dev), -ENOENT,
		       "IOMMU is off");
}

static void test_the_iommu_is_named(void **state)
{
	assert_int_equal(access("/sys/kernel/iommu_groups/0", F_OK), -1);
	no_device(fx_bdf());
}

static void test_binding_does_not_help(void **state)
{
	try_to_bind(fx_bdf());
	no_device(fx_bdf());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_the_iommu_is_named),
		FX_TEST(test_binding_does_not_help),
	};

	return FX_RUN(tests);
}
