// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* News of the buffers of another process, by a channel. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/channel.h>
#include <peerbar/error.h>

#include "command.h"
#include "control.h"
#include "owner.h"
#include "watch.h"

/*
 * @ids: the sender's numbers
 * @revokes: those told of already
 */
struct holdings {
	struct {
		uint64_t id;
		uint64_t revokes;
		char name[PEERBAR_NAME_SIZE];
	} buffers[OWNER_BUFFERS];
	unsigned int nr;
};

static int open_channel(const char *target, struct peerbar_channel **out)
{
	int sock, ret;

	sock = control_connect(target);
	if (sock < 0)
		return sock;
	ret = control_send(sock, "get");
	if (!ret)
		ret = peerbar_channel_open(sock, out);
	if (ret)
		close(sock);
	return ret;
}

/* What is watched need not be held. */
static bool take_buffer(struct watcher *watcher, struct holdings *held,
			const struct peerbar_message *message)
{
	struct watch_event event = {.what = "buffer"};
	struct peerbar_buffer_attr attr;

	peerbar_buffer_attr(message->buf, &attr);
	event.size = peerbar_buffer_size(message->buf);
	peerbar_buffer_close(message->buf);
	if (held->nr == OWNER_BUFFERS)
		return true;
	held->buffers[held->nr].id = message->id;
	memcpy(held->buffers[held->nr].name, attr.name, PEERBAR_NAME_SIZE);
	event.subject = held->buffers[held->nr++].name;
	return watch_print(watcher, &event);
}

static bool take_state(struct watcher *watcher, struct holdings *held,
		       const struct peerbar_message *message)
{
	struct watch_event event = {.what = "state", .state = message->state};
	unsigned int i;

	for (i = 0; i < held->nr && held->buffers[i].id != message->id; i++)
		;
	if (i == held->nr)
		return true;
	event.subject = held->buffers[i].name;
	event.revokes = message->revokes - held->buffers[i].revokes;
	held->buffers[i].revokes = message->revokes;
	return watch_print(watcher, &event);
}

int watch_export(struct watcher *watcher, const char *target)
{
	struct watch_event end = {.subject = target, .what = "end"};
	struct holdings held = {.nr = 0};
	struct peerbar_message message;
	struct peerbar_channel *ch;
	bool more = true;
	int ret;

	if (open_channel(target, &ch))
		return complain_library();
	while (more) {
		ret = peerbar_channel_recv(ch, -1, &message);
		if (ret)
			break;
		more = message.type == PEERBAR_MESSAGE_BUFFER
			       ? take_buffer(watcher, &held, &message)
			       : take_state(watcher, &held, &message);
	}
	if (more && ret != -EPIPE)
		complain_library();
	peerbar_channel_close(ch);
	if (!more)
		return STATUS_GOOD;
	watch_print(watcher, &end);
	return ret == -EPIPE ? STATUS_GOOD : STATUS_FAILED;
}
