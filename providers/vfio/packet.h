/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One message of a SOCK_SEQPACKET socket with the descriptors beside it. */
#ifndef PEERBAR_PACKET_H
#define PEERBAR_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* room for more than anybody should send, so as to see that it is more */
#define PACKET_FDS 16

/**
 * struct packet - what came
 * @len: bytes
 * @nr_fds: descriptors, the receiver's to close
 * @fds: close-on-exec
 * @truncated: there were more bytes than fit
 * @fds_lost: there were more descriptors than could be given to this process
 */
struct packet {
	size_t len;
	unsigned int nr_fds;
	int fds[PACKET_FDS];
	bool truncated;
	bool fds_lost;
};

/* @fd: goes with it, -1 for none; 0 or -errno */
int packet_send(int sock, const void *buf, size_t len, int fd);

/* 0 or -errno */
int packet_recv(int sock, void *buf, size_t size, struct packet *out);

void packet_close_fds(struct packet *packet);

#endif /* PEERBAR_PACKET_H */
