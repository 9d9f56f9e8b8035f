/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An owner of a device and a holder, for tests of what goes between them. */
#ifndef CHANNEL_SCENE_H
#define CHANNEL_SCENE_H

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"
#include "fake_kernel.h"

#define PAGE 4096u

static const struct peerbar_range pieces[] = {
	{4 * PAGE, 2 * PAGE},
	{0, PAGE},
};

/* The owner's side and the holder's. */
static struct peerbar_device *dev;
static struct peerbar_channel *owner, *holder;

static inline struct peerbar_buffer *export_pieces(unsigned int flags)
{
	struct peerbar_buffer *buf;

	assert_int_equal(peerbar_buffer_export(dev, FAKE_BAR, pieces,
					       NR(pieces), flags, &buf),
			 0);
	return buf;
}

static inline int set_up(void **state)
{
	int fds[2];

	fake_reset();
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	fake_socketpair(SOCK_SEQPACKET, fds);
	assert_int_equal(peerbar_channel_open(fds[0], &owner), 0);
	assert_int_equal(peerbar_channel_open(fds[1], &holder), 0);
	return 0;
}

static inline int tear_down(void **state)
{
	peerbar_channel_close(owner);
	peerbar_channel_close(holder);
	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static inline struct peerbar_message receive(void)
{
	struct peerbar_message message;

	assert_int_equal(peerbar_channel_recv(holder, 0, &message), 0);
	return message;
}

static inline struct peerbar_buffer *receive_buffer(void)
{
	struct peerbar_message message = receive();

	assert_int_equal(message.type, PEERBAR_MESSAGE_BUFFER);
	return message.buf;
}

static inline void expect_state(uint64_t id, enum peerbar_state state,
				uint64_t revokes)
{
	struct peerbar_message message = receive();

	assert_int_equal(message.type, PEERBAR_MESSAGE_STATE);
	assert_int_equal(message.id, id);
	assert_int_equal(message.state, state);
	assert_int_equal(message.revokes, revokes);
	assert_null(message.buf);
}

static inline void expect_nothing(void)
{
	struct peerbar_message message;

	assert_error(peerbar_channel_recv(holder, 0, &message), EAGAIN,
		     "no message");
}

#endif /* CHANNEL_SCENE_H */
