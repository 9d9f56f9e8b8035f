// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The part of sysfs that the library reads. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake_priv.h"

#define DEVICES "/sys/bus/pci/devices/"
#define DRIVERS "/sys/bus/pci/drivers/"

static const struct attr {
	const char *bdf;
	const char *name;
	const char *text;
} attrs[] = {
	{FAKE_BDF, "vendor", "0x1af4\n"},
	{FAKE_BDF, "device", "0x1110\n"},
	{FAKE_BDF, "class", "0x050000\n"},
	{FAKE_NEIGHBOUR, "vendor", "0x1b36\n"},
	{FAKE_NEIGHBOUR, "device", "0x0010\n"},
	{FAKE_NEIGHBOUR, "class", "0x010802\n"},
	{FAKE_NEIGHBOUR, "driver_override", "(null)\n"},
	/* 16 KiB of memory, I/O ports, and a BAR that found no place */
	{FAKE_NEIGHBOUR, "resource",
	 "0x00000000fe000000 0x00000000fe003fff 0x0000000000140204\n"
	 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
	 "0x000000000000c000 0x000000000000c03f 0x0000000000040101\n"
	 "0x0000000000000000 0x0000000000000fff 0x0000000020040200\n"
	 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
	 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"},
};

static const char *own_resource(void)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "0x00000000fe001000 0x00000000fe0010ff 0x0000000000040200\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		 "0x%016" PRIx64 " 0x%016" PRIx64 " 0x000000000014220c\n"
		 "0x0000000000000000 0x0000000000000000 0x0000000000000000\n",
		 FAKE_BAR_ADDRESS, FAKE_BAR_ADDRESS + FAKE_BAR_SIZE - 1);
	return text;
}

const char *fake_sysfs_text(const char *path)
{
	static char override[64];
	char at[128];
	size_t i;

	if (!strcmp(path, DEVICES FAKE_BDF "/resource"))
		return own_resource();
	if (!strcmp(path, DEVICES FAKE_BDF "/driver_override")) {
		snprintf(override, sizeof(override), "%s\n",
			 *fake.override ? fake.override : "(null)");
		return override;
	}
	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		snprintf(at, sizeof(at), DEVICES "%s/%s", attrs[i].bdf,
			 attrs[i].name);
		if (!strcmp(path, at))
			return attrs[i].text;
	}
	return NULL;
}

/* drivers that are loaded; which devices each would take does not matter here */
static const char *known_driver(const char *name)
{
	if (!strcmp(name, "vfio-pci"))
		return fake.has_vfio_driver ? "vfio-pci" : NULL;
	return strcmp(name, "nvme") ? NULL : "nvme";
}

static const char *driver_of_path(const char *path, const char *file)
{
	char name[64];
	int end = 0;

	if (sscanf(path, DRIVERS "%63[^/]%n", name, &end) != 1 ||
	    strcmp(path + end, file))
		return NULL;
	return known_driver(name);
}

bool fake_sysfs_is_control(const char *path)
{
	if (!strcmp(path, DEVICES FAKE_BDF "/driver_override") ||
	    !strcmp(path, "/sys/bus/pci/drivers_probe"))
		return true;
	if (!strcmp(path, DEVICES FAKE_BDF "/driver/unbind"))
		return fake.driver;
	return driver_of_path(path, "/bind");
}

/* 0 or an errno */
static int bind_driver(const char *driver)
{
	if (fake.driver)
		return EBUSY;
	if (*fake.override && strcmp(fake.override, driver))
		return ENODEV;
	if (!strcmp(driver, "vfio-pci") && !fake.has_iommu)
		return EINVAL;
	if (fake.refused_by && !strcmp(driver, fake.refused_by))
		return ENOMEM;
	fake.driver = driver;
	return 0;
}

static int control(const char *path, const char *text)
{
	if (strstr(path, "/driver_override")) {
		snprintf(fake.override, sizeof(fake.override), "%.*s",
			 (int)strcspn(text, "\n"), text);
		return 0;
	}
	if (strcmp(text, FAKE_BDF))
		return ENODEV;
	if (strstr(path, "/unbind")) {
		fake.driver = NULL;
		return 0;
	}
	if (strstr(path, "/drivers_probe"))
		return bind_driver(*fake.override ? fake.override : "nvme");
	return bind_driver(driver_of_path(path, "/bind"));
}

ssize_t fake_sysfs_write(const char *path, const char *text, size_t len)
{
	char copy[64];
	int err;

	snprintf(copy, sizeof(copy), "%.*s", (int)len, text);
	err = control(path, copy);
	if (!err)
		return len;
	errno = err;
	return -1;
}

static const char *link_target(const char *path, char *buf, size_t size)
{
	bool neighbour = strstr(path, FAKE_NEIGHBOUR);
	const char *driver = neighbour ? fake.neighbour_driver : fake.driver;

	if (!strcmp(path, DEVICES FAKE_BDF))
		return "../../../devices/pci0000:00/" FAKE_BDF;
	if (!strcmp(path, DEVICES FAKE_NEIGHBOUR))
		return "../../../devices/pci0000:00/" FAKE_NEIGHBOUR;
	if ((!strcmp(path, DEVICES FAKE_BDF "/iommu_group") ||
	     !strcmp(path, DEVICES FAKE_NEIGHBOUR "/iommu_group")) &&
	    fake.has_iommu)
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
	} else if (!strcmp(dir, "/sys/bus/pci/devices")) {
		/* not in order, as a directory is not */
		snprintf(names, size, "%s %s ", FAKE_NEIGHBOUR, FAKE_BDF);
	} else if (!strcmp(dir, "/sys/kernel/iommu_groups/7/devices")) {
		snprintf(names, size, "%s %s ", FAKE_BDF, FAKE_NEIGHBOUR);
	} else {
		errno = ENOENT;
		return -1;
	}
	return 0;
}
