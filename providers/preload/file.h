/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What open("vfio:...") made: a buffer, whose dma-buf descriptor the program
 * holds.
 *
 * A descriptor is known by the inode behind it, not by its number: dup(),
 * fcntl(), fork(), fdopen() and whatever else moves descriptors about need not
 * be followed, and a number that was closed behind our back and opened again
 * is not mistaken for ours.
 *
 * A file lives while the program has a descriptor of it, a mapping or an MR; a
 * device is opened once in the process and lives while it has a file.
 */
#ifndef PRELOAD_FILE_H
#define PRELOAD_FILE_H

#include <stdbool.h>

struct file;
struct peerbar_buffer;

/*
 * Everything below that says so is called between these two.  Calls that
 * libpeerbar makes meanwhile in this thread go straight to libc.
 */
void file_lock(void);
void file_unlock(void);

/* between the two, in this thread; or is there no file at all? */
bool file_none(void);

/*
 * A new descriptor for "BDF/BAR[@...]", or -errno with a detail text
 * @flags: of open()
 */
int file_open(const char *text, int flags);

/* Is it a file of this process?  Keeps errno, takes no lock. */
bool file_is_ours(int fd);

/* locked: NULL when it is none any more */
struct file *file_find(int fd);
struct peerbar_buffer *file_buffer(struct file *file);

/* locked: somebody beside the program's descriptors needs it */
void file_hold(struct file *file);
void file_release(struct file *file);

/* locked: one more or less descriptor is ours, not the program's */
void file_own_fd(struct file *file, int change);

/* locked: close what nobody needs any more */
void file_settle(void);

#endif /* PRELOAD_FILE_H */
