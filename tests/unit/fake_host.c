// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets, events and timers need no fake: they are the machine's, behind
 * descriptors of the fake kernel.  A descriptor of the fake kernel that goes
 * over a socket is a token there; one that comes and is no token is a file that
 * nobody knows.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fake_priv.h"
#include "sys.h"

static int wrap(int host)
{
	int fd;

	if (host < 0)
		return -1;
	fd = fake_fd_new(FAKE_HOST, NULL);
	fake_fd_get(fd)->host = host;
	return fd;
}

int fake_host_fd(int fd)
{
	struct fake_fd *file = fake_fd_get(fd);

	assert_int_equal(file->kind, FAKE_HOST);
	return file->host;
}

int fake_host_close(struct fake_fd *file)
{
	return close(file->host);
}

int fake_host_event(void)
{
	return fake_fails("event") ? -1 : wrap(sys_native.event());
}

int fake_host_timer(unsigned int period_ms)
{
	return fake_fails("timer") ? -1 : wrap(sys_native.timer(period_ms));
}

int fake_host_epoll(void)
{
	return fake_fails("epoll") ? -1 : wrap(sys_native.epoll());
}

int fake_host_epoll_add(int epoll, int fd)
{
	if (fake_fails("epoll_add"))
		return -1;
	return sys_native.epoll_add(fake_host_fd(epoll), fake_host_fd(fd));
}

int fake_host_poll_in(int fd, int timeout_ms)
{
	if (fake_fails("poll"))
		return -1;
	return sys_native.poll_in(fake_host_fd(fd), timeout_ms);
}

bool fake_readable(int fd)
{
	struct pollfd poll_fd = {.fd = fake_host_fd(fd), .events = POLLIN};

	return poll(&poll_fd, 1, 0) == 1;
}

int fake_host_socket_option(int fd, int option)
{
	if (fake_fails("socket_option"))
		return -1;
	return sys_native.socket_option(fake_host_fd(fd), option);
}

ssize_t fake_host_write(int fd, const void *buf, size_t len)
{
	if (fake_fails("write"))
		return -1;
	return write(fake_host_fd(fd), buf, len);
}

void fake_socketpair(int type, int fds[2])
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
	fds[0] = wrap(pair[0]);
	fds[1] = wrap(pair[1]);
}

ssize_t fake_host_sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct msghdr real = *message;
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&real);
	int sent;

	assert_true(flags & MSG_NOSIGNAL);
	if (fake_fails("sendmsg"))
		return -1;
	if (cmsg) {
		memcpy(&sent, CMSG_DATA(cmsg), sizeof(sent));
		sent = fake_fd_get(sent)->buf->token;
		memcpy(CMSG_DATA(cmsg), &sent, sizeof(sent));
	}
	return sendmsg(fake_host_fd(fd), &real, flags);
}

static int receive(int host)
{
	struct fake_dma_buf *buf = fake_dma_buf_of(host);

	assert_true(fcntl(host, F_GETFD) & FD_CLOEXEC);
	close(host);
	return fake_fd_new(buf ? FAKE_DMA_BUF : FAKE_PLAIN, buf);
}

ssize_t fake_host_recvmsg(int fd, struct msghdr *message, int flags)
{
	struct cmsghdr *cmsg;
	ssize_t ret;
	size_t i;
	int came;

	if (fake_fails("recvmsg"))
		return -1;
	ret = recvmsg(fake_host_fd(fd), message, flags);
	if (ret < 0)
		return ret;
	cmsg = CMSG_FIRSTHDR(message);
	for (i = 0; cmsg && CMSG_LEN(i) < cmsg->cmsg_len; i += sizeof(came)) {
		memcpy(&came, CMSG_DATA(cmsg) + i, sizeof(came));
		came = receive(came);
		memcpy(CMSG_DATA(cmsg) + i, &came, sizeof(came));
	}
	return ret;
}
