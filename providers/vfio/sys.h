/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The one place where system calls are made.  Every function returns -errno on
 * failure and starts again after EINTR.
 */
#ifndef PEERBAR_SYS_H
#define PEERBAR_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * What libc does, with libc's conventions (-1 and errno), so that a test can
 * put a fake kernel below.
 */
struct sys_ops {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	void *(*mmap)(void *addr, size_t size, int prot, int flags, int fd,
		      off_t offset);
	int (*munmap)(void *addr, size_t size);
	ssize_t (*read)(int fd, void *buf, size_t len);
	ssize_t (*pread)(int fd, void *buf, size_t len, off_t offset);
	ssize_t (*pwrite)(int fd, const void *buf, size_t len, off_t offset);
	off_t (*lseek)(int fd, off_t offset, int whence);
	int (*dup)(int fd);
	int (*open_flags)(int fd);
	ssize_t (*readlink)(const char *path, char *buf, size_t size);
	int (*list)(const char *dir, char *names, size_t size);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	int (*socket_option)(int fd, int option);
	ssize_t (*sendmsg)(int fd, const struct msghdr *message, int flags);
	ssize_t (*recvmsg)(int fd, struct msghdr *message, int flags);
	int (*poll_in)(int fd, int timeout_ms);
	int (*event)(void);
	int (*timer)(unsigned int period_ms);
	int (*epoll)(void);
	int (*epoll_add)(int epoll, int fd);
};

extern const struct sys_ops sys_native;
extern const struct sys_ops *sys_ops;

/* close-on-exec is added to @flags */
int sys_open(const char *path, int flags);
void sys_close(int fd);
int sys_ioctl(int fd, unsigned long request, void *arg);
int sys_mmap(void *addr, size_t size, int prot, int flags, int fd,
	     uint64_t offset, void **out);
void sys_munmap(void *addr, size_t size);

/* the whole of a small file, ended with a NUL */
int sys_read_file(const char *path, char *buf, size_t size);

/* all of [buf, buf + len) or an error: -EIO when the file ends before */
int sys_pread(int fd, void *buf, size_t len, uint64_t offset);
int sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset);

int sys_size(int fd, uint64_t *out);
int sys_dup(int fd);
int sys_open_flags(int fd);
int sys_readlink(const char *path, char *buf, size_t size);

/* entries of @dir but dot files, each followed by a blank */
int sys_list(const char *dir, char *names, size_t size);

/* one read or write of a descriptor that never blocks; bytes or -errno */
ssize_t sys_read_some(int fd, void *buf, size_t len);
ssize_t sys_write_some(int fd, const void *buf, size_t len);

/* an integer option of level SOL_SOCKET, or -errno */
int sys_socket_option(int fd, int option);

/* never block, never raise SIGPIPE; bytes or -errno */
ssize_t sys_sendmsg(int fd, const struct msghdr *message);
ssize_t sys_recvmsg(int fd, struct msghdr *message);

/* wait until there is something to read; 0 or -EAGAIN after @timeout_ms */
int sys_poll_in(int fd, int timeout_ms);

/* descriptors that never block: an eventfd, a running timerfd, an epoll */
int sys_event(void);
int sys_timer(unsigned int period_ms);
int sys_epoll(void);
/* readable @fd makes @epoll readable */
int sys_epoll_add(int epoll, int fd);

size_t sys_page_size(void);

#endif /* PEERBAR_SYS_H */
