// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <peerbar/peerbar.h>
#include <peerbar/spec.h>

#include "file.h"
#include "say.h"

#define NR_FILES 256

/**
 * struct device - an open device
 * @files: how many files of it there are
 */
struct device {
	struct device *next;
	struct peerbar_device *dev;
	unsigned int files;
};

/**
 * struct file - a slot of the table
 * @ino: inode number of the dma-buf, 0 while the slot is free
 * @fs: file system of the dma-buf; stays when the slot is freed
 * @holders: mappings and MRs
 * @own_fds: descriptors of the dma-buf that are not the program's
 * @seen_fds: see file_settle()
 */
struct file {
	_Atomic(ino_t) ino;
	_Atomic(dev_t) fs;
	struct device *device;
	struct peerbar_buffer *buf;
	unsigned int holders;
	int own_fds;
	int seen_fds;
};

static struct file files[NR_FILES];
static atomic_uint nr_files;
static struct device *devices;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int owner;

/* Not allocated at first use, which may be in a signal handler. */
static _Thread_local unsigned int inside
	__attribute__((tls_model("initial-exec")));

void file_lock(void)
{
	inside++;
	pthread_mutex_lock(&mutex);
}

void file_unlock(void)
{
	pthread_mutex_unlock(&mutex);
	inside--;
}

bool file_none(void)
{
	return inside || !atomic_load_explicit(&nr_files, memory_order_acquire);
}

static void fork_child(void)
{
	atomic_store(&owner, getpid());
	file_unlock();
}

static void first_open(void)
{
	atomic_store(&owner, getpid());
	pthread_atfork(file_lock, file_unlock, fork_child);
}

static struct file *find_inode(const struct stat *st)
{
	unsigned int i;

	for (i = 0; st->st_ino && i < NR_FILES; i++)
		if (atomic_load(&files[i].ino) == st->st_ino &&
		    atomic_load(&files[i].fs) == st->st_dev)
			return &files[i];
	return NULL;
}

struct file *file_find(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? NULL : find_inode(&st);
}

/*
 * After vfork() the memory is the parent's but the descriptors are not: what
 * such a child closes says nothing about the parent.
 */
bool file_is_ours(int fd)
{
	int saved_errno = errno;
	bool ours = file_find(fd) && getpid() == atomic_load(&owner);

	errno = saved_errno;
	return ours;
}

struct peerbar_buffer *file_buffer(struct file *file)
{
	return file->buf;
}

static int open_device(const char *bdf, struct device **out)
{
	struct device *device;
	int ret;

	for (device = devices; device; device = device->next) {
		if (!strcmp(peerbar_device_bdf(device->dev), bdf)) {
			*out = device;
			return 0;
		}
	}
	device = calloc(1, sizeof(*device));
	if (!device)
		return peerbar_error_set(-ENOMEM, "no memory for a device");
	ret = peerbar_device_open(bdf, NULL, &device->dev);
	if (ret) {
		free(device);
		return ret;
	}
	device->next = devices;
	devices = device;
	say("opened %s", bdf);
	*out = device;
	return 0;
}

static void settle_device(struct device *device)
{
	struct device **link = &devices;

	if (device->files)
		return;
	while (*link != device)
		link = &(*link)->next;
	*link = device->next;
	say("closed %s", peerbar_device_bdf(device->dev));
	peerbar_device_close(device->dev);
	free(device);
}

/* The program's descriptor, and from then on a file. */
static int publish(struct file *file, int flags)
{
	int own = peerbar_buffer_fd(file->buf);
	struct stat st;
	int fd;

	if (fstat(own, &st))
		return peerbar_error_set(-errno, "fstat: %s", strerror(errno));
	fd = fcntl(own, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
	if (fd < 0)
		return peerbar_error_set(-errno, "dup: %s", strerror(errno));
	file->holders = 0;
	file->own_fds = 1;
	file->device->files++;
	atomic_store(&file->fs, st.st_dev);
	atomic_store(&file->ino, st.st_ino);
	atomic_fetch_add(&nr_files, 1);
	return fd;
}

static int open_spec(const struct peerbar_spec *spec, int flags)
{
	const bool read_only = (flags & O_ACCMODE) == O_RDONLY;
	struct file *file = files;
	int ret;

	while (file < files + NR_FILES && atomic_load(&file->ino))
		file++;
	if (file == files + NR_FILES)
		return peerbar_error_set(-EMFILE, "more than %d files open",
					 NR_FILES);
	ret = open_device(spec->bdf, &file->device);
	if (ret)
		return ret;
	ret = peerbar_spec_export(file->device->dev, spec,
				  read_only ? PEERBAR_EXPORT_READ_ONLY : 0,
				  &file->buf);
	if (ret)
		goto err_device;
	ret = publish(file, flags);
	if (ret < 0)
		goto err_buffer;
	return ret;

err_buffer:
	peerbar_buffer_close(file->buf);
err_device:
	settle_device(file->device);
	return ret;
}

static int check_flags(int flags)
{
	if (flags & (O_PATH | O_DIRECTORY))
		return peerbar_error_set(
			-ENOTDIR, "neither O_DIRECTORY, O_PATH nor O_TMPFILE");
	if ((flags & O_ACCMODE) == O_WRONLY)
		return peerbar_error_set(
			-EACCES, "memory cannot be write-only: use O_RDWR");
	return 0;
}

int file_open(const char *text, int flags)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct peerbar_spec spec;
	int ret;

	ret = peerbar_spec_parse(text, &spec);
	if (!ret)
		ret = check_flags(flags);
	if (ret)
		return ret;
	pthread_once(&once, first_open);
	file_lock();
	file_settle();
	ret = open_spec(&spec, flags);
	file_unlock();
	return ret;
}

void file_hold(struct file *file)
{
	file->holders++;
}

void file_release(struct file *file)
{
	file->holders--;
}

void file_own_fd(struct file *file, int change)
{
	file->own_fds += change;
}

static void drop(struct file *file)
{
	atomic_store(&file->ino, 0);
	atomic_fetch_sub(&nr_files, 1);
	peerbar_buffer_close(file->buf);
	file->device->files--;
	settle_device(file->device);
}

/* false when it cannot be told, and then nothing is dropped */
static bool count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	struct file *file;
	struct stat st;

	if (!dir)
		return false;
	for (file = files; file < files + NR_FILES; file++)
		file->seen_fds = 0;
	while ((entry = readdir(dir))) {
		/* of descriptors that others close meanwhile, too */
		if (entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0))
			continue;
		file = find_inode(&st);
		if (file)
			file->seen_fds++;
	}
	closedir(dir);
	return true;
}

/*
 * Descriptors are counted where the kernel lists them, which is right however
 * they came and went.
 */
void file_settle(void)
{
	struct file *file;
	int saved_errno = errno;

	if (atomic_load(&nr_files) && count_fds())
		for (file = files; file < files + NR_FILES; file++)
			if (atomic_load(&file->ino) && !file->holders &&
			    file->seen_fds <= file->own_fds)
				drop(file);
	errno = saved_errno;
}
