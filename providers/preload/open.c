// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* open() and its relatives: a name that begins with "vfio:" is BAR memory. */

/* their inline wrappers would bear the names that are defined here */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "file.h"
#include "real.h"
#include "say.h"

#define PREFIX	   "vfio:"
#define LOW_MEMORY 4096

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

/* A pointer to nowhere is for the kernel to refuse. */
static bool is_vfio(const char *path)
{
	return (uintptr_t)path >= LOW_MEMORY &&
	       !strncmp(path, PREFIX, sizeof(PREFIX) - 1);
}

static int open_vfio(const char *path, int flags)
{
	int fd = file_open(path + sizeof(PREFIX) - 1, flags);

	if (fd >= 0) {
		say("%s is descriptor %d", path, fd);
		return fd;
	}
	say_failure("%.100s: %s", path, peerbar_error_detail());
	errno = -fd;
	return -1;
}

/* The kernel looks at the mode with these flags only, as does libc. */
#define MODE(flags)                                                        \
	({                                                                 \
		mode_t _mode = 0;                                          \
		if ((flags)&O_CREAT || ((flags)&O_TMPFILE) == O_TMPFILE) { \
			va_list args;                                      \
			va_start(args, flags);                             \
			_mode = va_arg(args, mode_t);                      \
			va_end(args);                                      \
		}                                                          \
		_mode;                                                     \
	})

EXPORT int open(const char *path, int flags, ...)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_open(path, flags, MODE(flags));
}

EXPORT int open64(const char *path, int flags, ...)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_open64(path, flags, MODE(flags));
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_openat(dir, path, flags, MODE(flags));
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_openat64(dir, path, flags, MODE(flags));
}

EXPORT int __open_2(const char *path, int flags)
{
	return is_vfio(path) ? open_vfio(path, flags) : real_open_2(path, flags);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_open64_2(path, flags);
}

EXPORT int __openat_2(int dir, const char *path, int flags)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_openat_2(dir, path, flags);
}

EXPORT int __openat64_2(int dir, const char *path, int flags)
{
	return is_vfio(path) ? open_vfio(path, flags)
			     : real_openat64_2(dir, path, flags);
}

EXPORT int close(int fd)
{
	int ret;

	if (file_none() || !file_is_ours(fd))
		return real_close(fd);
	say("descriptor %d is closed", fd);
	file_lock();
	ret = real_close(fd);
	file_settle();
	file_unlock();
	return ret;
}
