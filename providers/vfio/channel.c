// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/channel.h>
#include <peerbar/error.h>

#include "buffer_priv.h"
#include "handout.h"
#include "message.h"
#include "packet.h"
#include "sys.h"

/*
 * @next_id: of the next buffer sent
 * @gone: the other end was found closed
 * @handouts: in the order sent, last one first
 * @room: for a message of any size
 */
struct peerbar_channel {
	int sock;
	uint64_t next_id;
	bool gone;
	struct handout *handouts;
	unsigned char room[MESSAGE_SIZE_MAX];
};

static int check_socket(int sock)
{
	int domain, type;

	domain = sys_socket_option(sock, SO_DOMAIN);
	if (domain < 0)
		return peerbar_error_set(domain, "descriptor %d: %s", sock,
					 strerror(-domain));
	type = sys_socket_option(sock, SO_TYPE);
	if (type < 0)
		return peerbar_error_set(type, "type of socket %d: %s", sock,
					 strerror(-type));
	if (domain != AF_UNIX || type != SOCK_SEQPACKET)
		return peerbar_error_set(
			-EPROTOTYPE,
			"socket %d is not a UNIX socket of type SOCK_SEQPACKET",
			sock);
	return 0;
}

int peerbar_channel_open(int sock, struct peerbar_channel **out)
{
	struct peerbar_channel *ch;
	int ret;

	ret = check_socket(sock);
	if (ret)
		return ret;
	ch = calloc(1, sizeof(*ch));
	if (!ch)
		return peerbar_error_set(-ENOMEM, "no memory for a channel");
	ch->sock = sock;
	*out = ch;
	return 0;
}

void peerbar_channel_close(struct peerbar_channel *ch)
{
	struct handout *handout;

	if (!ch)
		return;
	while ((handout = ch->handouts)) {
		ch->handouts = handout->next_of_channel;
		handout_free(handout);
	}
	sys_close(ch->sock);
	free(ch);
}

int peerbar_channel_fd(const struct peerbar_channel *ch)
{
	return ch->sock;
}

static int closed(void)
{
	return peerbar_error_set(-EPIPE, "the other end is closed");
}

static int send_buffer(struct peerbar_channel *ch,
		       const struct peerbar_buffer *buf, const char *name)
{
	struct message_buffer message = {
		.header = {.id = ch->next_id},
		.size = buf->size,
		.flags = buf->read_only ? MESSAGE_READ_ONLY : 0,
		.memattr = buf->memattr,
		.bar = buf->bar,
		.nr_ranges = buf->nr_ranges,
	};
	int ret;

	memcpy(message.bdf, buf->bdf, sizeof(message.bdf));
	memcpy(message.name, name, strlen(name));
	message_encode_buffer(ch->room, &message, buf->ranges);
	ret = packet_send(ch->sock, ch->room,
			  message_buffer_size(buf->nr_ranges), buf->fd);
	if (ret == -EPIPE || ret == -ECONNRESET)
		return closed();
	if (ret == -EAGAIN)
		return peerbar_error_set(
			ret, "the other end does not read what it was sent");
	if (ret)
		return peerbar_error_set(ret, "sending a buffer: %s",
					 strerror(-ret));
	ch->next_id++;
	return 0;
}

/* Sent and listed under one hold, so that no revoke comes between. */
static int send_and_follow(struct peerbar_channel *ch,
			   const struct peerbar_buffer *buf, const char *name,
			   struct handout *handout)
{
	bool suspended;
	int ret;

	pthread_mutex_lock(&handout->dev->lock);
	ret = observe(handout->dev, handout->fd, &handout->told);
	if (!ret && handout->told.state == PEERBAR_REVOKED)
		ret = peerbar_error_set(-ENODEV,
					"the buffer was revoked for good");
	if (!ret)
		ret = send_buffer(ch, buf, name);
	if (ret)
		goto out;
	suspended = handout->told.state == PEERBAR_SUSPENDED;
	/* what a receiver assumes */
	handout->told.state = PEERBAR_LIVE;
	handout->revokes_before = handout->told.revokes;
	handout_add(handout);
	if (suspended)
		handout_tell(handout);
out:
	pthread_mutex_unlock(&handout->dev->lock);
	return ret;
}

static int send_exported(struct peerbar_channel *ch,
			 const struct peerbar_buffer *buf, const char *name)
{
	struct handout *handout;
	int ret;

	handout = calloc(1, sizeof(*handout));
	if (!handout)
		return peerbar_error_set(-ENOMEM,
					 "no memory to follow a buffer");
	handout->sock = ch->sock;
	handout->id = ch->next_id;
	handout->dev = buf->dev;
	handout->fd = sys_dup(buf->fd);
	if (handout->fd < 0) {
		ret = peerbar_error_set(handout->fd, "dup of the dma-buf fd: %s",
					strerror(-handout->fd));
		goto err_free;
	}
	ret = send_and_follow(ch, buf, name, handout);
	if (ret)
		goto err_close;
	device_get(handout->dev);
	handout->next_of_channel = ch->handouts;
	ch->handouts = handout;
	return 0;

err_close:
	sys_close(handout->fd);
err_free:
	free(handout);
	return ret;
}

