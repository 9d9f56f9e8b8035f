// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <peerbar/error.h>

#include "buffer_priv.h"
#include "guard.h"
#include "io.h"
#include "mapping_priv.h"
#include "observe.h"
#include "registry_priv.h"
#include "sys.h"

#define SIZE_2M	   (UINT64_C(1) << 21)
#define SIZE_1G	   (UINT64_C(1) << 30)

#define READ_WRITE (PEERBAR_MAP_READ | PEERBAR_MAP_WRITE)

/**
 * struct window - what is to be mapped
 * @offset: into the buffer
 * @align: the address is to be congruent to @skew modulo this power of two
 */
struct window {
	uint64_t offset;
	uint64_t length;
	int prot;
	uint64_t align;
	uint64_t skew;
};

static int check_window(const struct peerbar_buffer *buf, unsigned int flags,
			struct window *win)
{
	uint64_t mask = sys_page_size() - 1;

	if (flags & ~(READ_WRITE | PEERBAR_MAP_POPULATE))
		return peerbar_error_set(-EINVAL, "unknown map flags 0x%x",
					 flags);
	if ((flags & (READ_WRITE | PEERBAR_MAP_POPULATE)) ==
	    (PEERBAR_MAP_WRITE | PEERBAR_MAP_POPULATE))
		return peerbar_error_set(
			-EINVAL, "populating loads from the memory: it takes "
				 "PEERBAR_MAP_READ");
	if (win->offset <= buf->size && !win->length)
		win->length = buf->size - win->offset;
	if (((win->offset | win->length) & mask) || !win->length ||
	    win->offset > buf->size || win->length > buf->size - win->offset)
		return peerbar_error_set(
			-EINVAL,
			"offset 0x%" PRIx64 ", length 0x%" PRIx64
			" is not page-aligned, empty or beyond the buffer of "
			"0x%" PRIx64 " bytes",
			win->offset, win->length, buf->size);
	if (!(flags & READ_WRITE))
		flags |= READ_WRITE;
	if (flags & PEERBAR_MAP_READ)
		win->prot |= PROT_READ;
	if (flags & PEERBAR_MAP_WRITE)
		win->prot |= PROT_WRITE;
	if (buf->read_only && win->prot & PROT_WRITE)
		return peerbar_error_set(-EACCES,
					 "the buffer is read-only: map it with "
					 "PEERBAR_MAP_READ");
	return 0;
}

/*
 * Huge entries need virtual and physical address to agree below the size of
 * the entry.  The longest piece decides, since that is where most is won. Where
 * only the size is known, the buffer most likely starts aligned.
 */
static void choose_alignment(const struct peerbar_buffer *buf, struct window *win)
{
	struct buffer_piece piece;
	uint64_t physical;

	if (!buffer_longest_piece(buf, win->offset, win->length, &piece))
		piece = (struct buffer_piece){
			.buffer_offset = win->offset,
			.bar_offset = win->offset,
			.length = win->length,
		};
	physical = piece.bar_offset + buf->bar_address;
	win->align = piece.length >= SIZE_1G   ? SIZE_1G
		     : piece.length >= SIZE_2M ? SIZE_2M
					       : sys_page_size();
	win->skew = (physical - (piece.buffer_offset - win->offset)) &
		    (win->align - 1);
}

/* An address that was free a moment ago; NULL when any will do. */
static int find_address(const struct window *win, void **out)
{
	uint64_t size = win->length + win->align;
	uintptr_t start;
	void *area;
	int ret;

	*out = NULL;
	if (win->align == sys_page_size())
		return 0;
	ret = sys_mmap(NULL, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0, &area);
	if (ret)
		return ret;
	sys_munmap(area, size);
	start = (uintptr_t)area;
	start += (win->skew - start) & (win->align - 1);
	*out = (void *)start;
	return 0;
}

/*
 * MAP_FIXED over a reservation would be one call less, but when it fails, some
 * kernels leave a hole that another thread may have filled before we can clean
 * up.  Losing the address to another thread instead costs huge pages at worst,
 * so that a few attempts do.
 */
static int map_aligned(int fd, uint64_t file_offset, const struct window *win,
		       void **out)
{
	unsigned int attempts = 4;
	void *hint;
	int ret;

	for (;;) {
		ret = find_address(win, &hint);
		if (ret)
			return ret;
		ret = sys_mmap(hint, win->length, win->prot, MAP_SHARED, fd,
			       file_offset, out);
		if (ret || !hint || *out == hint || !--attempts)
			return ret;
		sys_munmap(*out, win->length);
	}
}

/*
 * Without our kernel modules the device fd can still be mapped, as far as the
 * window is one run of BAR bytes.
 */
