// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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

size_t sys_page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}
