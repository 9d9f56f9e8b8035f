// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_priv.h"
#include "native_kernel.h"
#include "sys.h"
#include "uapi.h"

static struct sys_ops ops;
static atomic_uint device_opens;

static int memory_file(uint64_t size)
{
	int fd = memfd_create("native_kernel", MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)size)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int native_open(const char *path, int flags)
{
	if (!strcmp(path, "/dev/vfio/vfio") || !strcmp(path, "/dev/vfio/7"))
		return memory_file(0);
	errno = ENOENT;
	return -1;
}

static int region_info(struct vfio_region_info *info)
{
	info->offset = 0;
	info->size = info->index == FAKE_BAR ? FAKE_BAR_SIZE : 0;
	info->flags = info->size ? VFIO_REGION_INFO_FLAG_MMAP : 0;
	return 0;
}

static int device_feature(struct vfio_device_feature *feature)
{
	struct vfio_device_feature_dma_buf *get = (void *)feature->data;
	uint64_t size = 0;
	unsigned int i;

	if ((feature->flags & VFIO_DEVICE_FEATURE_MASK) !=
	    VFIO_DEVICE_FEATURE_DMA_BUF) {
		errno = ENOTTY;
		return -1;
	}
	for (i = 0; i < get->nr_ranges; i++)
		size += get->dma_ranges[i].length;
	return memory_file(size);
}

static int native_ioctl(int fd, unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GET_API_VERSION:
		return 0;
	case VFIO_CHECK_EXTENSION:
		return 1;
	case VFIO_GROUP_GET_STATUS:
		((struct vfio_group_status *)arg)->flags =
			VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
	case VFIO_SET_IOMMU:
	case VFIO_DEVICE_GET_INFO:
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		atomic_fetch_add(&device_opens, 1);
		return memory_file(4096);
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_FEATURE:
		return device_feature(arg);
	default:
		errno = ENOTTY;
		return -1;
	}
}

void native_kernel(void)
{
	ops = sys_native;
	ops.open = native_open;
	ops.ioctl = native_ioctl;
	ops.readlink = fake_sysfs_readlink;
	ops.list = fake_sysfs_list;
	sys_ops = &ops;
	atomic_store(&device_opens, 0);
}

unsigned int native_device_opens(void)
{
	return atomic_load(&device_opens);
}

unsigned int native_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nr = 0;

	while (dir && readdir(dir))
		nr++;
	if (dir)
		closedir(dir);
	return nr;
}
