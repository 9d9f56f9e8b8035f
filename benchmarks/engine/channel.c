// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>

#include "channel.h"
#include "error.h"
#include "interrupt.h"

void bench_channel_open(struct bench_channel *ch, int fd)
{
	ch->fd = fd;
	ch->have = 0;
}

void bench_channel_close(struct bench_channel *ch)
{
	if (ch->fd >= 0)
		close(ch->fd);
	ch->fd = -1;
}

static int send_all(int fd, const char *text, size_t len)
{
	ssize_t sent;

	while (len) {
		sent = send(fd, text, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		text += sent;
		len -= (size_t)sent;
	}
	return 0;
}

int bench_channel_send(struct bench_channel *ch, struct json_object *obj)
{
	size_t len;
	const char *text;
	int rc;

	text = json_object_to_json_string_length(obj, JSON_C_TO_STRING_PLAIN,
						 &len);
	rc = send_all(ch->fd, text, len);
	if (!rc)
		rc = send_all(ch->fd, "\n", 1);
	json_object_put(obj);
	return rc ? bench_fail(rc, "the far end: %s", strerror(-rc)) : 0;
}

int bench_channel_send_error(struct bench_channel *ch)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "error",
			       json_object_new_string(bench_error()));
	return bench_channel_send(ch, obj);
}

/* bytes of the first line, its end included, or -errno */
static ssize_t read_line(struct bench_channel *ch)
{
	char *end;
	ssize_t got;
	int rc;

	while (!(end = memchr(ch->line, '\n', ch->have))) {
		if (ch->have == sizeof(ch->line))
			return bench_fail(-EMSGSIZE,
					  "the far end talks nonsense");
		got = recv(ch->fd, ch->line + ch->have,
			   sizeof(ch->line) - ch->have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return bench_fail(-errno, "the far end: %s",
					  strerror(errno));
		rc = got ? 0 : bench_interrupted();
		if (rc)
			return rc;
		if (!got)
			return bench_fail(-ECONNRESET,
					  "the far end closed the connection");
		ch->have += (size_t)got;
	}
	return end - ch->line + 1;
}

int bench_channel_recv(struct bench_channel *ch, struct json_object **out)
{
	struct json_object *obj, *refusal;
	ssize_t len;
	int rc;

	len = read_line(ch);
	if (len < 0)
		return (int)len;
	ch->line[len - 1] = '\0';
	obj = json_tokener_parse(ch->line);
	ch->have -= (size_t)len;
	memmove(ch->line, ch->line + len, ch->have);
	if (!json_object_is_type(obj, json_type_object)) {
		json_object_put(obj);
		return bench_fail(-EPROTO, "the far end talks nonsense");
	}
	if (json_object_object_get_ex(obj, "error", &refusal)) {
		rc = bench_fail(-EREMOTEIO, "far end: %s",
				json_object_get_string(refusal));
		json_object_put(obj);
		return rc;
	}
	*out = obj;
	return 0;
}

/* of what has come, the first line; the bytes stay where they are */
static bool is_refusal(const struct bench_channel *ch)
{
	const char *end = memchr(ch->line, '\n', ch->have);
	struct json_tokener *tok;
	struct json_object *obj;
	bool yes;

	tok = end ? json_tokener_new() : NULL;
	if (!tok)
		return false;
	obj = json_tokener_parse_ex(tok, ch->line, (int)(end - ch->line + 1));
	json_tokener_free(tok);
	yes = json_object_object_get_ex(obj, "error", NULL);
	json_object_put(obj);
	return yes;
}

bool bench_channel_gave_up(struct bench_channel *ch, int patience_ms)
{
	struct pollfd fd = {.fd = ch->fd, .events = POLLIN};
	ssize_t got;

	if (ch->have == sizeof(ch->line) || poll(&fd, 1, patience_ms) <= 0)
		return is_refusal(ch);
	got = recv(ch->fd, ch->line + ch->have, sizeof(ch->line) - ch->have,
		   MSG_DONTWAIT);
	if (got > 0)
		ch->have += (size_t)got;
	if (!got || (got < 0 && errno != EAGAIN && errno != EINTR))
		return true;
	return is_refusal(ch);
}

int bench_channel_call(struct bench_channel *ch, struct json_object *obj,
		       struct json_object **out)
{
	int rc;

	rc = bench_channel_send(ch, obj);
	return rc ? rc : bench_channel_recv(ch, out);
}
