/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_BUFFER_PRIV_H
#define PEERBAR_BUFFER_PRIV_H

#include <peerbar/buffer.h>

#include "device_priv.h"

struct message;

/*
 * @dev: NULL when imported
 * @bdf: "" when not known
 * @bar_address: physical address of the BAR, 0 when not known
 * @ranges: adjacent ones merged; none when not known
 */
struct peerbar_buffer {
	int fd;
	uint64_t size;
	struct peerbar_device *dev;
	char bdf[PCI_BDF_SIZE];
	char name[PEERBAR_NAME_SIZE];
	unsigned int bar;
	uint64_t bar_address;
	enum peerbar_memattr memattr;
	bool read_only;
	unsigned int nr_ranges;
	struct peerbar_range ranges[];
};

/**
 * struct buffer_piece - a run of buffer bytes that is a run of BAR bytes, too
 * @buffer_offset: where it starts in the buffer
 * @bar_offset: where it starts in the BAR
 * @length: bytes
 */
struct buffer_piece {
	uint64_t buffer_offset;
	uint64_t bar_offset;
	uint64_t length;
};

/*
 * Make a buffer of a descriptor that came with @message, which may be NULL. The
 * descriptor is the buffer's on success, still the caller's on failure.
 */
int buffer_adopt(int fd, const struct message *message,
		 struct peerbar_buffer **out);

/*
 * The longest piece of [offset, offset + length).  false when the ranges are
 * not known.
 */
bool buffer_longest_piece(const struct peerbar_buffer *buf, uint64_t offset,
			  uint64_t length, struct buffer_piece *out);

/* Have CPUs see a buffer that was just exported write-combined, or fail. */
int buffer_write_combine(struct peerbar_buffer *buf);

/* Is the buffer's device open?  An imported buffer has none. */
bool buffer_device_closed(const struct peerbar_buffer *buf);

#endif /* PEERBAR_BUFFER_PRIV_H */