/* What needs no more telling makes room. */
static void reap(struct peerbar_channel *ch)
{
	struct handout **link = &ch->handouts, *handout;
	bool ended;

	while ((handout = *link)) {
		pthread_mutex_lock(&handout->dev->lock);
		ended = handout->fd < 0;
		ch->gone |= handout->gone;
		pthread_mutex_unlock(&handout->dev->lock);
		if (!ended) {
			link = &handout->next_of_channel;
			continue;
		}
		*link = handout->next_of_channel;
		handout_free(handout);
	}
}

int peerbar_channel_send(struct peerbar_channel *ch, struct peerbar_buffer *buf,
			 const char *name, uint64_t *id)
{
	uint64_t next_id = ch->next_id;
	int ret;

	if (!name)
		name = "";
	if (!message_name_good(name))
		return peerbar_error_set(
			-EINVAL, "the name is longer than %d bytes or has control characters in it",
			PEERBAR_NAME_SIZE - 1);
	reap(ch);
	if (buf->dev)
		ret = send_exported(ch, buf, name);
	else
		ret = send_buffer(ch, buf, name);
	if (!ret && id)
		*id = next_id;
	return ret;
}

int peerbar_channel_flush(struct peerbar_channel *ch)
{
	struct handout *handout;
	int ret = 0, failed;

	for (handout = ch->handouts; handout; handout = handout->next_of_channel) {
		pthread_mutex_lock(&handout->dev->lock);
		failed = handout_tell(handout);
		pthread_mutex_unlock(&handout->dev->lock);
		if (failed)
			ret = failed;
	}
	reap(ch);
	return ch->gone ? closed() : ret;
}

int peerbar_channel_forget(struct peerbar_channel *ch, uint64_t id)
{
	struct handout **link, *handout;

	for (link = &ch->handouts; (handout = *link);
	     link = &handout->next_of_channel) {
		if (handout->id != id)
			continue;
		*link = handout->next_of_channel;
		handout_free(handout);
		return 0;
	}
	return peerbar_error_set(-ENOENT, "nothing to tell about this buffer");
}

/* A message without bytes and descriptors cannot be told from the end. */
static int check_packet(const struct packet *packet)
{
	if (!packet->len && !packet->nr_fds && !packet->fds_lost)
		return closed();
	if (packet->truncated)
		return peerbar_error_set(-EMSGSIZE,
					 "a message larger than any can be");
	if (packet->nr_fds > 1)
		return peerbar_error_set(
			-EPROTO, "a message with more than one descriptor");
	if (packet->fds_lost)
		return peerbar_error_set(
			-EMFILE,
			"the descriptor of a message was lost: no room for it "
			"in this process (see ulimit -n), or not allowed");
	return 0;
}

static int take_buffer(const struct message *message, struct packet *packet,
		       struct peerbar_message *out)
{
	int ret;

	if (!packet->nr_fds)
		return peerbar_error_set(-EPROTO,
					 "a buffer without its descriptor");
	ret = buffer_adopt(packet->fds[0], message, &out->buf);
	/* not what the caller passed, but what was sent is wrong */
	if (ret == -EINVAL || ret == -EBADF)
		ret = -EPROTO;
	if (ret)
		return ret;
	packet->nr_fds = 0;
	out->type = PEERBAR_MESSAGE_BUFFER;
	return 0;
}

static int take_state(const struct message *message, struct packet *packet,
		      struct peerbar_message *out)
{
	if (packet->nr_fds)
		return peerbar_error_set(-EPROTO, "a state with a descriptor");
	out->type = PEERBAR_MESSAGE_STATE;
	out->state = message->state.state;
	out->revokes = message->state.revokes;
	return 0;
}

static int take_message(struct peerbar_channel *ch, struct packet *packet,
			struct peerbar_message *out)
{
	struct message message;
	int ret;

	ret = check_packet(packet);
	if (!ret)
		ret = message_decode(ch->room, packet->len, &message);
	if (ret)
		return ret;
	out->id = message.id;
	return message.type == MESSAGE_BUFFER
		       ? take_buffer(&message, packet, out)
		       : take_state(&message, packet, out);
}

int peerbar_channel_recv(struct peerbar_channel *ch, int timeout_ms,
			 struct peerbar_message *out)
{
	struct peerbar_message taken = {.buf = NULL};
	struct packet packet;
	int ret;

	ret = sys_poll_in(ch->sock, timeout_ms);
	if (!ret)
		ret = packet_recv(ch->sock, ch->room, sizeof(ch->room), &packet);
	if (ret == -ECONNRESET)
		return closed();
	if (ret == -EAGAIN)
		return peerbar_error_set(ret, "no message came");
	if (ret)
		return peerbar_error_set(ret, "receiving a message: %s",
					 strerror(-ret));
	ret = take_message(ch, &packet, &taken);
	packet_close_fds(&packet);
	if (!ret)
		*out = taken;
	return ret;
}
