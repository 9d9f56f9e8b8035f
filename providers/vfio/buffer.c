// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Export and lifetime of buffers. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>

#include "buffer_priv.h"
#include "sys.h"
#include "uapi.h"

static int check_range(const struct peerbar_device *dev, unsigned int bar,
		       const struct peerbar_range *range, unsigned int i)
{
	uint64_t size = dev->regions[bar].size;
	uint64_t mask = sys_page_size() - 1;
	const char *what;

	if (!range->length)
		what = "is empty";
	else if ((range->offset | range->length) & mask)
		what = "is not page-aligned";
	else if (range->offset >= size || range->length > size - range->offset)
		what = "is beyond the BAR";
	else
		return 0;
	return peerbar_error_set(
		-EINVAL,
		"%s: BAR %u of %" PRIu64 " bytes: range %u (offset 0x%" PRIx64
		", length 0x%" PRIx64 ") %s",
		dev->bdf, bar, size, i, range->offset, range->length, what);
}

static int check_export(const struct peerbar_device *dev, unsigned int bar,
			const struct peerbar_range *ranges,
			unsigned int nr_ranges, unsigned int flags)
{
	unsigned int i;
	int ret = 0;

	if (bar >= PCI_NR_BARS)
		return peerbar_error_set(-EINVAL, "%s: BAR %u: BARs are 0 to %u",
					 dev->bdf, bar, PCI_NR_BARS - 1);
	if (flags & ~(PEERBAR_EXPORT_READ_ONLY | PEERBAR_EXPORT_WRITE_COMBINING))
		return peerbar_error_set(-EINVAL, "unknown export flags 0x%x",
					 flags);
	if (!dev->regions[bar].size)
		return peerbar_error_set(-ENODEV, "%s has no BAR %u", dev->bdf,
					 bar);
	if (!dev->regions[bar].mappable)
		return peerbar_error_set(
			-ENODEV, "%s: BAR %u cannot be mapped: it is an I/O BAR or shares a page with something else",
			dev->bdf, bar);
	if (!nr_ranges)
		return peerbar_error_set(-EINVAL, "no range to export");
	if (nr_ranges > PEERBAR_MAX_RANGES)
		return peerbar_error_set(-E2BIG,
					 "%u ranges; a buffer has at most %u",
					 nr_ranges, PEERBAR_MAX_RANGES);
	for (i = 0; i < nr_ranges && !ret; i++)
		ret = check_range(dev, bar, &ranges[i], i);
	return ret;
}

static int export_error(const struct peerbar_device *dev, unsigned int bar,
			int err)
{
	switch (err) {
	case -ENOTTY:
		return peerbar_error_set(
			-EOPNOTSUPP,
			"the kernel cannot export BARs as dma-bufs: it takes "
			"Linux 6.19 with CONFIG_VFIO_PCI_DMABUF");
	case -EOPNOTSUPP:
		return peerbar_error_set(
			err, "the VFIO driver of %s cannot export dma-bufs",
			dev->bdf);
	case -ENODEV:
		return peerbar_error_set(
			err, "%s: the kernel could not claim BAR %u, or the device is gone",
			dev->bdf, bar);
	case -EINVAL:
		return peerbar_error_set(
			err, "%s: the kernel refuses these ranges of BAR %u",
			dev->bdf, bar);
	default:
		return peerbar_error_set(err, "%s: export of BAR %u: %s",
					 dev->bdf, bar, strerror(-err));
	}
}

static int export_fd(struct peerbar_device *dev, unsigned int bar,
		     const struct peerbar_range *ranges, unsigned int nr_ranges,
		     int open_flags)
{
	struct vfio_device_feature_dma_buf *get;
	struct vfio_device_feature *feature;
	size_t size;
	unsigned int i;
	int ret;

	size = sizeof(*feature) + sizeof(*get) +
	       nr_ranges * sizeof(get->dma_ranges[0]);
	feature = calloc(1, size);
	if (!feature)
		return -ENOMEM;
	feature->argsz = size;
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	get = (void *)feature->data;
	get->region_index = bar;
	get->open_flags = open_flags;
	get->nr_ranges = nr_ranges;
	for (i = 0; i < nr_ranges; i++) {
		get->dma_ranges[i].offset = ranges[i].offset;
		get->dma_ranges[i].length = ranges[i].length;
	}
	ret = sys_ioctl(dev->fd, VFIO_DEVICE_FEATURE, feature);
	free(feature);
	return ret;
}