static int map_device_fd(struct peerbar_buffer *buf, const struct window *win,
			 void **out)
{
	static const char missing[] =
		"the kernel cannot map a dma-buf of this exporter (VFIO needs "
		"the modules of peerbar, see kernel/)";
	struct buffer_piece piece;

	if (!buf->dev)
		return peerbar_error_set(-EOPNOTSUPP, "%s", missing);
	buffer_longest_piece(buf, win->offset, win->length, &piece);
	if (piece.length != win->length)
		return peerbar_error_set(
			-EOPNOTSUPP,
			"%s, and the device fd maps one range only", missing);
	return map_aligned(buf->dev->fd,
			   buf->dev->regions[buf->bar].offset + piece.bar_offset,
			   win, out);
}

static int map_window(struct peerbar_buffer *buf, const struct window *win,
		      struct peerbar_mapping *map)
{
	int ret;

	if (buffer_device_closed(buf))
		return peerbar_error_set(
			-ENODEV, "%s is closed, which revoked the buffer",
			buf->dev->bdf);
	ret = map_aligned(buf->fd, win->offset, win, &map->addr);
	/*
	 * Bounds and flags were checked above, so that EINVAL can only be the
	 * answer of the dma-buf core for an exporter without mmap.
	 */
	if (ret == -EINVAL) {
		map->fallback = true;
		ret = map_device_fd(buf, win, &map->addr);
		if (ret == -EOPNOTSUPP)
			return ret;
	}
	if (ret == -ENODEV)
		return peerbar_error_set(ret,
					 "the buffer was revoked for good");
	if (ret == -EBUSY)
		return peerbar_error_set(
			ret, "another buffer has some of the pages write-combined");
	if (ret)
		return peerbar_error_set(ret, "mmap of 0x%" PRIx64 " bytes: %s",
					 win->length, strerror(-ret));
	map->size = win->length;
	map->writable = win->prot & PROT_WRITE;
	return 0;
}

static void touch_pages(void *arg)
{
	const struct peerbar_mapping *map = arg;
	size_t offset;

	for (offset = 0; offset < map->size; offset += sys_page_size())
		io_read32((volatile char *)map->addr + offset);
}

/* MAP_POPULATE and madvise() pass over memory of devices. */
static int populate(struct peerbar_mapping *map)
{
	enum peerbar_state state;
	int ret;

	if (!peerbar_guard_run(map, touch_pages, map))
		return 0;
	ret = observe_by_mmap(map->fd, &state);
	if (!ret && state == PEERBAR_REVOKED)
		return peerbar_error_set(-ENODEV,
					 "the buffer was revoked for good");
	return peerbar_error_set(
		-EAGAIN,
		"the memory is suspended, so that it cannot be populated");
}

int peerbar_buffer_map(struct peerbar_buffer *buf, uint64_t offset,
		       uint64_t length, unsigned int flags,
		       struct peerbar_mapping **out)
{
	struct window win = {.offset = offset, .length = length};
	struct peerbar_mapping *map;
	int ret;

	ret = check_window(buf, flags, &win);
	if (ret)
		return ret;
	choose_alignment(buf, &win);
	map = calloc(1, sizeof(*map));
	if (!map)
		return peerbar_error_set(-ENOMEM, "no memory for a mapping");
	guard_install();
	map->fd = sys_dup(buf->fd);
	if (map->fd < 0) {
		ret = peerbar_error_set(map->fd, "dup of the dma-buf fd: %s",
					strerror(-map->fd));
		goto err_free;
	}
	ret = map_window(buf, &win, map);
	if (ret)
		goto err_close;
	ret = flags & PEERBAR_MAP_POPULATE ? populate(map) : 0;
	if (ret)
		goto err_unmap;
	ret = registry_add(map->addr, map->size, map->fd, offset);
	if (ret) {
		peerbar_error_set(ret, "no memory to register the mapping");
		goto err_unmap;
	}
	*out = map;
	return 0;

err_unmap:
	sys_munmap(map->addr, map->size);
err_close:
	sys_close(map->fd);
err_free:
	free(map);
	return ret;
}

void peerbar_mapping_close(struct peerbar_mapping *map)
{
	if (!map)
		return;
	registry_remove(map->addr);
	sys_munmap(map->addr, map->size);
	sys_close(map->fd);
	free(map);
}

void *peerbar_mapping_addr(const struct peerbar_mapping *map)
{
	return map->addr;
}

size_t peerbar_mapping_size(const struct peerbar_mapping *map)
{
	return map->size;
}

bool peerbar_mapping_is_fallback(const struct peerbar_mapping *map)
{
	return map->fallback;
}
