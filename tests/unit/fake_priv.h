/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of the fake kernel share. */
#ifndef FAKE_PRIV_H
#define FAKE_PRIV_H

#include <sys/socket.h>
#include <sys/types.h>

#include "fake_kernel.h"

enum fake_kind {
	FAKE_FREE,
	FAKE_TEXT,
	FAKE_CONTROL,
	FAKE_PLAIN,
	FAKE_CONTAINER,
	FAKE_GROUP_FD,
	FAKE_DEVICE,
	FAKE_IOMMUFD,
	FAKE_DMA_BUF,
	FAKE_HOST,
};

struct fake_range {
	uint64_t offset;
	uint64_t length;
};

/*
 * @memory: the BAR's file or one of its own
 * @token: stands for the buffer in messages of real sockets
 * @revokes: times it was taken back; begins where a test of counters wants it
 */
struct fake_dma_buf {
	int memory;
	int token;
	uint64_t revokes;
	bool read_only;
	bool revoked;
	bool ours;
	bool combined;
	uint64_t size;
	unsigned int nr_ranges;
	struct fake_range ranges[16];
};

/* @host: of HOST: the real descriptor behind it */
struct fake_fd {
	enum fake_kind kind;
	int host;
	struct fake_dma_buf *buf;
	char text[512];
	size_t pos;
};

struct fake_mapping {
	void *addr;
	size_t size;
	int prot;
	struct fake_dma_buf *buf;
};

/* Does this call fail as the test wants?  Sets errno. */
bool fake_fails(const char *what);

int fake_fd_new(enum fake_kind kind, struct fake_dma_buf *buf);
/* aborts the test when @fd is not open */
struct fake_fd *fake_fd_get(int fd);

struct fake_dma_buf *fake_dma_buf_new(uint64_t size);
void fake_dma_buf_revoke(struct fake_dma_buf *buf);
/* count a revoke of every buffer of the device that is not dead */
void fake_device_taken_back(void);
/* the device is closed: everything it exported is revoked */
void fake_device_closed(void);
bool fake_device_open(void);

int fake_bar_file(void);
void *fake_mmap(void *addr, size_t size, int prot, int flags, int fd,
		off_t offset);
int fake_munmap(void *addr, size_t size);
void fake_memory_reset(void);

int fake_ioctl(int fd, unsigned long request, void *arg);
ssize_t fake_pread(int fd, void *buf, size_t len, off_t offset);
ssize_t fake_pwrite(int fd, const void *buf, size_t len, off_t offset);
void fake_vfio_reset(void);

/* sockets, events and timers are the machine's own; see fake_host.c */
int fake_host_close(struct fake_fd *file);
int fake_host_event(void);
int fake_host_timer(unsigned int period_ms);
int fake_host_epoll(void);
int fake_host_epoll_add(int epoll, int fd);
int fake_host_poll_in(int fd, int timeout_ms);
int fake_host_socket_option(int fd, int option);
ssize_t fake_host_write(int fd, const void *buf, size_t len);
ssize_t fake_host_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t fake_host_recvmsg(int fd, struct msghdr *message, int flags);

/* the buffer of a token, NULL when it is none; the token of a buffer */
struct fake_dma_buf *fake_dma_buf_of(int token);

/* the text of a sysfs or procfs file, NULL when there is none */
const char *fake_sysfs_text(const char *path);
ssize_t fake_sysfs_readlink(const char *path, char *buf, size_t size);
/* a file that is written to; @text need not end with a NUL */
bool fake_sysfs_is_control(const char *path);
ssize_t fake_sysfs_write(const char *path, const char *text, size_t len);
int fake_sysfs_list(const char *dir, char *names, size_t size);

#endif /* FAKE_PRIV_H */
