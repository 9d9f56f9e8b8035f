/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Talk between the two ends
 *
 * One JSON object a line over a stream socket.  An object with a member
 * "error" is a refusal of the other end, in words.
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

#define BENCH_LINE_MAX 65536

struct bench_channel {
	int fd;
	size_t have;
	char line[BENCH_LINE_MAX];
};

/** bench_channel_open - on a connected socket, owned from now on */
void bench_channel_open(struct bench_channel *ch, int fd);
void bench_channel_close(struct bench_channel *ch);

/** bench_channel_send - @obj is consumed, also on failure */
int bench_channel_send(struct bench_channel *ch, struct json_object *obj);

/** bench_channel_send_error - refuse, with the text of bench_error() */
int bench_channel_send_error(struct bench_channel *ch);

/** bench_channel_recv - *@out is the caller's to put */
int bench_channel_recv(struct bench_channel *ch, struct json_object **out);

/**
 * bench_channel_gave_up - has the other end refused, or hung up
 * @patience_ms: how long to wait for a word of it
 *
 * Nothing is taken: bench_channel_recv() then fails with what it said.  Any
 * other object that waits there, such as an answer, is no sign of that.
 */
bool bench_channel_gave_up(struct bench_channel *ch, int patience_ms);

/** bench_channel_call - send, then receive the answer */
int bench_channel_call(struct bench_channel *ch, struct json_object *obj,
		       struct json_object **out);

#endif /* BENCH_CHANNEL_H */
