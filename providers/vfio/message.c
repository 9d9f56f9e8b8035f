// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <peerbar/error.h>

#include "message.h"
#include "sys.h"

static int malformed(const char *what)
{
	return peerbar_error_set(-EPROTO, "malformed message: %s", what);
}

static int decode_header(const void *bytes, size_t len,
			 struct message_header *header)
{
	if (len < sizeof(*header))
		return malformed("shorter than a header");
	memcpy(header, bytes, sizeof(*header));
	if (header->magic != MESSAGE_MAGIC)
		return malformed("not of a channel of peerbar");
	if (header->version != MESSAGE_VERSION)
		return peerbar_error_set(
			-EPROTONOSUPPORT,
			"message of version %u; this library speaks version %u",
			header->version, MESSAGE_VERSION);
	if (header->size != len)
		return peerbar_error_set(
			-EPROTO,
			"malformed message: %zu bytes of %" PRIu32
			" that it claims to have",
			len, header->size);
	if (header->reserved)
		return malformed("reserved bits of the header are set");
	return 0;
}

/* Ends within @size bytes, with nothing hidden behind the end. */
static bool is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size), i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	for (i = len; i < size; i++)
		if (text[i])
			return false;
	return len < size;
}

static int check_origin(const struct message_buffer *buffer)
{
	char bdf[PCI_BDF_SIZE];

	if (!is_text(buffer->bdf, sizeof(buffer->bdf)))
		return malformed("the PCI address is no text");
	if (!is_text(buffer->name, sizeof(buffer->name)))
		return malformed("the name is no text");
	if (!buffer->bdf[0])
		return buffer->bar || buffer->nr_ranges
			       ? malformed("ranges of no device")
			       : 0;
	if (pci_bdf_parse(buffer->bdf, bdf) || strcmp(bdf, buffer->bdf))
		return malformed("the PCI address is none");
	if (buffer->bar >= PCI_NR_BARS)
		return malformed("there is no such BAR number");
	if (!buffer->nr_ranges)
		return malformed("a BAR without ranges");
	return 0;
}

static int check_ranges(const struct message *message)
{
	uint64_t mask = sys_page_size() - 1, sum = 0, end;
	unsigned int i;

	for (i = 0; i < message->buffer.nr_ranges; i++) {
		struct peerbar_range range = message_range(message, i);

		if (!range.length || (range.offset | range.length) & mask)
			return malformed(
				"a range is empty or not page-aligned");
		if (__builtin_add_overflow(range.offset, range.length, &end) ||
		    __builtin_add_overflow(sum, range.length, &sum))
			return malformed("a range ends beyond 64 bits");
	}
	if (message->buffer.nr_ranges && sum != message->buffer.size)
		return malformed("the ranges do not add up to the size");
	return 0;
}

static int decode_buffer(const void *bytes, size_t len, struct message *out)
{
	struct message_buffer *buffer = &out->buffer;
	int ret;

	if (len < sizeof(*buffer))
		return malformed("shorter than a buffer's");
	memcpy(buffer, bytes, sizeof(*buffer));
	if (buffer->flags & ~MESSAGE_READ_ONLY)
		return malformed("unknown flags");
	if (buffer->memattr > PEERBAR_WRITE_COMBINING)
		return malformed("unknown memory attribute");
	if (!buffer->size)
		return malformed("an empty buffer");
	if (buffer->nr_ranges > PEERBAR_MAX_RANGES)
		return malformed("more ranges than a buffer can have");
	if (len != message_buffer_size(buffer->nr_ranges))
		return malformed("its size does not fit its ranges");
	ret = check_origin(buffer);
	if (ret)
		return ret;
	out->ranges = (const unsigned char *)bytes + sizeof(*buffer);
	return check_ranges(out);
}

static int decode_state(const void *bytes, size_t len, struct message *out)
{
	if (len != sizeof(out->state))
		return malformed("its size is not that of a state");
	memcpy(&out->state, bytes, sizeof(out->state));
	if (out->state.state > PEERBAR_REVOKED)
		return malformed("unknown state");
	if (out->state.reserved)
		return malformed("reserved bits of the state are set");
	return 0;
}

int message_decode(const void *bytes, size_t len, struct message *out)
{
	struct message_header header;
	int ret;

	ret = decode_header(bytes, len, &header);
	if (ret)
		return ret;
	*out = (struct message){.type = header.type, .id = header.id};
	switch (header.type) {
	case MESSAGE_BUFFER:
		return decode_buffer(bytes, len, out);
	case MESSAGE_STATE:
		return decode_state(bytes, len, out);
	default:
		return malformed("unknown type");
	}
}

struct peerbar_range message_range(const struct message *message, unsigned int i)
{
	struct message_range range;

	memcpy(&range, message->ranges + i * sizeof(range), sizeof(range));
	return (struct peerbar_range){range.offset, range.length};
}

size_t message_buffer_size(unsigned int nr_ranges)
{
	return sizeof(struct message_buffer) +
	       nr_ranges * sizeof(struct message_range);
}

static struct message_header make_header(enum message_type type, size_t size,
					 uint64_t id)
{
	return (struct message_header){
		.magic = MESSAGE_MAGIC,
		.version = MESSAGE_VERSION,
		.type = type,
		.size = size,
		.id = id,
	};
}

void message_encode_buffer(void *to, const struct message_buffer *buffer,
			   const struct peerbar_range *ranges)
{
	struct message_buffer head = *buffer;
	unsigned char *at = to;
	unsigned int i;

	head.header = make_header(MESSAGE_BUFFER,
				  message_buffer_size(buffer->nr_ranges),
				  buffer->header.id);
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	for (i = 0; i < buffer->nr_ranges; i++) {
		struct message_range range = {ranges[i].offset, ranges[i].length};

		memcpy(at, &range, sizeof(range));
		at += sizeof(range);
	}
}

void message_encode_state(struct message_state *to, uint64_t id,
			  enum peerbar_state state, uint64_t revokes)
{
	*to = (struct message_state){
		.header = make_header(MESSAGE_STATE, sizeof(*to), id),
		.state = state,
		.revokes = revokes,
	};
}

bool message_name_good(const char *name)
{
	char text[PEERBAR_NAME_SIZE] = "";

	if (strlen(name) >= sizeof(text))
		return false;
	memcpy(text, name, strlen(name));
	return is_text(text, sizeof(text));
}
