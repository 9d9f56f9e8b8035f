// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mmap() and its relatives.  A mapping of BAR memory is one piece: it goes as a
 * whole or not at all, since the registry would otherwise give away as BAR
 * memory what is something else by now.
 */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <peerbar/peerbar.h>

#include "area.h"
#include "file.h"
#include "real.h"
#include "say.h"

struct area {
	struct area *next;
	uintptr_t start;
	uintptr_t end;
	struct file *file;
	struct peerbar_mapping *map;
};

static struct area *areas;

static uintptr_t page_up(uintptr_t value)
{
	uintptr_t mask = sysconf(_SC_PAGESIZE) - 1;

	return (value + mask) & ~mask;
}

/* Lock-free; mappings that the program made with libpeerbar are found, too. */
static bool may_touch(const void *addr, size_t len)
{
	struct peerbar_hit hit;

	return !file_none() && peerbar_registry_find(addr, len, &hit) != -ENOENT;
}

/* locked: the lowest area in [start, end) */
static struct area *first_area(uintptr_t start, uintptr_t end)
{
	struct area *area, *found = NULL;

	for (area = areas; area; area = area->next)
		if (area->start < end && area->end > start &&
		    (!found || area->start < found->start))
			found = area;
	return found;
}

struct file *area_file(const void *addr)
{
	struct area *area = first_area((uintptr_t)addr, (uintptr_t)addr + 1);

	return area ? area->file : NULL;
}

static int check_map(size_t len, int prot, int flags)
{
	const int type = flags & MAP_TYPE;

	if (!len || len > PTRDIFF_MAX)
		return peerbar_error_set(-EINVAL, "a length of %zu", len);
	if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return peerbar_error_set(-EINVAL, "it takes MAP_SHARED");
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		return peerbar_error_set(-EINVAL,
					 "the address cannot be chosen");
	if (prot & ~(PROT_READ | PROT_WRITE) || !prot)
		return peerbar_error_set(
			-EACCES,
			"it can be mapped for reading and writing only");
	return 0;
}

static int map_file(struct area *area, int fd, size_t len, int prot, off_t offset)
{
	unsigned int flags = 0;
	struct file *file = file_find(fd);
	int ret;

	if (!file)
		return peerbar_error_set(-EBADF, "closed by somebody else");
	if (prot & PROT_READ)
		flags |= PEERBAR_MAP_READ;
	if (prot & PROT_WRITE)
		flags |= PEERBAR_MAP_WRITE;
	ret = peerbar_buffer_map(file_buffer(file), offset, page_up(len), flags,
				 &area->map);
	if (ret)
		return ret;
	file_hold(file);
	file_own_fd(file, 1);
	area->file = file;
	area->start = (uintptr_t)peerbar_mapping_addr(area->map);
	area->end = area->start + peerbar_mapping_size(area->map);
	area->next = areas;
	areas = area;
	return 0;
}

static void *map_ours(size_t len, int prot, int flags, int fd, off_t offset)
{
	struct area *area = NULL;
	int ret;

	ret = check_map(len, prot, flags);
	if (ret)
		goto err;
	area = calloc(1, sizeof(*area));
	if (!area) {
		ret = peerbar_error_set(-ENOMEM, "no memory");
		goto err;
	}
	file_lock();
	ret = map_file(area, fd, len, prot, offset);
	file_unlock();
	if (ret)
		goto err;
	say("%zu bytes of descriptor %d from %lld are mapped at %p%s", len, fd,
	    (long long)offset, peerbar_mapping_addr(area->map),
	    peerbar_mapping_is_fallback(area->map) ? " through the device fd"
						   : "");
	return (void *)area->start;

err:
	free(area);
	say_failure("mmap of %zu bytes of descriptor %d from %lld: %s", len, fd,
		    (long long)offset, peerbar_error_detail());
	errno = -ret;
	return MAP_FAILED;
}

/* Does [addr, addr + len) cut into a mapping of ours, or cover one? */
static bool is_ours(const void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr;
	bool ours;

	if (!may_touch(addr, len))
		return false;
	file_lock();
	ours = first_area(start, page_up(start + len));
	file_unlock();
	return ours;
}

static void *refuse(const char *call, const void *addr, size_t len)
{
	say_failure(
		"%s of %zu bytes at %p: BAR memory is mapped there; unmap it "
		"first",
		call, len, addr);
	errno = EINVAL;
	return MAP_FAILED;
}

/* true when @ret is the answer */
static bool mmap_is_ours(void *addr, size_t len, int prot, int flags, int fd,
			 off_t offset, void **ret)
{
	if (file_none())
		return false;
	if (flags & MAP_FIXED && is_ours(addr, len)) {
		*ret = refuse("mmap", addr, len);
		return true;
	}
	if (flags & MAP_ANONYMOUS || fd < 0 || !file_is_ours(fd))
		return false;
	*ret = map_ours(len, prot, flags, fd, offset);
	return true;
}

EXPORT void *mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t offset)
{
	void *ret;

	if (mmap_is_ours(addr, len, prot, flags, fd, offset, &ret))
		return ret;
	return real_mmap(addr, len, prot, flags, fd, offset);
}

EXPORT void *mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t offset)
{
	void *ret;

	if (mmap_is_ours(addr, len, prot, flags, fd, offset, &ret))
		return ret;
	return real_mmap64(addr, len, prot, flags, fd, offset);
}

EXPORT void *mremap(void *addr, size_t len, size_t new_len, int flags, ...)
{
	void *to = NULL;
	va_list args;

	if (flags & ~MREMAP_MAYMOVE) {
		va_start(args, flags);
		to = va_arg(args, void *);
		va_end(args);
	}
	if (is_ours(addr, len) || (flags & MREMAP_FIXED && is_ours(to, new_len)))
		return refuse("mremap", addr, len);
	return real_mremap(addr, len, new_len, flags, to);
}

static bool cuts(uintptr_t start, uintptr_t end)
{
	struct area *area;

	for (area = areas; area; area = area->next)
		if (area->start < end && area->end > start &&
		    (area->start < start || area->end > end))
			return true;
	return false;
}

static void area_close(struct area *area)
{
	struct area **link = &areas;

	while (*link != area)
		link = &(*link)->next;
	*link = area->next;
	peerbar_mapping_close(area->map);
	file_own_fd(area->file, -1);
	file_release(area->file);
	free(area);
}

/*
 * Only what lies between areas of ours is left to libc: what an area leaves may
 * be somebody else's the next moment.
 */
static int unmap_ours(uintptr_t start, uintptr_t end)
{
	struct area *area;
	int ret = 0;

	while (!ret && start < end) {
		area = first_area(start, end);
		if (!area)
			return real_munmap((void *)start, end - start);
		if (area->start > start)
			ret = real_munmap((void *)start, area->start - start);
		start = area->end;
		area_close(area);
	}
	return ret;
}

EXPORT int munmap(void *addr, size_t len)
{
	uintptr_t start = (uintptr_t)addr, end = page_up(start + len);
	int ret;

	if (!len || start & (sysconf(_SC_PAGESIZE) - 1) || !is_ours(addr, len))
		return real_munmap(addr, len);
	file_lock();
	if (cuts(start, end)) {
		file_unlock();
		say_failure("munmap of %zu bytes at %p: BAR memory is unmapped "
			    "as a whole",
			    len, addr);
		errno = EINVAL;
		return -1;
	}
	say("%zu bytes at %p are unmapped", len, addr);
	ret = unmap_ours(start, end);
	file_settle();
	file_unlock();
	return ret;
}
