// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Host memory as a dma-buf of another exporter than vfio-pci: what of a
 * difference to host memory is due to dma-bufs, and what to BARs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

#include <peerbar/buffer.h>

#include "error.h"
#include "memory.h"

#define PAGE 4096ull

static int wrap_memfd(int memfd, uint64_t size)
{
	struct udmabuf_create create = {
		.memfd = (uint32_t)memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = size,
	};
	int device, fd, err;

	device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return bench_fail(-errno, "/dev/udmabuf: %s", strerror(errno));
	fd = ioctl(device, UDMABUF_CREATE, &create);
	err = errno;
	close(device);
	if (fd < 0)
		return bench_fail(
			-err,
			"udmabuf of %llu bytes: %s; "
			"/sys/module/udmabuf/parameters has the limits",
			(unsigned long long)size, strerror(err));
	return fd;
}

static int make_memfd(uint64_t size)
{
	int fd = memfd_create("peerbar", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return bench_fail(-errno, "memfd: %s", strerror(errno));
	if (!ftruncate(fd, (off_t)size) && !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return fd;
	bench_fail(-errno, "memfd of %llu bytes: %s", (unsigned long long)size,
		   strerror(errno));
	close(fd);
	return -ENOMEM;
}

static int adopt(struct bench_mem *mem, int memfd, int fd)
{
	int rc;

	mem->addr = mmap(NULL, mem->size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, memfd, 0);
	if (mem->addr == MAP_FAILED)
		return bench_fail(-errno, "mapping of udmabuf: %s",
				  strerror(errno));
	rc = peerbar_buffer_import(fd, &mem->buffer);
	if (!rc)
		return 0;
	munmap(mem->addr, mem->size);
	return bench_fail_lib(rc, "udmabuf");
}

static int udmabuf_open(struct bench_mem *mem, const char *args, uint64_t size)
{
	int memfd, fd, rc;

	if (*args)
		return bench_fail(-EINVAL,
				  "udmabuf takes nothing after the colon");
	mem->size = (size + PAGE - 1) / PAGE * PAGE;
	memfd = make_memfd(mem->size);
	if (memfd < 0)
		return memfd;
	fd = wrap_memfd(memfd, mem->size);
	rc = fd < 0 ? fd : adopt(mem, memfd, fd);
	if (fd >= 0)
		close(fd);
	close(memfd);
	return rc;
}

static void udmabuf_close(struct bench_mem *mem)
{
	peerbar_buffer_close(mem->buffer);
	munmap(mem->addr, mem->size);
}

static int udmabuf_describe(struct bench_mem *mem, struct json_object *into)
{
	return json_object_object_add(into, "kind",
				      json_object_new_string("udmabuf"));
}

static int udmabuf_read(struct bench_mem *mem, uint64_t offset, void *dst,
			size_t len)
{
	return bench_mem_host.read(mem, offset, dst, len);
}

static int udmabuf_write(struct bench_mem *mem, uint64_t offset,
			 const void *src, size_t len)
{
	return bench_mem_host.write(mem, offset, src, len);
}

const struct bench_mem_ops bench_mem_udmabuf = {
	.name = "udmabuf",
	.open = udmabuf_open,
	.close = udmabuf_close,
	.read = udmabuf_read,
	.write = udmabuf_write,
	.describe = udmabuf_describe,
};
