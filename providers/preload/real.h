/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The functions that are interposed, as the next library has them.
 *
 * Resolved once, by the constructor, never on the way of a call: dlsym() may
 * allocate, and an allocator calls mmap().  Whoever calls before that gets the
 * bare system call.
 */
#ifndef PRELOAD_REAL_H
#define PRELOAD_REAL_H

#include <stddef.h>
#include <sys/types.h>

/* a unit test keeps them to itself */
#ifndef EXPORT
#define EXPORT __attribute__((visibility("default")))
#endif

int real_open(const char *path, int flags, mode_t mode);
int real_open64(const char *path, int flags, mode_t mode);
int real_openat(int dir, const char *path, int flags, mode_t mode);
int real_openat64(int dir, const char *path, int flags, mode_t mode);

/* fortified calls: they end the program when a mode is missing */
int real_open_2(const char *path, int flags);
int real_open64_2(const char *path, int flags);
int real_openat_2(int dir, const char *path, int flags);
int real_openat64_2(int dir, const char *path, int flags);

int real_close(int fd);
void *real_mmap(void *addr, size_t len, int prot, int flags, int fd,
		off_t offset);
void *real_mmap64(void *addr, size_t len, int prot, int flags, int fd,
		  off_t offset);
int real_munmap(void *addr, size_t len);
void *real_mremap(void *addr, size_t len, size_t new_len, int flags, void *to);

#endif /* PRELOAD_REAL_H */
