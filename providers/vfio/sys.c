// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sys.h"

static int native_open(const char *path, int flags)
{
	return open(path, flags);
}

static int native_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg);
}

static int native_dup(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static int native_open_flags(int fd)
{
	return fcntl(fd, F_GETFL);
}

static int native_list(const char *path, char *names, size_t size)
{
	struct dirent *entry;
	size_t used = 0;
	DIR *dir;

	dir = opendir(path);
	if (!dir)
		return -1;
	names[0] = '\0';
	while ((entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);

		if (entry->d_name[0] == '.')
			continue;
		if (used + len + 2 > size)
			break;
		used += sprintf(names + used, "%s ", entry->d_name);
	}
	closedir(dir);
	return 0;
}

static int native_socket_option(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = 0;
	int ret = getsockopt(fd, SOL_SOCKET, option, &value, &size);

	return ret ? ret : value;
}

static int native_poll_in(int fd, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, timeout_ms);
}

static int native_event(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static int native_timer(unsigned int period_ms)
{
	struct timespec period = {
		.tv_sec = period_ms / 1000,
		.tv_nsec = period_ms % 1000 * 1000000L,
	};
	struct itimerspec when = {.it_interval = period, .it_value = period};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	/* cannot fail: the descriptor and the times are good */
	if (fd >= 0)
		timerfd_settime(fd, 0, &when, NULL);
	return fd;
}

static int native_epoll(void)
{
	return epoll_create1(EPOLL_CLOEXEC);
}

static int native_epoll_add(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

const struct sys_ops sys_native = {
	.open = native_open,
	.close = close,
	.ioctl = native_ioctl,
	.mmap = mmap,
	.munmap = munmap,
	.read = read,
	.pread = pread,
	.pwrite = pwrite,
	.lseek = lseek,
	.dup = native_dup,
	.open_flags = native_open_flags,
	.readlink = readlink,
	.list = native_list,
	.write = write,
	.socket_option = native_socket_option,
	.sendmsg = sendmsg,
	.recvmsg = recvmsg,
	.poll_in = native_poll_in,
	.event = native_event,
	.timer = native_timer,
	.epoll = native_epoll,
	.epoll_add = native_epoll_add,
};

const struct sys_ops *sys_ops = &sys_native;

#define RETRY(call)                                   \
	({                                            \
		__typeof__(call) _ret;                \
		do                                    \
			_ret = (call);                \
		while (_ret == -1 && errno == EINTR); \
		_ret == -1 ? -errno : _ret;           \
	})

int sys_open(const char *path, int flags)
{
	return RETRY(sys_ops->open(path, flags | O_CLOEXEC));
}

/* Linux closes the descriptor even when close() reports EINTR. */
void sys_close(int fd)
{
	if (fd >= 0)
		sys_ops->close(fd);
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return RETRY(sys_ops->ioctl(fd, request, arg));
}

int sys_mmap(void *addr, size_t size, int prot, int flags, int fd,
	     uint64_t offset, void **out)
{
	void *ret = sys_ops->mmap(addr, size, prot, flags, fd, offset);

	if (ret == MAP_FAILED)
		return -errno;
	*out = ret;
	return 0;
}

void sys_munmap(void *addr, size_t size)
{
	if (size)
		sys_ops->munmap(addr, size);
}

int sys_read_file(const char *path, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t ret;
	int fd;

	fd = sys_open(path, O_RDONLY);
	if (fd < 0)
		return fd;
	do {
		ret = RETRY(sys_ops->read(fd, buf + used, size - 1 - used));
		if (ret > 0)
			used += ret;
	} while (ret > 0 && used < size - 1);
	sys_close(fd);
	if (ret < 0)
		return ret;
	buf[used] = '\0';
	return 0;
}

int sys_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t ret = RETRY(sys_ops->pread(fd, buf, len, offset));

		if (ret <= 0)
			return ret ? ret : -EIO;
		buf = (char *)buf + ret;
		offset += ret;
		len -= ret;
	}
	return 0;
}

int sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t ret = RETRY(sys_ops->pwrite(fd, buf, len, offset));

		if (ret <= 0)
			return ret ? ret : -EIO;
		buf = (const char *)buf + ret;
		offset += ret;
		len -= ret;
	}
	return 0;
}

int sys_size(int fd, uint64_t *out)
{
	off_t ret = RETRY(sys_ops->lseek(fd, 0, SEEK_END));

	if (ret < 0)
		return ret;
	*out = ret;
	return 0;
}

int sys_dup(int fd)
{
	return RETRY(sys_ops->dup(fd));
}

int sys_open_flags(int fd)
{
	return RETRY(sys_ops->open_flags(fd));
}

int sys_readlink(const char *path, char *buf, size_t size)
{
	ssize_t ret = RETRY(sys_ops->readlink(path, buf, size - 1));

	if (ret < 0)
		return ret;
	buf[ret] = '\0';
	return 0;
}

int sys_list(const char *dir, char *names, size_t size)
{
	return RETRY(sys_ops->list(dir, names, size));
}

ssize_t sys_read_some(int fd, void *buf, size_t len)
{
	return RETRY(sys_ops->read(fd, buf, len));
}

ssize_t sys_write_some(int fd, const void *buf, size_t len)
{
	return RETRY(sys_ops->write(fd, buf, len));
}

int sys_socket_option(int fd, int option)
{
	return RETRY(sys_ops->socket_option(fd, option));
}

ssize_t sys_sendmsg(int fd, const struct msghdr *message)
{
	return RETRY(sys_ops->sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t sys_recvmsg(int fd, struct msghdr *message)
{
	return RETRY(
		sys_ops->recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
}

int sys_poll_in(int fd, int timeout_ms)
{
	int ret = RETRY(sys_ops->poll_in(fd, timeout_ms));

	if (ret < 0)
		return ret;
	return ret ? 0 : -EAGAIN;
}

int sys_event(void)
{
	return RETRY(sys_ops->event());
}

int sys_timer(unsigned int period_ms)
{
	return RETRY(sys_ops->timer(period_ms));
}

int sys_epoll(void)
{
	return RETRY(sys_ops->epoll());
}

int sys_epoll_add(int epoll, int fd)
{
	return RETRY(sys_ops->epoll_add(epoll, fd));
}

size_t sys_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}
