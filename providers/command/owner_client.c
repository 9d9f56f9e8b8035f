// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The owner's end of the control socket. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "owner.h"

void owner_accept(struct owner *owner)
{
	int sock = accept4(owner->listener, NULL, NULL, SOCK_CLOEXEC);

	if (sock < 0)
		return;
	if (owner->nr_clients == OWNER_CLIENTS) {
		control_send(sock, "error too many connections");
		close(sock);
		return;
	}
	owner->clients[owner->nr_clients++] = (struct owned_client){.sock = sock};
}

void owner_drop_client(struct owner *owner, unsigned int i)
{
	struct owned_client *client = &owner->clients[i];

	if (client->channel)
		peerbar_channel_close(client->channel);
	else
		close(client->sock);
	*client = owner->clients[--owner->nr_clients];
}

/* A channel's names are shorter than what users may write. */
static const char *short_name(const char *text, char name[PEERBAR_NAME_SIZE])
{
	snprintf(name, PEERBAR_NAME_SIZE, "%.*s", PEERBAR_NAME_SIZE - 1, text);
	return name;
}

static bool hand_out(struct owner *owner, struct owned_client *client)
{
	char name[PEERBAR_NAME_SIZE];
	unsigned int i;

	if (peerbar_channel_open(client->sock, &client->channel))
		return false;
	for (i = 0; i < owner->nr_buffers; i++) {
		struct owned_buffer *buffer = &owner->buffers[i];

		if (!buffer->revoked &&
		    peerbar_channel_send(client->channel, buffer->buf,
					 short_name(buffer->text, name), NULL))
			return false;
	}
	return true;
}

static int revoke_one(struct owned_buffer *buffer)
{
	int ret = peerbar_buffer_revoke(buffer->buf);

	if (!ret || ret == -EBADFD)
		buffer->revoked = true;
	return ret;
}

static int revoke_some(struct owner *owner, const char *which)
{
	unsigned long index;
	unsigned int i;
	char *end;
	int ret = 0;

	if (*which) {
		index = strtoul(which, &end, 10);
		if (*end || *which < '0' || *which > '9' ||
		    index >= owner->nr_buffers)
			return peerbar_error_set(
				-EINVAL, "there is no buffer \"%.20s\": they are 0 to %u",
				which, owner->nr_buffers - 1);
		return revoke_one(&owner->buffers[index]);
	}
	for (i = 0; i < owner->nr_buffers && !ret; i++)
		if (!owner->buffers[i].revoked)
			ret = revoke_one(&owner->buffers[i]);
	return ret;
}

static bool may_revoke(int sock)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &size) &&
	       (!who.uid || who.uid == geteuid());
}

static int take_back(struct owner *owner, int sock, const char *which)
{
	if (!may_revoke(sock))
		return peerbar_error_set(
			-EPERM,
			"only the user that exported it, and root, may revoke");
	return revoke_some(owner, which);
}

static void answer(int sock, int ret)
{
	char text[CONTROL_TEXT];

	if (ret)
		snprintf(text, sizeof(text), "error %s", peerbar_error_detail());
	else
		snprintf(text, sizeof(text), "ok");
	control_send(sock, text);
}

bool owner_hear(struct owner *owner, unsigned int i)
{
	struct owned_client *client = &owner->clients[i];
	char text[CONTROL_TEXT];

	/* holders have nothing to say: it can only be the end */
	if (client->channel || control_recv(client->sock, text))
		return false;
	if (!strcmp(text, "get"))
		return hand_out(owner, client);
	if (!strncmp(text, "revoke", 6) && (!text[6] || text[6] == ' '))
		answer(client->sock,
		       take_back(owner, client->sock, text + 6 + !!text[6]));
	else
		answer(client->sock,
		       peerbar_error_set(-EINVAL, "unknown request"));
	return false;
}
