// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Descriptors of the fake kernel, and failures made to order. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fake_priv.h"
#include "sys.h"

/* far from real descriptors, so that mixing them up is seen */
#define FIRST_FD 1000
#define NR_FDS	 64

struct fake_kernel fake;

static struct fake_fd fds[NR_FDS];

bool fake_fails(const char *what)
{
	if (fake.interrupts) {
		fake.interrupts--;
		errno = EINTR;
		return true;
	}
	if (++fake.calls != fake.fail_at)
		return false;
	snprintf(fake.failed_path, sizeof(fake.failed_path), "%s", what);
	errno = EIO;
	return true;
}

int fake_fd_new(enum fake_kind kind, struct fake_dma_buf *buf)
{
	unsigned int i;

	for (i = 0; fds[i].kind != FAKE_FREE; i++)
		assert_true(i + 1 < NR_FDS);
	fds[i] = (struct fake_fd){.kind = kind, .buf = buf};
	return FIRST_FD + i;
}

struct fake_fd *fake_fd_get(int fd)
{
	assert_in_range(fd, FIRST_FD, FIRST_FD + NR_FDS - 1);
	assert_int_not_equal(fds[fd - FIRST_FD].kind, FAKE_FREE);
	return &fds[fd - FIRST_FD];
}

unsigned int fake_fds(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_FDS; i++)
		nr += fds[i].kind != FAKE_FREE;
	return nr;
}

/* CONTROL: the text is the path */
static int open_text(enum fake_kind kind, const char *text)
{
	int fd = fake_fd_new(kind, NULL);
	struct fake_fd *file = fake_fd_get(fd);

	snprintf(file->text, sizeof(file->text), "%s", text);
	return fd;
}

/* What /proc says about a descriptor: only dma-bufs have an exporter. */
static int open_fdinfo(int fd)
{
	struct fake_fd *file = fake_fd_get(fd);

	return open_text(FAKE_TEXT,
			 file->kind == FAKE_DMA_BUF
				 ? "pos:\t0\nflags:\t02\nexp_name:\tfake\n"
				 : "pos:\t0\nflags:\t02\n");
}

static int open_node(const char *path)
{
	static const struct {
		const char *path;
		enum fake_kind kind;
		bool cdev;
	} nodes[] = {
		{"/dev/vfio/vfio", FAKE_CONTAINER, false},
		{"/dev/vfio/7", FAKE_GROUP_FD, false},
		{"/dev/vfio/devices/vfio3", FAKE_DEVICE, true},
		{"/dev/iommu", FAKE_IOMMUFD, true},
	};
	unsigned int i;

	for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (!strcmp(path, nodes[i].path) &&
		    (!nodes[i].cdev || fake.has_cdev))
			return fake_fd_new(nodes[i].kind, NULL);
	errno = ENOENT;
	return -1;
}

static int fake_open(const char *path, int flags)
{
	const char *text;
	int fd;

	assert_true(flags & O_CLOEXEC);
	if (fake_fails(path))
		return -1;
	if (fake.fail_path && !strcmp(path, fake.fail_path)) {
		errno = fake.fail_path_errno;
		return -1;
	}
	if (sscanf(path, "/proc/self/fdinfo/%d", &fd) == 1)
		return open_fdinfo(fd);
	if (flags & O_WRONLY && fake_sysfs_is_control(path))
		return open_text(FAKE_CONTROL, path);
	text = flags & O_WRONLY ? NULL : fake_sysfs_text(path);
	return text ? open_text(FAKE_TEXT, text) : open_node(path);
}

bool fake_device_open(void)
{
	unsigned int i;

	for (i = 0; i < NR_FDS; i++)
		if (fds[i].kind == FAKE_DEVICE)
			return true;
	return false;
}

int fake_close(int fd)
{
	struct fake_fd *file = fake_fd_get(fd);
	bool device = file->kind == FAKE_DEVICE;

	if (file->kind == FAKE_HOST)
		fake_host_close(file);
	file->kind = FAKE_FREE;
	if (device && !fake_device_open())
		fake_device_closed();
	return 0;
}

static ssize_t fake_read(int fd, void *buf, size_t len)
{
	struct fake_fd *file = fake_fd_get(fd);
	size_t left;

	if (fake_fails("read"))
		return -1;
	if (file->kind == FAKE_HOST)
		return read(file->host, buf, len);
	assert_int_equal(file->kind, FAKE_TEXT);
	left = strlen(file->text) - file->pos;
	if (len > left)
		len = left;
	if (fake.short_io && len > 1)
		len = 1;
	memcpy(buf, file->text + file->pos, len);
	file->pos += len;
	return len;
}

static ssize_t fake_write(int fd, const void *buf, size_t len)
{
	struct fake_fd *file = fake_fd_get(fd);

	if (file->kind != FAKE_CONTROL)
		return fake_host_write(fd, buf, len);
	if (fake_fails(file->text))
		return -1;
	return fake_sysfs_write(file->text, buf, len);
}

static off_t fake_lseek(int fd, off_t offset, int whence)
{
	struct fake_fd *file = fake_fd_get(fd);

	if (fake_fails("lseek"))
		return -1;
	assert_int_equal(offset, 0);
	assert_int_equal(whence, SEEK_END);
	return file->buf->size;
}

static int fake_dup(int fd)
{
	struct fake_fd *file;

	if (fake_fails("dup"))
		return -1;
	if (fd < FIRST_FD) {
		errno = EBADF;
		return -1;
	}
	file = fake_fd_get(fd);
	return fake_fd_new(file->kind, file->buf);
}

static int fake_open_flags(int fd)
{
	struct fake_fd *file = fake_fd_get(fd);

	if (fake_fails("open_flags"))
		return -1;
	return file->buf->read_only ? O_RDONLY : O_RDWR;
}

static const struct sys_ops ops = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.mmap = fake_mmap,
	.munmap = fake_munmap,
	.read = fake_read,
	.pread = fake_pread,
	.pwrite = fake_pwrite,
	.lseek = fake_lseek,
	.dup = fake_dup,
	.open_flags = fake_open_flags,
	.readlink = fake_sysfs_readlink,
	.list = fake_sysfs_list,
	.write = fake_write,
	.socket_option = fake_host_socket_option,
	.sendmsg = fake_host_sendmsg,
	.recvmsg = fake_host_recvmsg,
	.poll_in = fake_host_poll_in,
	.event = fake_host_event,
	.timer = fake_host_timer,
	.epoll = fake_host_epoll,
	.epoll_add = fake_host_epoll_add,
};

void fake_reset(void)
{
	unsigned int i;

	for (i = 0; i < NR_FDS; i++)
		if (fds[i].kind == FAKE_HOST)
			fake_host_close(&fds[i]);
	memset(fds, 0, sizeof(fds));
	fake_memory_reset();
	fake_vfio_reset();
	fake = (struct fake_kernel){
		.driver = "vfio-pci",
		.has_vfio_driver = true,
		.has_iommu = true,
		.viable = true,
		.has_type1 = true,
		.has_bar = true,
		.can_reset = true,
		.has_export = true,
		.has_modules = true,
		.reports_errors = true,
	};
	sys_ops = &ops;
}

int fake_foreign_dma_buf(size_t size, bool read_only)
{
	struct fake_dma_buf *buf = fake_dma_buf_new(size);

	buf->read_only = read_only;
	return fake_fd_new(FAKE_DMA_BUF, buf);
}

int fake_plain_file(void)
{
	return fake_fd_new(FAKE_PLAIN, NULL);
}
