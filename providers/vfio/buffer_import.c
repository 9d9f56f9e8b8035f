// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Buffers of descriptors that come from somewhere else. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>

#include "buffer_priv.h"
#include "message.h"
#include "sys.h"

/* Only a dma-buf tells the name of its exporter. */
static int check_is_dma_buf(int fd)
{
	char path[40], text[1024];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	ret = sys_read_file(path, text, sizeof(text));
	if (ret)
		return peerbar_error_set(ret, "cannot read %s: %s", path,
					 strerror(-ret));
	if (!strstr(text, "\nexp_name:"))
		return peerbar_error_set(-EINVAL,
					 "the descriptor is not a dma-buf");
	return 0;
}

static int read_object(struct peerbar_buffer *buf)
{
	int ret;

	ret = check_is_dma_buf(buf->fd);
	if (ret)
		return ret;
	ret = sys_size(buf->fd, &buf->size);
	if (ret)
		return peerbar_error_set(ret, "size of the dma-buf: %s",
					 strerror(-ret));
	ret = sys_open_flags(buf->fd);
	if (ret < 0)
		return peerbar_error_set(ret, "flags of the dma-buf: %s",
					 strerror(-ret));
	buf->read_only = (ret & O_ACCMODE) == O_RDONLY;
	return 0;
}

static int compare(const struct peerbar_buffer *buf,
		   const struct message_buffer *claim)
{
	bool read_only = claim->flags & MESSAGE_READ_ONLY;

	if (buf->size != claim->size)
		return peerbar_error_set(
			-EPROTO,
			"the message says 0x%" PRIx64
			" bytes, its descriptor has 0x%" PRIx64,
			claim->size, buf->size);
	if (buf->read_only != read_only)
		return peerbar_error_set(
			-EPROTO, "the message says %s, its descriptor is %s",
			read_only ? "read-only" : "writable",
			buf->read_only ? "read-only" : "writable");
	return 0;
}

static void copy_claims(struct peerbar_buffer *buf, const struct message *message)
{
	uint64_t bar_address[PCI_NR_BARS];
	unsigned int i;

	memcpy(buf->bdf, message->buffer.bdf, sizeof(buf->bdf));
	memcpy(buf->name, message->buffer.name, sizeof(buf->name));
	buf->memattr = message->buffer.memattr;
	buf->bar = message->buffer.bar;
	buf->nr_ranges = message->buffer.nr_ranges;
	for (i = 0; i < buf->nr_ranges; i++)
		buf->ranges[i] = message_range(message, i);
	if (!buf->bdf[0])
		return;
	pci_bar_addresses(buf->bdf, bar_address);
	buf->bar_address = bar_address[buf->bar];
}

int buffer_adopt(int fd, const struct message *message,
		 struct peerbar_buffer **out)
{
	unsigned int nr_ranges = message ? message->buffer.nr_ranges : 0;
	struct peerbar_buffer *buf;
	int ret;

	buf = calloc(1, sizeof(*buf) + nr_ranges * sizeof(buf->ranges[0]));
	if (!buf)
		return peerbar_error_set(-ENOMEM, "no memory for a buffer");
	buf->fd = fd;
	ret = read_object(buf);
	if (!ret && message)
		ret = compare(buf, &message->buffer);
	if (ret) {
		free(buf);
		return ret;
	}
	if (message)
		copy_claims(buf, message);
	*out = buf;
	return 0;
}

int peerbar_buffer_import(int fd, struct peerbar_buffer **out)
{
	int copy, ret;

	copy = sys_dup(fd);
	if (copy < 0)
		return peerbar_error_set(copy, "descriptor %d: %s", fd,
					 strerror(-copy));
	ret = buffer_adopt(copy, NULL, out);
	if (ret)
		sys_close(copy);
	return ret;
}
