// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <peerbar/error.h>

#include "observe.h"
#include "sys.h"

int observe_info(struct peerbar_device *dev, int fd,
		 struct peerbar_vfio_dma_buf_info *out)
{
	struct {
		struct vfio_device_feature header;
		struct peerbar_vfio_dma_buf_info info;
	} arg = {
		.header = {.argsz = sizeof(arg),
			   .flags = VFIO_DEVICE_FEATURE_GET |
				    PEERBAR_VFIO_FEATURE_DMA_BUF_INFO},
		.info = {.dmabuf_fd = fd},
	};
	int ret;

	ret = sys_ioctl(dev->fd, VFIO_DEVICE_FEATURE, &arg);
	if (ret < 0)
		return ret;
	*out = arg.info;
	return 0;
}

enum peerbar_state observe_state(const struct peerbar_vfio_dma_buf_info *info)
{
	switch (info->state) {
	case PEERBAR_VFIO_DMA_BUF_OK:
		return PEERBAR_LIVE;
	case PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED:
		return PEERBAR_SUSPENDED;
	default:
		return PEERBAR_REVOKED;
	}
}

/*
 * The kernel maps a suspended buffer, but not one revoked for good: mapping
 * inserts no page, so that asking costs nothing.
 */
int observe_by_mmap(int fd, enum peerbar_state *out)
{
	void *addr;
	int ret;

	ret = sys_mmap(NULL, sys_page_size(), PROT_READ, MAP_SHARED, fd, 0,
		       &addr);
	switch (ret) {
	case 0:
		sys_munmap(addr, sys_page_size());
		*out = PEERBAR_LIVE;
		return 0;
	case -EBUSY: /* another buffer has its pages write-combined */
		*out = PEERBAR_LIVE;
		return 0;
	case -ENODEV:
		*out = PEERBAR_REVOKED;
		return 0;
	case -EINVAL:
		return peerbar_error_set(
			-EOPNOTSUPP,
			"buffer state: the exporter cannot map the buffer, "
			"which is how to ask; it takes the vfio-pci modules of "
			"peerbar (kernel/)");
	default:
		return peerbar_error_set(ret, "buffer state: mmap: %s",
					 strerror(-ret));
	}
}

/* What this process has done to the device: all that a stock kernel leaves. */
static void observe_own(const struct peerbar_device *dev, struct observation *out)
{
	*out = (struct observation){
		.state = dev->fd < 0	   ? PEERBAR_REVOKED
			 : dev->memory_off ? PEERBAR_SUSPENDED
					   : PEERBAR_LIVE,
		.revokes = dev->own_revokes,
		.source = PEERBAR_SOURCE_CALLS,
	};
}

static int observe_closed(struct peerbar_device *dev, int fd,
			  struct observation *out)
{
	enum peerbar_state state;
	int ret;

	observe_own(dev, out);
	/* a mapping of the device fd may keep the kernel's device open */
	ret = observe_by_mmap(fd, &state);
	if (ret == -EOPNOTSUPP)
		return 0;
	if (!ret)
		out->state = state;
	return ret;
}

static int observe_open(struct peerbar_device *dev, int fd,
			struct observation *out)
{
	struct peerbar_vfio_dma_buf_info info;
	int ret;

	ret = observe_info(dev, fd, &info);
	switch (ret) {
	case 0:
		*out = (struct observation){
			.state = observe_state(&info),
			.revokes = info.revokes,
			.source = PEERBAR_SOURCE_KERNEL,
		};
		return 0;
	case -ENOTTY:
		observe_own(dev, out);
		return 0;
	default:
		return peerbar_error_set(ret, "buffer state: %s", strerror(-ret));
	}
}

int observe(struct peerbar_device *dev, int fd, struct observation *out)
{
	struct observation seen = {.source = PEERBAR_SOURCE_PROBE};
	int ret;

	if (!dev)
		ret = observe_by_mmap(fd, &seen.state);
	else if (dev->fd < 0)
		ret = observe_closed(dev, fd, &seen);
	else
		ret = observe_open(dev, fd, &seen);
	if (!ret)
		*out = seen;
	return ret;
}

int observe_since(struct peerbar_device *dev, int fd,
		  const struct observation *seen, struct observation *out)
{
	int ret = observe(dev, fd, out);

	if (ret || out->source == seen->source)
		return ret;
	out->source = seen->source;
	out->revokes = seen->revokes;
	if (out->state == PEERBAR_REVOKED && seen->state != PEERBAR_REVOKED)
		out->revokes++;
	return 0;
}
