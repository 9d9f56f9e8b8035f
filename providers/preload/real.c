// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"

typedef int (*open_fn)(const char *path, int flags, ...);
typedef int (*openat_fn)(int dir, const char *path, int flags, ...);
typedef int (*open_2_fn)(const char *path, int flags);
typedef int (*openat_2_fn)(int dir, const char *path, int flags);
typedef int (*close_fn)(int fd);
typedef void *(*mmap_fn)(void *addr, size_t len, int prot, int flags, int fd,
			 off_t offset);
typedef int (*munmap_fn)(void *addr, size_t len);
typedef void *(*mremap_fn)(void *addr, size_t len, size_t new_len, int flags,
			   ...);

enum {
	OPEN,
	OPEN64,
	OPENAT,
	OPENAT64,
	OPEN_2,
	OPEN64_2,
	OPENAT_2,
	OPENAT64_2,
	CLOSE,
	MMAP,
	MMAP64,
	MUNMAP,
	MREMAP,
	NR_FUNCTIONS,
};

static const char *const names[NR_FUNCTIONS] = {
	[OPEN] = "open",	   [OPEN64] = "open64",
	[OPENAT] = "openat",	   [OPENAT64] = "openat64",
	[OPEN_2] = "__open_2",	   [OPEN64_2] = "__open64_2",
	[OPENAT_2] = "__openat_2", [OPENAT64_2] = "__openat64_2",
	[CLOSE] = "close",	   [MMAP] = "mmap",
	[MMAP64] = "mmap64",	   [MUNMAP] = "munmap",
	[MREMAP] = "mremap",
};

static _Atomic(void *) functions[NR_FUNCTIONS];

__attribute__((constructor)) static void resolve(void)
{
	unsigned int i;

	for (i = 0; i < NR_FUNCTIONS; i++)
		atomic_store(&functions[i], dlsym(RTLD_NEXT, names[i]));
}

#define REAL(type, which) \
	((type)atomic_load_explicit(&functions[which], memory_order_acquire))

static int open_by(int which, const char *path, int flags, mode_t mode)
{
	open_fn fn = REAL(open_fn, which);

	if (fn)
		return fn(path, flags, mode);
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static int openat_by(int which, int dir, const char *path, int flags, mode_t mode)
{
	openat_fn fn = REAL(openat_fn, which);

	if (fn)
		return fn(dir, path, flags, mode);
	return syscall(SYS_openat, dir, path, flags, mode);
}

int real_open(const char *path, int flags, mode_t mode)
{
	return open_by(OPEN, path, flags, mode);
}

int real_open64(const char *path, int flags, mode_t mode)
{
	return open_by(OPEN64, path, flags, mode);
}

int real_openat(int dir, const char *path, int flags, mode_t mode)
{
	return openat_by(OPENAT, dir, path, flags, mode);
}

int real_openat64(int dir, const char *path, int flags, mode_t mode)
{
	return openat_by(OPENAT64, dir, path, flags, mode);
}

int real_open_2(const char *path, int flags)
{
	open_2_fn fn = REAL(open_2_fn, OPEN_2);

	return fn ? fn(path, flags) : real_open(path, flags, 0);
}

int real_open64_2(const char *path, int flags)
{
	open_2_fn fn = REAL(open_2_fn, OPEN64_2);

	return fn ? fn(path, flags) : real_open64(path, flags, 0);
}

int real_openat_2(int dir, const char *path, int flags)
{
	openat_2_fn fn = REAL(openat_2_fn, OPENAT_2);

	return fn ? fn(dir, path, flags) : real_openat(dir, path, flags, 0);
}

int real_openat64_2(int dir, const char *path, int flags)
{
	openat_2_fn fn = REAL(openat_2_fn, OPENAT64_2);

	return fn ? fn(dir, path, flags) : real_openat64(dir, path, flags, 0);
}

int real_close(int fd)
{
	close_fn fn = REAL(close_fn, CLOSE);

	return fn ? fn(fd) : syscall(SYS_close, fd);
}

static void *mmap_by(int which, void *addr, size_t len, int prot, int flags,
		     int fd, off_t offset)
{
	mmap_fn fn = REAL(mmap_fn, which);

	if (fn)
		return fn(addr, len, prot, flags, fd, offset);
	return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
}

void *real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap_by(MMAP, addr, len, prot, flags, fd, offset);
}

void *real_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		  off_t offset)
{
	return mmap_by(MMAP64, addr, len, prot, flags, fd, offset);
}

int real_munmap(void *addr, size_t len)
{
	munmap_fn fn = REAL(munmap_fn, MUNMAP);

	return fn ? fn(addr, len) : syscall(SYS_munmap, addr, len);
}

void *real_mremap(void *addr, size_t len, size_t new_len, int flags, void *to)
{
	mremap_fn fn = REAL(mremap_fn, MREMAP);

	if (fn)
		return fn(addr, len, new_len, flags, to);
	return (void *)syscall(SYS_mremap, addr, len, new_len, flags, to);
}
