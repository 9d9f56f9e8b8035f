// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State, counters and revoke: what our kernel modules add. */
#include <errno.h>
#include <string.h>

#include <peerbar/error.h>

#include "buffer_priv.h"
#include "observe.h"
#include "sys.h"
#include "uapi.h"

#define NEEDS_MODULES "; it takes the vfio-pci modules of peerbar (kernel/)"

static int check_exporter(const struct peerbar_buffer *buf, const char *what)
{
	if (!buf->dev)
		return peerbar_error_set(
			-EOPNOTSUPP, "%s: an imported buffer; only the process that exported it can ask",
			what);
	if (buf->dev->fd < 0)
		return peerbar_error_set(-ENODEV, "%s: %s is closed", what,
					 buf->dev->bdf);
	return 0;
}

static int require_feature(const struct peerbar_buffer *buf, uint32_t flags,
			   const char *what)
{
	int ret;

	ret = check_exporter(buf, what);
	if (ret)
		return ret;
	ret = device_probe_feature(buf->dev, flags);
	if (ret == -ENOTTY)
		return peerbar_error_set(
			-EOPNOTSUPP,
			"%s: the kernel does not know it" NEEDS_MODULES, what);
	if (ret == -EOPNOTSUPP)
		return peerbar_error_set(
			ret, "%s: the VFIO driver of %s, or this machine, does not have it",
			what, buf->dev->bdf);
	if (ret)
		return peerbar_error_set(ret, "%s: asking the kernel: %s", what,
					 strerror(-ret));
	return 0;
}

static int query(struct peerbar_buffer *buf,
		 struct peerbar_vfio_dma_buf_info *info)
{
	const uint32_t flags =
		VFIO_DEVICE_FEATURE_GET | PEERBAR_VFIO_FEATURE_DMA_BUF_INFO;
	int ret;

	ret = require_feature(buf, flags, "buffer info");
	if (ret)
		return ret;
	ret = observe_info(buf->dev, buf->fd, info);
	if (ret)
		return peerbar_error_set(ret, "buffer info: %s", strerror(-ret));
	return 0;
}

int peerbar_buffer_state(struct peerbar_buffer *buf, enum peerbar_state *out)
{
	struct peerbar_vfio_dma_buf_info info;
	int ret;

	/* of a closed device, too: a mapping of its fd may keep it alive */
	if (!buf->dev || buffer_device_closed(buf))
		return observe_by_mmap(buf->fd, out);
	ret = query(buf, &info);
	if (!ret)
		*out = observe_state(&info);
	return ret;
}

int peerbar_buffer_info(struct peerbar_buffer *buf,
			struct peerbar_buffer_info *out)
{
	struct peerbar_vfio_dma_buf_info info;
	int ret;

	ret = query(buf, &info);
	if (ret)
		return ret;
	*out = (struct peerbar_buffer_info){
		.state = observe_state(&info),
		.memattr = info.memattr == PEERBAR_VFIO_DMA_BUF_WC
				   ? PEERBAR_WRITE_COMBINING
				   : PEERBAR_UNCACHED,
		.nr_ranges = info.nr_ranges,
		.importers = info.importers,
		.faults_4k = info.faults_pte,
		.faults_2m = info.faults_pmd,
		.faults_1g = info.faults_pud,
		.faults_refused = info.faults_refused,
		.revokes = info.revokes,
		.revoke_ns = info.revoke_ns,
	};
	return 0;
}

int buffer_write_combine(struct peerbar_buffer *buf)
{
	const uint32_t flags =
		VFIO_DEVICE_FEATURE_SET | PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR;
	struct {
		struct vfio_device_feature header;
		struct peerbar_vfio_dma_buf_set_memattr set;
	} arg = {
		.header = {.argsz = sizeof(arg), .flags = flags},
		.set = {.dmabuf_fd = buf->fd, .memattr = PEERBAR_VFIO_DMA_BUF_WC},
	};
	int ret;

	ret = require_feature(buf, flags, "write-combining");
	if (ret)
		return ret;
	ret = sys_ioctl(buf->dev->fd, VFIO_DEVICE_FEATURE, &arg);
	if (ret == -EOPNOTSUPP)
		return peerbar_error_set(
			ret, "write-combining: BAR %u of %s is not prefetchable memory, or its driver uses it",
			buf->bar, buf->dev->bdf);
	if (ret == -EBUSY)
		return peerbar_error_set(
			ret, "write-combining: some of the pages are mapped uncached, or an ioeventfd uses BAR %u",
			buf->bar);
	if (ret < 0)
		return peerbar_error_set(ret, "write-combining: %s",
					 strerror(-ret));
	buf->memattr = PEERBAR_WRITE_COMBINING;
	return 0;
}

int peerbar_buffer_revoke(struct peerbar_buffer *buf)
{
	const uint32_t flags =
		VFIO_DEVICE_FEATURE_SET | PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE;
	struct {
		struct vfio_device_feature header;
		struct peerbar_vfio_dma_buf_revoke revoke;
	} arg = {
		.header = {.argsz = sizeof(arg), .flags = flags},
		.revoke = {.dmabuf_fd = buf->fd},
	};
	int ret;

	ret = require_feature(buf, flags, "revoke");
	if (ret)
		return ret;
	ret = sys_ioctl(buf->dev->fd, VFIO_DEVICE_FEATURE, &arg);
	if (ret == -EBADFD)
		return peerbar_error_set(
			ret, "revoke: the buffer is revoked already");
	if (ret < 0)
		return peerbar_error_set(ret, "revoke: %s", strerror(-ret));
	device_changed(buf->dev, CHANGED_BUFFER);
	return 0;
}
