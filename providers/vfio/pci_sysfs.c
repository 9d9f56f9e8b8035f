// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/pci.h>

#include "pci_sysfs.h"
#include "sys.h"

#define SYSFS_GROUPS "/sys/kernel/iommu_groups"
#define PATH_SIZE    256

static const char *skip_hex(const char *p, unsigned int min, unsigned int max,
			    unsigned int *value)
{
	char digits[9] = "";
	size_t n = strspn(p, "0123456789abcdefABCDEF");

	if (n < min || n > max)
		return NULL;
	memcpy(digits, p, n);
	*value = strtoul(digits, NULL, 16);
	return p + n;
}

int pci_bdf_parse(const char *text, char bdf[PCI_BDF_SIZE])
{
	unsigned int domain = 0, bus, device, function;
	const char *colon = text ? strchr(text, ':') : NULL;
	const char *p = text;

	if (!p)
		goto err;
	if (colon && strchr(colon + 1, ':')) {
		p = skip_hex(p, 1, 8, &domain);
		if (!p || *p++ != ':')
			goto err;
	}
	p = skip_hex(p, 1, 2, &bus);
	if (!p || *p++ != ':')
		goto err;
	p = skip_hex(p, 1, 2, &device);
	if (!p || *p++ != '.' || device > 0x1f)
		goto err;
	p = skip_hex(p, 1, 1, &function);
	if (!p || *p || function > 7)
		goto err;
	snprintf(bdf, PCI_BDF_SIZE, "%04x:%02x:%02x.%x", domain, bus, device,
		 function);
	return 0;

err:
	return peerbar_error_set(
		-EINVAL, "\"%.40s\" is not a PCI address like 0000:00:05.0",
		text ? text : "(null)");
}

/* Last component of the link @attr of @bdf. */
static int link_name(const char *bdf, const char *attr, char *name, size_t size)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *slash;
	int ret;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", bdf, attr);
	ret = sys_readlink(path, target, sizeof(target));
	if (ret)
		return ret;
	slash = strrchr(target, '/');
	snprintf(name, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
	return 0;
}

int pci_check_present(const char *bdf)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	int ret;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s", bdf);
	ret = sys_readlink(path, target, sizeof(target));
	if (ret == -ENOENT)
		return peerbar_error_set(-ENODEV, "there is no PCI device %s",
					 bdf);
	if (ret)
		return peerbar_error_set(ret, "cannot read %s: %s", path,
					 strerror(-ret));
	return 0;
}

int pci_iommu_group(const char *bdf, unsigned int *group)
{
	char name[32];
	int ret;

	ret = link_name(bdf, "iommu_group", name, sizeof(name));
	if (ret == -ENOENT)
		return peerbar_error_set(
			ret, "%s is in no IOMMU group: the IOMMU is off; enable it in the firmware and boot with intel_iommu=on (Intel) or without amd_iommu=off (AMD)",
			bdf);
	if (ret)
		return peerbar_error_set(
			ret, "cannot read the IOMMU group of %s: %s", bdf,
			strerror(-ret));
	*group = strtoul(name, NULL, 10);
	return 0;
}

int pci_read_attr(const char *bdf, const char *attr, char *text, size_t size)
{
	char path[PATH_SIZE];
	int ret;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/%s", bdf, attr);
	ret = sys_read_file(path, text, size);
	if (ret)
		return peerbar_error_set(ret, "cannot read %s: %s", path,
					 strerror(-ret));
	return 0;
}

int pci_list(char *names, size_t size)
{
	int ret = sys_list(SYSFS_DEVICES, names, size);

	if (ret)
		return peerbar_error_set(ret, "cannot read " SYSFS_DEVICES ": %s",
					 strerror(-ret));
	return 0;
}

int pci_driver(const char *bdf, char driver[PEERBAR_DRIVER_SIZE])
{
	int ret = link_name(bdf, "driver", driver, PEERBAR_DRIVER_SIZE);

	if (ret == -ENOENT) {
		driver[0] = '\0';
		return 0;
	}
	if (ret)
		return peerbar_error_set(ret, "cannot read the driver of %s: %s",
					 bdf, strerror(-ret));
	return 0;
}

int pci_driver_override(const char *bdf, char driver[PEERBAR_DRIVER_SIZE])
{
	char text[256];
	int ret = pci_read_attr(bdf, "driver_override", text, sizeof(text));

	if (ret)
		return ret;
	text[strcspn(text, "\n")] = '\0';
	snprintf(driver, PEERBAR_DRIVER_SIZE, "%.*s", PEERBAR_DRIVER_SIZE - 1,
		 strcmp(text, "(null)") ? text : "");
	return 0;
}

/* vfio-pci itself and variant drivers such as mlx5_vfio_pci */
bool pci_driver_is_vfio(const char *driver)
{
	return strstr(driver, "vfio");
}

int pci_check_vfio_driver(const char *bdf)
{
	char driver[PEERBAR_DRIVER_SIZE];
	int ret;

	ret = pci_driver(bdf, driver);
	if (ret || pci_driver_is_vfio(driver))
		return ret;
	return peerbar_error_set(
		-ENODEV, "%s is bound to %s, not to vfio-pci; to bind it: peerbar bind %s",
		bdf, *driver ? driver : "no driver", bdf);
}

int pci_vfio_cdev(const char *bdf, unsigned int *index)
{
	char path[PATH_SIZE], names[64];
	int ret;

	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/vfio-dev", bdf);
	ret = sys_list(path, names, sizeof(names));
	if (ret)
		return ret;
	return sscanf(names, "vfio%u", index) == 1 ? 0 : -ENOENT;
}

/*
 * Drivers which do no DMA of their own leave a group viable: bridges and the
 * stub that only keeps others away.
 */
bool pci_driver_blocks_group(const char *driver)
{
	return *driver && !pci_driver_is_vfio(driver) &&
	       strcmp(driver, "pcieport") && strcmp(driver, "pci-stub");
}

int pci_group_not_viable(unsigned int group)
{
	char path[PATH_SIZE], members[1024], text[256] = "";
	char driver[PEERBAR_DRIVER_SIZE];
	size_t used = 0;
	char *bdf, *next;

	snprintf(path, sizeof(path), SYSFS_GROUPS "/%u/devices", group);
	if (sys_list(path, members, sizeof(members)))
		members[0] = '\0';
	for (bdf = strtok_r(members, " ", &next); bdf && used < sizeof(text);
	     bdf = strtok_r(NULL, " ", &next)) {
		if (pci_driver(bdf, driver) || !pci_driver_blocks_group(driver))
			continue;
		used += snprintf(text + used, sizeof(text) - used, "%s%s (%s)",
				 used ? ", " : "", bdf, driver);
	}
	return peerbar_error_set(
		-EBUSY, "IOMMU group %u is not viable: unbind its other members from their host drivers: %s",
		group, used ? text : "none found in sysfs");
}

void pci_bar_addresses(const char *bdf, uint64_t addr[PCI_NR_BARS])
{
	char path[PATH_SIZE], text[2048];
	const char *line = text;
	unsigned int i;

	memset(addr, 0, PCI_NR_BARS * sizeof(*addr));
	snprintf(path, sizeof(path), SYSFS_DEVICES "/%s/resource", bdf);
	if (sys_read_file(path, text, sizeof(text)))
		return;
	for (i = 0; i < PCI_NR_BARS && line; i++) {
		if (sscanf(line, "%" SCNx64, &addr[i]) != 1)
			return;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}
