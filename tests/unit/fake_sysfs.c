// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The part of sysfs that the library reads. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake_priv.h"

#define DEVICES "/sys/bus/pci/devices/"

const char *fake_sysfs_text(const char *path)
{
	static char text[256];

	if (strcmp(path, DEVICES FAKE_BDF "/resource"))
		return NULL;
	snprintf(text, sizeof(text),
		 "0x0 0x0 0x0\n0x0 0x0 0x0\n0x%" PRIx64 " 0x0 0x0\n",
		 FAKE_BAR_ADDRESS);
	return text;
}

static const char *link_target(const char *path, char *buf, size_t size)
{
	bool neighbour = strstr(path, FAKE_NEIGHBOUR);
	const char *driver = neighbour ? fake.neighbour_driver : fake.driver;

	if (!strcmp(path, DEVICES FAKE_BDF))
		return "../../../devices/pci0000:00/" FAKE_BDF;
	if (!strcmp(path, DEVICES FAKE_BDF "/iommu_group") && fake.has_iommu)
		return "../../../kernel/iommu_groups/7";
	if (!driver || (strcmp(path, DEVICES FAKE_BDF "/driver") &&
			strcmp(path, DEVICES FAKE_NEIGHBOUR "/driver")))
		return NULL;
	snprintf(buf, size, "../../../bus/pci/drivers/%s", driver);
	return buf;
}

ssize_t fake_sysfs_readlink(const char *path, char *buf, size_t size)
{
	const char *target;
	char driver[128];
	size_t len;

	if (fake_fails(path))
		return -1;
	target = link_target(path, driver, sizeof(driver));
	if (!target) {
		errno = ENOENT;
		return -1;
	}
	len = strlen(target);
	if (len > size)
		len = size;
	memcpy(buf, target, len);
	return len;
}

int fake_sysfs_list(const char *dir, char *names, size_t size)
{
	if (fake_fails(dir))
		return -1;
	if (!strcmp(dir, DEVICES FAKE_BDF "/vfio-dev") && fake.has_cdev) {
		snprintf(names, size, "vfio3 ");
	} else if (!strcmp(dir, "/sys/kernel/iommu_groups/7/devices")) {
		snprintf(names, size, "%s %s ", FAKE_BDF, FAKE_NEIGHBOUR);
	} else {
		errno = ENOENT;
		return -1;
	}
	return 0;
}
