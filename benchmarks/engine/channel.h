/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Talk between the two ends
 *
 * One JSON object a line over a stream socket.  An object with a member
 * "error" is a refusal of the other end, in words.
 */
#ifndef BENCH_CHANNEL_H
#define BENCH_CHANNEL_H

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

/** bench_channel_call - send, then receive the answer */
int bench_channel_call(struct bench_channel *ch, struct json_object *obj,
		       struct json_object **out);

#endif /* BENCH_CHANNEL_H */