static void add_ranges(struct peerbar_buffer *buf,
		       const struct peerbar_range *ranges, unsigned int nr)
{
	struct peerbar_range *last = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (last && last->offset + last->length == ranges[i].offset) {
			last->length += ranges[i].length;
		} else {
			last = &buf->ranges[buf->nr_ranges++];
			*last = ranges[i];
		}
		buf->size += ranges[i].length;
	}
}

int peerbar_buffer_export(struct peerbar_device *dev, unsigned int bar,
			  const struct peerbar_range *ranges,
			  unsigned int nr_ranges, unsigned int flags,
			  struct peerbar_buffer **out)
{
	bool read_only = flags & PEERBAR_EXPORT_READ_ONLY;
	struct peerbar_buffer *buf;
	int ret;

	ret = check_export(dev, bar, ranges, nr_ranges, flags);
	if (ret)
		return ret;
	buf = calloc(1, sizeof(*buf) + nr_ranges * sizeof(buf->ranges[0]));
	if (!buf)
		return export_error(dev, bar, -ENOMEM);
	ret = export_fd(dev, bar, ranges, nr_ranges,
			O_CLOEXEC | (read_only ? O_RDONLY : O_RDWR));
	if (ret < 0) {
		free(buf);
		return export_error(dev, bar, ret);
	}
	buf->fd = ret;
	memcpy(buf->bdf, dev->bdf, sizeof(buf->bdf));
	buf->bar = bar;
	buf->bar_address = dev->bar_address[bar];
	buf->read_only = read_only;
	add_ranges(buf, ranges, nr_ranges);
	device_get(dev);
	buf->dev = dev;
	if (flags & PEERBAR_EXPORT_WRITE_COMBINING) {
		ret = buffer_write_combine(buf);
		if (ret) {
			peerbar_buffer_close(buf);
			return ret;
		}
	}
	*out = buf;
	return 0;
}

void peerbar_buffer_close(struct peerbar_buffer *buf)
{
	if (!buf)
		return;
	sys_close(buf->fd);
	if (buf->dev)
		device_put(buf->dev);
	free(buf);
}

int peerbar_buffer_fd(const struct peerbar_buffer *buf)
{
	return buf->fd;
}

uint64_t peerbar_buffer_size(const struct peerbar_buffer *buf)
{
	return buf->size;
}

void peerbar_buffer_attr(const struct peerbar_buffer *buf,
			 struct peerbar_buffer_attr *out)
{
	*out = (struct peerbar_buffer_attr){
		.bar = buf->bar,
		.nr_ranges = buf->nr_ranges,
		.ranges = buf->ranges,
		.memattr = buf->memattr,
		.read_only = buf->read_only,
		.exported = buf->dev,
	};
	_Static_assert(sizeof(out->bdf) == sizeof(buf->bdf), "same room");
	memcpy(out->bdf, buf->bdf, sizeof(out->bdf));
	memcpy(out->name, buf->name, sizeof(out->name));
}

bool buffer_device_closed(const struct peerbar_buffer *buf)
{
	return buf->dev && buf->dev->fd < 0;
}

bool buffer_longest_piece(const struct peerbar_buffer *buf, uint64_t offset,
			  uint64_t length, struct buffer_piece *out)
{
	uint64_t start = 0;
	unsigned int i;

	out->length = 0;
	for (i = 0; i < buf->nr_ranges; i++) {
		const struct peerbar_range *range = &buf->ranges[i];
		uint64_t from = start > offset ? start : offset;
		uint64_t to = start + range->length;

		if (to > offset + length)
			to = offset + length;
		if (from < to && to - from > out->length)
			*out = (struct buffer_piece){
				.buffer_offset = from,
				.bar_offset = range->offset + (from - start),
				.length = to - from,
			};
		start += range->length;
	}
	return out->length;
}
