// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which driver has a function, and how another one gets it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/pci.h>

#include "pci_sysfs.h"
#include "sys.h"

#define SYSFS_DRIVERS "/sys/bus/pci/drivers"
#define SYSFS_PROBE   "/sys/bus/pci/drivers_probe"
#define PATH_SIZE     256

/* What a function had, so that it can be given back. */
struct held {
	char driver[PEERBAR_DRIVER_SIZE];
	char override[PEERBAR_DRIVER_SIZE];
};

static bool name_is_good(const char *name)
{
	const char *p;

	for (p = name; *p; p++)
		if (*p <= ' ' || *p == '/' || *p == 0x7f)
			return false;
	return p - name < PEERBAR_DRIVER_SIZE && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static int check_name(const char *name)
{
	if (name_is_good(name))
		return 0;
	return peerbar_error_set(-EINVAL, "\"%.40s\" is not a driver's name",
				 name);
}

/* 0 or -errno as it comes from the kernel, without a detail text */
static int write_file(const char *path, const char *text)
{
	ssize_t ret;
	int fd;

	fd = sys_open(path, O_WRONLY);
	if (fd < 0)
		return fd;
	ret = sys_write_some(fd, text, strlen(text));
	sys_close(fd);
	return ret < 0 ? (int)ret : 0;
}

static int write_error(int ret, const char *path)
{
	switch (ret) {
	case 0:
		return 0;
	case -EACCES:
	case -EPERM:
		return peerbar_error_set(
			ret, "no permission to write %s: run as root", path);
	case -EROFS:
		return peerbar_error_set(
			ret, "%s is read-only here (a container?): do this on the host",
			path);
	default:
		return peerbar_error_set(ret, "writing %s: %s", path,
					 strerror(-ret));
	}
}

static int set_override(const char *bdf, const char *override)
{
	char path[PATH_SIZE], text[PEERBAR_DRIVER_SIZE + 1];

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/driver_override", bdf);
	/* an empty line clears it */
	snprintf(text, sizeof(text), "%s\n", override);
	return write_error(write_file(path, text), path);
}

static int release(const char *bdf)
{
	char path[PATH_SIZE];
	int ret;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/driver/unbind", bdf);
	ret = write_file(path, bdf);
	/* somebody else was faster */
	return ret == -ENOENT || ret == -ENODEV ? 0 : write_error(ret, path);
}

static int attach(const char *bdf, const char *driver)
{
	char path[PATH_SIZE];
	int ret;

	snprintf(path, sizeof(path), SYSFS_DRIVERS "/%s/bind", driver);
	ret = write_file(path, bdf);
	switch (ret) {
	case -ENOENT:
		return peerbar_error_set(
			ret, "there is no driver %s: load it (modprobe %s)",
			driver, driver);
	case -ENODEV:
		return peerbar_error_set(ret, "%s does not take %s", driver, bdf);
	case -EINVAL:
		return peerbar_error_set(
			ret, "%s refuses %s: %s%s", driver, bdf, strerror(-ret),
			pci_driver_is_vfio(driver)
				? " (without an IOMMU, VFIO takes no device)"
				: "");
	default:
		return write_error(ret, path);
	}
}

static int choose(const char *bdf)
{
	int ret = write_file(SYSFS_PROBE, bdf);

	/* no driver wants it, which is no error */
	return ret == -EINVAL || ret == -ENODEV ? 0
						: write_error(ret, SYSFS_PROBE);
}

static int give(const char *bdf, const char *driver)
{
	if (!driver)
		return choose(bdf);
	return *driver ? attach(bdf, driver) : 0;
}

static int check_loaded(const char *driver)
{
	char path[PATH_SIZE];
	int fd;

	if (!driver || !*driver)
		return 0;
	snprintf(path, sizeof(path), SYSFS_DRIVERS "/%s/bind", driver);
	fd = sys_open(path, O_WRONLY);
	if (fd == -ENOENT)
		return peerbar_error_set(
			fd, "there is no driver %s: load it (modprobe %s)",
			driver, driver);
	if (fd < 0)
		return write_error(fd, path);
	sys_close(fd);
	return 0;
}

/* Of a VFIO driver; the kernel would wait for the device to be closed. */
static int check_not_open(const char *bdf)
{
	unsigned int group;
	char path[32];
	int fd, ret;

	ret = pci_iommu_group(bdf, &group);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	snprintf(path, sizeof(path), "/dev/vfio/%u", group);
	fd = sys_open(path, O_RDWR);
	if (fd == -EBUSY)
		return peerbar_error_set(
			fd, "%s is in use: a process has it open (fuser -v /dev/vfio/*); end that first",
			bdf);
	if (fd < 0 && fd != -ENOENT)
		return peerbar_error_set(fd, "cannot open %s: %s", path,
					 strerror(-fd));
	sys_close(fd);
	return 0;
}

static int change(const char *bdf, const char *driver, const char *override,
		  struct held *held)
{
	int ret;

	ret = set_override(bdf, override);
	if (ret || (driver && !strcmp(held->driver, driver)))
		return ret;
	if (*held->driver)
		ret = release(bdf);
	if (!ret)
		ret = give(bdf, driver);
	return ret;
}

/* Without touching the text that says why. */
static void give_back(const char *bdf, const struct held *held)
{
	char path[PATH_SIZE], text[PEERBAR_DRIVER_SIZE + 1];

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/driver_override", bdf);
	snprintf(text, sizeof(text), "%s\n", held->override);
	write_file(path, text);
	if (!*held->driver)
		return;
	snprintf(path, sizeof(path), SYSFS_DRIVERS "/%s/bind", held->driver);
	write_file(path, bdf);
}

int peerbar_pci_set_driver(const char *bdf, const char *driver,
			   const char *override)
{
	char full[PCI_BDF_SIZE];
	struct held held;
	int ret;

	ret = pci_bdf_parse(bdf, full);
	if (!ret)
		ret = check_name(driver ? driver : "");
	if (!ret)
		ret = check_name(override);
	if (!ret)
		ret = pci_check_present(full);
	if (!ret)
		ret = pci_driver(full, held.driver);
	if (!ret)
		ret = pci_driver_override(full, held.override);
	if (!ret)
		ret = check_loaded(driver);
	if (!ret && pci_driver_is_vfio(held.driver) &&
	    (!driver || strcmp(driver, held.driver)))
		ret = check_not_open(full);
	if (ret)
		return ret;
	ret = change(full, driver, override, &held);
	if (ret)
		give_back(full, &held);
	return ret;
}
