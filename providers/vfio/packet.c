// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "packet.h"
#include "sys.h"

int packet_send(int sock, const void *buf, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fd))];
	} control = {.bytes = ""};
	struct iovec iov = {.iov_base = (void *)buf, .iov_len = len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;
	ssize_t ret;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	}
	ret = sys_sendmsg(sock, &message);
	return ret < 0 ? ret : 0;
}

/* Other kinds of control data come only to a socket whose owner wants them. */
static void take_fds(struct msghdr *message, struct packet *packet)
{
	struct cmsghdr *cmsg;

	for (cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		size_t len = cmsg->cmsg_len - CMSG_LEN(0);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		/* once in a message, and no more than the room allows */
		memcpy(packet->fds, CMSG_DATA(cmsg), len);
		packet->nr_fds = len / sizeof(int);
	}
}

int packet_recv(int sock, void *buf, size_t size, struct packet *out)
{
	union {
		struct cmsghdr align;
		/* the kernel fills up what CMSG_SPACE() would add for alignment */
		char bytes[CMSG_LEN(sizeof(out->fds))];
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(out->fds)),
	};
	ssize_t ret;

	*out = (struct packet){.len = 0};
	ret = sys_recvmsg(sock, &message);
	if (ret < 0)
		return ret;
	out->len = ret;
	out->truncated = message.msg_flags & MSG_TRUNC;
	out->fds_lost = message.msg_flags & MSG_CTRUNC;
	take_fds(&message, out);
	return 0;
}

void packet_close_fds(struct packet *packet)
{
	unsigned int i;

	for (i = 0; i < packet->nr_fds; i++)
		sys_close(packet->fds[i]);
	packet->nr_fds = 0;
}
