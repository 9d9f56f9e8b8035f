/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Channels
 *
 * A channel hands buffers to another process, and tells it afterwards when the
 * memory is taken back.  The receiver needs no right to the device: what it
 * gets is a buffer that it can map and register at once.
 *
 * Below is a UNIX socket of type SOCK_SEQPACKET, made by the caller with
 * socketpair() or accept(): it keeps messages whole, in order, and ends when
 * the other process does.  Both ends may send; one thread at a time uses a
 * channel, while other threads may do what the other end is told of.  Whom the other end belongs to
 * is for the caller to check (SO_PEERCRED).
 *
 * What a message says is refused, and nothing kept of it, unless it is whole
 * and in order (sizes, ranges, texts, number of descriptors) and the descriptor
 * is a dma-buf of the size and access mode that the message claims.  PCI
 * address, BAR, ranges, memory attribute and name are the sender's word:
 * nothing else about them can be checked, and nothing but the alignment of
 * mappings is derived from them.
 *
 * Revoke: the sending process tells when it takes memory back itself, within
 * peerbar_buffer_revoke(), peerbar_device_reset(), peerbar_device_set_memory()
 * and peerbar_device_close(), after the fact; what others do (a reset through
 * sysfs) it tells when it notices, by peerbar_channel_flush() or while it
 * watches the device (<peerbar/events.h>).  Telling never waits for a receiver
 * that does not read.  Access ends when the kernel ends it, not when the
 * message arrives: a holder learns here why, it does not have to be asked.
 */
#ifndef PEERBAR_CHANNEL_H
#define PEERBAR_CHANNEL_H

#include <stdint.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_channel;

enum peerbar_message_type {
	PEERBAR_MESSAGE_BUFFER, /* a buffer was handed over */
	PEERBAR_MESSAGE_STATE, /* one handed over before was taken back, or is back */
};

/**
 * struct peerbar_message - what the other end has sent
 * @type: see enum peerbar_message_type
 * @id: the sender's number of the buffer, unique on this channel
 * @buf: of BUFFER: the receiver's from now on, to be released with
 *	peerbar_buffer_close(); else NULL
 * @state: of STATE: REVOKED is final; LIVE with a higher @revokes says that the
 *	memory was away and is back, so that an MR of a pinned importer is dead
 * @revokes: of STATE: how often it was taken back since it was handed over, as
 *	far as the sender knows
 */
struct peerbar_message {
	enum peerbar_message_type type;
	uint64_t id;
	struct peerbar_buffer *buf;
	enum peerbar_state state;
	uint64_t revokes;
};

/**
 * peerbar_channel_open - make a channel of a socket
 * @sock: a connected UNIX socket of type SOCK_SEQPACKET; the channel's on
 *	success, still the caller's on failure
 * @out: written on success; release with peerbar_channel_close()
 *
 * Return: 0; -EBADF, -ENOTSOCK; -EPROTOTYPE another kind of socket; -ENOMEM.
 */
int peerbar_channel_open(int sock, struct peerbar_channel **out);

/**
 * peerbar_channel_close - close the socket and forget the channel
 *
 * Buffers that came or went by it stay what they are; nobody is told of them
 * any more, and the other end reads the end of the channel.
 * Threads: no other call may use @ch at the same time.  NULL is allowed.
 */
void peerbar_channel_close(struct peerbar_channel *ch);

/**
 * peerbar_channel_fd - to be polled: POLLIN when peerbar_channel_recv() has
 * something to say; stays the channel's
 */
int peerbar_channel_fd(const struct peerbar_channel *ch);

/**
 * peerbar_channel_send - hand a buffer over
 * @buf: stays the caller's, who may close it: until it is revoked, forgotten or
 *	the channel closed, the library keeps a descriptor of it
 * @name: text for the receiver, at most PEERBAR_NAME_SIZE - 1 bytes without
 *	control characters; NULL is ""
 * @id: number of the buffer on this channel; NULL when not wanted
 *
 * The receiver's rights are those of the descriptor: with an export of
 * PEERBAR_EXPORT_READ_ONLY it maps for reading only.  A buffer that came from
 * somewhere else can be sent on; of that one nobody is told anything.
 *
 * Return: 0; -EINVAL @name; -EAGAIN the other end does not read what it was
 * sent: poll for POLLOUT; -EPIPE it is closed; -ENODEV the buffer is revoked
 *for good; -ENOMEM, -errno.
 */
int peerbar_channel_send(struct peerbar_channel *ch, struct peerbar_buffer *buf,
			 const char *name, uint64_t *id);

/**
 * peerbar_channel_recv - take the next message
 * @timeout_ms: how long to wait for one; 0 not at all, -1 for ever
 * @out: written on success
 *
 * After an error of one message the next can be received; but a sender that
 * errs once is hardly worth another try.
 *
 * Return: 0; -EAGAIN none came; -EPIPE the other end is closed, and what it had
 * exported is or is about to be revoked when its process has ended; or, with a
 * text that says what is wrong:
 *  -EPROTONOSUPPORT  a message of another version
 *  -EMSGSIZE         larger than any message
 *  -EPROTO           malformed, at odds with its descriptor, too many or too
 * few descriptors, or one that is no dma-buf -EMFILE           no room for the
 * descriptor in this process -ENOMEM, -errno
 */
int peerbar_channel_recv(struct peerbar_channel *ch, int timeout_ms,
			 struct peerbar_message *out);

/**
 * peerbar_channel_flush - tell the other end what it does not know yet
 *
 * Looks at every buffer that was sent here.  Only needed when a message could
 * not be sent for want of room, or for what others did to the device.
 *
 * Return: 0 the other end was told everything; -EAGAIN it still does not read;
 * -EPIPE it is closed.
 */
int peerbar_channel_flush(struct peerbar_channel *ch);

/**
 * peerbar_channel_forget - tell nothing more about one buffer
 * @id: from peerbar_channel_send()
 *
 * Takes nothing back.  For channels that outlive many buffers: the library
 * lets go of the descriptor that it keeps.  Return: 0, -ENOENT.
 */
int peerbar_channel_forget(struct peerbar_channel *ch, uint64_t id);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_CHANNEL_H */
