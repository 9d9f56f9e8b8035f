/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages of a channel as bytes.  Both ends are on one machine, so that numbers
 * are in its byte order; a process of another word size has the same layout.
 */
#ifndef PEERBAR_MESSAGE_H
#define PEERBAR_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peerbar/buffer.h>

#include "pci_sysfs.h"

#define MESSAGE_MAGIC	0x52414250u /* "PBAR" in memory of x86 */
#define MESSAGE_VERSION 1

enum message_type {
	MESSAGE_BUFFER = 1,
	MESSAGE_STATE = 2,
};

enum message_flags {
	MESSAGE_READ_ONLY = 1u << 0,
};

/* @size: bytes of the message, descriptors not counted */
struct message_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint32_t size;
	uint32_t reserved;
	uint64_t id;
};

/* Followed by the ranges; texts are filled up with zeros. */
struct message_buffer {
	struct message_header header;
	uint64_t size;
	uint32_t flags;
	uint32_t memattr;
	uint32_t bar;
	uint32_t nr_ranges;
	char bdf[PCI_BDF_SIZE];
	char name[PEERBAR_NAME_SIZE];
};

struct message_range {
	uint64_t offset;
	uint64_t length;
};

struct message_state {
	struct message_header header;
	uint32_t state;
	uint32_t reserved;
	uint64_t revokes;
};

/* no message is larger */
#define MESSAGE_SIZE_MAX                 \
	(sizeof(struct message_buffer) + \
	 PEERBAR_MAX_RANGES * sizeof(struct message_range))

/**
 * struct message - a message that is in order
 * @ranges: of BUFFER: buffer.nr_ranges of struct message_range, of any
 *	alignment, within the bytes that were decoded
 */
struct message {
	enum message_type type;
	uint64_t id;
	union {
		struct message_buffer buffer;
		struct message_state state;
	};
	const unsigned char *ranges;
};

/**
 * message_decode - judge bytes that anybody may have sent
 *
 * Reads [bytes, bytes + len) and nothing else; whatever passes is fit for use:
 * known types and flags, texts that end, ranges that add up to the size.
 *
 * Return: 0; -EPROTO, -EPROTONOSUPPORT with a detail text.
 */
int message_decode(const void *bytes, size_t len, struct message *out);

struct peerbar_range message_range(const struct message *message, unsigned int i);

/* What a message of @nr_ranges ranges takes. */
size_t message_buffer_size(unsigned int nr_ranges);

/*
 * @to: message_buffer_size(@buf's ranges) bytes; header and sizes are filled
 * in, the rest is as in @buffer
 */
void message_encode_buffer(void *to, const struct message_buffer *buffer,
			   const struct peerbar_range *ranges);
void message_encode_state(struct message_state *to, uint64_t id,
			  enum peerbar_state state, uint64_t revokes);

/* May @name be sent? */
bool message_name_good(const char *name);

#endif /* PEERBAR_MESSAGE_H */
