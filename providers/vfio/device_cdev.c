// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The new way: /dev/vfio/devices/vfioN, bound to an iommufd. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/error.h>

#include "device_priv.h"
#include "sys.h"
#include "uapi.h"

static int open_node(const char *path)
{
	int fd = sys_open(path, O_RDWR);

	if (fd == -EACCES || fd == -EPERM)
		return peerbar_error_set(
			fd, "no permission to open %s: run as root or give the user access to it",
			path);
	if (fd < 0)
		return peerbar_error_set(
			fd, "cannot open %s: %s%s", path, strerror(-fd),
			fd == -ENOENT ? " (kernel without CONFIG_IOMMUFD or "
					"CONFIG_VFIO_DEVICE_CDEV?)"
				      : "");
	return fd;
}

static int open_cdev(const char *bdf)
{
	unsigned int index;
	char path[48];
	int ret;

	ret = pci_vfio_cdev(bdf, &index);
	if (ret)
		return peerbar_error_set(ret,
					 "%s has no VFIO character device: %s",
					 bdf, strerror(-ret));
	snprintf(path, sizeof(path), "/dev/vfio/devices/vfio%u", index);
	return open_node(path);
}

static int bind_iommufd(struct peerbar_device *dev, int iommufd)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.iommufd = iommufd,
	};
	unsigned int group;
	int ret;

	ret = sys_ioctl(dev->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);
	if (ret == -EPERM && !pci_iommu_group(dev->bdf, &group))
		return pci_group_not_viable(group);
	/* EINVAL: vfio_df_open() lets only groups open a device twice. */
	if (ret == -EBUSY || ret == -EINVAL)
		return peerbar_error_set(
			-EBUSY, "%s is in use: its IOMMU group is open, or somebody else has bound it",
			dev->bdf);
	if (ret < 0)
		return device_enable_error(dev->bdf, "VFIO_DEVICE_BIND_IOMMUFD",
					   ret);
	return 0;
}

static int attach_ioas(struct peerbar_device *dev, int iommufd)
{
	struct iommu_ioas_alloc alloc = {.size = sizeof(alloc)};
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
	};
	int ret;

	ret = sys_ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc);
	if (ret < 0)
		return peerbar_error_set(ret, "%s: IOMMU_IOAS_ALLOC: %s",
					 dev->bdf, strerror(-ret));
	attach.pt_id = alloc.out_ioas_id;
	ret = sys_ioctl(dev->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
	if (ret < 0)
		return peerbar_error_set(
			ret, "%s: VFIO_DEVICE_ATTACH_IOMMUFD_PT: %s", dev->bdf,
			strerror(-ret));
	return 0;
}

static int cdev_open(struct peerbar_device *dev)
{
	int ret;

	ret = open_cdev(dev->bdf);
	if (ret < 0)
		return ret;
	dev->fd = ret;
	ret = open_node("/dev/iommu");
	if (ret < 0)
		return ret;
	dev->fds[0] = ret;
	ret = bind_iommufd(dev, dev->fds[0]);
	if (ret)
		return ret;
	return attach_ioas(dev, dev->fds[0]);
}

const struct device_backend device_cdev = {
	.id = PEERBAR_BACKEND_CDEV,
	.open = cdev_open,
};
