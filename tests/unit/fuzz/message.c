// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages of a channel: what passes is written back to the same bytes. */
#include <string.h>

#include <peerbar/error.h>

#include "fuzz.h"
#include "message.h"

static void check_buffer(const struct message *message, const uint8_t *bytes,
			 size_t len)
{
	const unsigned int nr = message->buffer.nr_ranges;
	static uint8_t again[MESSAGE_SIZE_MAX];
	static struct peerbar_range ranges[PEERBAR_MAX_RANGES];
	uint64_t sum = 0;
	unsigned int i;

	must(nr <= PEERBAR_MAX_RANGES);
	must(message_buffer_size(nr) == len);
	for (i = 0; i < nr; i++) {
		ranges[i] = message_range(message, i);
		must(ranges[i].length);
		must(ranges[i].offset + ranges[i].length > ranges[i].offset);
		sum += ranges[i].length;
	}
	must(!nr || sum == message->buffer.size);
	must(memchr(message->buffer.bdf, 0, sizeof(message->buffer.bdf)));
	must(message_name_good(message->buffer.name));
	message_encode_buffer(again, &message->buffer, ranges);
	must(!memcmp(again, bytes, len));
}

static void check_state(const struct message *message, const uint8_t *bytes,
			size_t len)
{
	struct message_state again;

	must(len == sizeof(again));
	message_encode_state(&again, message->id, message->state.state,
			     message->state.revokes);
	must(!memcmp(&again, bytes, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct message message;

	peerbar_error_set(0, "%s", "");
	if (message_decode(bytes, len, &message)) {
		must(*peerbar_error_detail());
		return 0;
	}
	switch (message.type) {
	case MESSAGE_BUFFER:
		check_buffer(&message, bytes, len);
		break;
	case MESSAGE_STATE:
		check_state(&message, bytes, len);
		break;
	default:
		must(!"a known type");
	}
	return 0;
}
