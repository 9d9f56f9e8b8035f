// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>

#include "device_priv.h"
#include "sys.h"
#include "uapi.h"

void device_get(struct peerbar_device *dev)
{
	atomic_fetch_add(&dev->refs, 1);
}

void device_put(struct peerbar_device *dev)
{
	if (atomic_fetch_sub(&dev->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&dev->lock);
	free(dev);
}

/* The device first: the group and the container hold the IOMMU domain. */
static void close_fds(struct peerbar_device *dev)
{
	unsigned int i;

	sys_close(dev->fd);
	dev->fd = -1;
	for (i = 0; i < sizeof(dev->fds) / sizeof(dev->fds[0]); i++) {
		sys_close(dev->fds[i]);
		dev->fds[i] = -1;
	}
}

int device_enable_error(const char *bdf, const char *call, int ret)
{
	const char *hint = "";

	if (ret == -EAGAIN)
		hint = " (it is being reset, or its link recovers from an error: try again)";
	if (ret == -EIO)
		hint = " (it does not answer: its link is down, or it needs a reset)";
	return peerbar_error_set(ret, "%s: %s: %s%s", bdf, call, strerror(-ret),
				 hint);
}

static int open_backend(struct peerbar_device *dev,
			const struct device_backend *backend)
{
	int ret = backend->open(dev);

	if (ret)
		close_fds(dev);
	else
		dev->backend = backend;
	return ret;
}

/*
 * AUTO goes on to the group only when the character device cannot be opened
 * at all: an administrator may have granted either of the two nodes.
 */
static int open_any_backend(struct peerbar_device *dev,
			    enum peerbar_backend backend)
{
	int ret;

	switch (backend) {
	case PEERBAR_BACKEND_GROUP:
		return open_backend(dev, &device_group);
	case PEERBAR_BACKEND_CDEV:
		return open_backend(dev, &device_cdev);
	case PEERBAR_BACKEND_AUTO:
		break;
	default:
		return peerbar_error_set(-EINVAL, "unknown backend %d",
					 (int)backend);
	}
	ret = open_backend(dev, &device_cdev);
	if (ret == -ENOENT || ret == -EACCES || ret == -EPERM)
		ret = open_backend(dev, &device_group);
	return ret;
}

static int read_region(struct peerbar_device *dev, unsigned int index,
		       struct vfio_region_info *info)
{
	int ret;

	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	ret = sys_ioctl(dev->fd, VFIO_DEVICE_GET_REGION_INFO, info);
	if (ret < 0)
		return peerbar_error_set(ret, "%s: region %u: %s", dev->bdf,
					 index, strerror(-ret));
	return 0;
}

static int read_info(struct peerbar_device *dev)
{
	struct vfio_device_info info = {.argsz = sizeof(info)};
	struct vfio_region_info region;
	unsigned int i;
	int ret;

	ret = sys_ioctl(dev->fd, VFIO_DEVICE_GET_INFO, &info);
	if (ret < 0)
		return peerbar_error_set(ret, "%s: VFIO_DEVICE_GET_INFO: %s",
					 dev->bdf, strerror(-ret));
	dev->can_reset = info.flags & VFIO_DEVICE_FLAGS_RESET;

	for (i = 0; i < PCI_NR_BARS; i++) {
		ret = read_region(dev, VFIO_PCI_BAR0_REGION_INDEX + i, &region);
		if (ret)
			return ret;
		dev->regions[i] = (struct peerbar_region){
			.size = region.size,
			.offset = region.offset,
			.readable = region.flags & VFIO_REGION_INFO_FLAG_READ,
			.writable = region.flags & VFIO_REGION_INFO_FLAG_WRITE,
			.mappable = region.flags & VFIO_REGION_INFO_FLAG_MMAP,
		};
	}
	ret = read_region(dev, VFIO_PCI_CONFIG_REGION_INDEX, &region);
	dev->config_offset = region.offset;
	pci_bar_addresses(dev->bdf, dev->bar_address);
	return ret;
}

static int find_device(struct peerbar_device *dev, const char *bdf)
{
	unsigned int group;
	int ret;

	ret = pci_bdf_parse(bdf, dev->bdf);
	if (!ret)
		ret = pci_check_present(dev->bdf);
	/* before the driver: without an IOMMU vfio-pci cannot be bound */
	if (!ret)
		ret = pci_iommu_group(dev->bdf, &group);
	if (!ret)
		ret = pci_check_vfio_driver(dev->bdf);
	return ret;
}

static int check_opts(const struct peerbar_device_opts *opts,
		      enum peerbar_backend *backend)
{
	*backend = PEERBAR_BACKEND_AUTO;
	if (!opts)
		return 0;
	if (opts->size != sizeof(*opts))
		return peerbar_error_set(
			-EINVAL, "opts.size is %zu, not %zu: set it to sizeof(struct peerbar_device_opts)",
			opts->size, sizeof(*opts));
	*backend = opts->backend;
	return 0;
}

int peerbar_device_open(const char *bdf, const struct peerbar_device_opts *opts,
			struct peerbar_device **out)
{
	enum peerbar_backend backend;
	struct peerbar_device *dev;
	int ret;

	ret = check_opts(opts, &backend);
	if (ret)
		return ret;
	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return peerbar_error_set(-ENOMEM, "no memory for a device");
	atomic_init(&dev->refs, 1);
	pthread_mutex_init(&dev->lock, NULL);
	dev->fd = dev->fds[0] = dev->fds[1] = -1;

	ret = find_device(dev, bdf);
	if (ret)
		goto err_put;
	ret = open_any_backend(dev, backend);
	if (ret)
		goto err_put;
	ret = read_info(dev);
	if (ret)
		goto err_close;
	ret = peerbar_device_set_memory(dev, true);
	if (ret)
		goto err_close;
	*out = dev;
	return 0;

err_close:
	close_fds(dev);
err_put:
	device_put(dev);
	return ret;
}

void peerbar_device_close(struct peerbar_device *dev)
{
	if (!dev)
		return;
	pthread_mutex_lock(&dev->lock);
	close_fds(dev);
	pthread_mutex_unlock(&dev->lock);
	device_changed(dev, CHANGED_CLOSED);
	device_put(dev);
}

const char *peerbar_device_bdf(const struct peerbar_device *dev)
{
	return dev->bdf;
}

int peerbar_device_fd(const struct peerbar_device *dev)
{
	return dev->fd;
}

enum peerbar_backend peerbar_device_backend(const struct peerbar_device *dev)
{
	return dev->backend->id;
}

static int check_bar(const struct peerbar_device *dev, unsigned int index)
{
	if (index < PCI_NR_BARS)
		return 0;
	return peerbar_error_set(-EINVAL, "%s: BAR %u: BARs are 0 to %u",
				 dev->bdf, index, PCI_NR_BARS - 1);
}

int peerbar_device_region(struct peerbar_device *dev, unsigned int index,
			  struct peerbar_region *out)
{
	int ret = check_bar(dev, index);

	if (!ret)
		*out = dev->regions[index];
	return ret;
}

int peerbar_device_reset(struct peerbar_device *dev)
{
	int ret;

	if (!dev->can_reset)
		return peerbar_error_set(-EOPNOTSUPP,
					 "%s has no reset method of its own",
					 dev->bdf);
	ret = sys_ioctl(dev->fd, VFIO_DEVICE_RESET, NULL);
	if (ret < 0)
		return peerbar_error_set(ret, "%s: reset: %s", dev->bdf,
					 strerror(-ret));
	device_changed(dev, CHANGED_RESET);
	return 0;
}

int peerbar_device_set_memory(struct peerbar_device *dev, bool enable)
{
	uint64_t offset = dev->config_offset + PCI_COMMAND;
	uint8_t command;
	int ret;

	/* the byte that holds the bit; PCI is little-endian */
	ret = sys_pread(dev->fd, &command, sizeof(command), offset);
	if (ret)
		goto err;
	if (enable)
		command |= PCI_COMMAND_MEMORY;
	else
		command &= ~PCI_COMMAND_MEMORY;
	ret = sys_pwrite(dev->fd, &command, sizeof(command), offset);
	if (ret)
		goto err;
	device_changed(dev, enable ? CHANGED_MEMORY_ON : CHANGED_MEMORY_OFF);
	return 0;

err:
	return peerbar_error_set(ret, "%s: memory decoding %s: PCI_COMMAND: %s",
				 dev->bdf, enable ? "on" : "off", strerror(-ret));
}

static int check_access(struct peerbar_device *dev, unsigned int index,
			uint64_t offset, size_t len)
{
	uint64_t size;
	int ret;

	ret = check_bar(dev, index);
	if (ret)
		return ret;
	size = dev->regions[index].size;
	if (offset > size || len > size - offset)
		return peerbar_error_set(-EINVAL,
					 "%s: BAR %u has %" PRIu64
					 " bytes; offset %" PRIu64
					 ", length %zu is beyond",
					 dev->bdf, index, size, offset, len);
	return 0;
}

static int access_error(struct peerbar_device *dev, unsigned int index, int ret)
{
	if (!ret)
		return 0;
	return peerbar_error_set(ret, "%s: BAR %u through the device fd: %s%s",
				 dev->bdf, index, strerror(-ret),
				 ret == -EIO ? " (is memory decoding off?)" : "");
}

int peerbar_device_read(struct peerbar_device *dev, unsigned int index,
			uint64_t offset, void *buf, size_t len)
{
	int ret = check_access(dev, index, offset, len);

	if (ret)
		return ret;
	ret = sys_pread(dev->fd, buf, len, dev->regions[index].offset + offset);
	return access_error(dev, index, ret);
}

int peerbar_device_write(struct peerbar_device *dev, unsigned int index,
			 uint64_t offset, const void *buf, size_t len)
{
	int ret = check_access(dev, index, offset, len);

	if (ret)
		return ret;
	ret = sys_pwrite(dev->fd, buf, len, dev->regions[index].offset + offset);
	return access_error(dev, index, ret);
}

int device_probe_feature(struct peerbar_device *dev, uint32_t flags)
{
	struct vfio_device_feature feature = {
		.argsz = sizeof(feature),
		.flags = flags | VFIO_DEVICE_FEATURE_PROBE,
	};
	int ret = sys_ioctl(dev->fd, VFIO_DEVICE_FEATURE, &feature);

	if (ret == -EINVAL)
		return -ENOTTY;
	return ret < 0 ? ret : 0;
}
