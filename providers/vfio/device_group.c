// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The legacy way: /dev/vfio/GROUP in a container with a type1v2 IOMMU. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/error.h>

#include "device_priv.h"
#include "sys.h"
#include "uapi.h"

static int open_container(void)
{
	int fd, ret;

	fd = sys_open("/dev/vfio/vfio", O_RDWR);
	if (fd < 0)
		return peerbar_error_set(
			fd, "cannot open /dev/vfio/vfio: %s%s", strerror(-fd),
			fd == -ENOENT ? " (modprobe vfio vfio_iommu_type1)" : "");
	ret = sys_ioctl(fd, VFIO_GET_API_VERSION, NULL);
	if (ret < 0) {
		peerbar_error_set(ret, "VFIO_GET_API_VERSION: %s",
				  strerror(-ret));
		goto err;
	}
	if (ret != VFIO_API_VERSION) {
		ret = peerbar_error_set(-EOPNOTSUPP,
					"VFIO API version %d is unknown", ret);
		goto err;
	}
	ret = sys_ioctl(fd, VFIO_CHECK_EXTENSION, (void *)VFIO_TYPE1v2_IOMMU);
	if (ret < 0) {
		peerbar_error_set(ret, "VFIO_CHECK_EXTENSION: %s",
				  strerror(-ret));
		goto err;
	}
	if (!ret) {
		ret = peerbar_error_set(
			-EOPNOTSUPP,
			"the kernel has no type1v2 IOMMU for VFIO (modprobe "
			"vfio_iommu_type1)");
		goto err;
	}
	return fd;

err:
	sys_close(fd);
	return ret;
}

static int open_group(unsigned int group)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%u", group);
	fd = sys_open(path, O_RDWR);
	if (fd == -EBUSY)
		return peerbar_error_set(
			fd,
			"%s is in use: a group can be open once, in one "
			"process, and a mapping of a device fd of it counts",
			path);
	if (fd == -EACCES || fd == -EPERM)
		return peerbar_error_set(
			fd, "no permission to open %s: run as root or give the user access to it",
			path);
	if (fd < 0)
		return peerbar_error_set(fd, "cannot open %s: %s", path,
					 strerror(-fd));
	return fd;
}

static int join_container(struct peerbar_device *dev, unsigned int group)
{
	struct vfio_group_status status = {.argsz = sizeof(status)};
	int group_fd = dev->fds[0], container_fd = dev->fds[1];
	int ret;

	ret = sys_ioctl(group_fd, VFIO_GROUP_GET_STATUS, &status);
	if (ret < 0)
		return peerbar_error_set(ret, "status of IOMMU group %u: %s",
					 group, strerror(-ret));
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE))
		return pci_group_not_viable(group);
	ret = sys_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container_fd);
	if (ret == -EBUSY || ret == -EPERM)
		return pci_group_not_viable(group);
	if (ret < 0)
		return peerbar_error_set(ret,
					 "IOMMU group %u into a container: %s",
					 group, strerror(-ret));
	ret = sys_ioctl(container_fd, VFIO_SET_IOMMU, (void *)VFIO_TYPE1v2_IOMMU);
	if (ret < 0)
		return peerbar_error_set(
			ret, "type1v2 IOMMU for group %u: %s%s", group,
			strerror(-ret),
			ret == -EPERM
				? " (no interrupt remapping? see "
				  "allow_unsafe_interrupts of vfio_iommu_type1)"
				: "");
	return 0;
}

static int group_open(struct peerbar_device *dev)
{
	unsigned int group;
	int ret;

	ret = pci_iommu_group(dev->bdf, &group);
	if (ret)
		return ret;
	ret = open_group(group);
	if (ret < 0)
		return ret;
	dev->fds[0] = ret;
	ret = open_container();
	if (ret < 0)
		return ret;
	dev->fds[1] = ret;
	ret = join_container(dev, group);
	if (ret)
		return ret;
	ret = sys_ioctl(dev->fds[0], VFIO_GROUP_GET_DEVICE_FD, dev->bdf);
	if (ret < 0)
		return device_enable_error(dev->bdf, "VFIO_GROUP_GET_DEVICE_FD",
					   ret);
	dev->fd = ret;
	return 0;
}

const struct device_backend device_group = {
	.id = PEERBAR_BACKEND_GROUP,
	.open = group_open,
};
