// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Guarded copies from and to a mapping. */
#include <errno.h>
#include <inttypes.h>

#include <peerbar/error.h>

#include "copy.h"
#include "mapping_priv.h"

struct job {
	volatile char *io;
	void *in;
	const void *out;
	size_t len;
};

static void run_read(void *arg)
{
	struct job *job = arg;

	copy_from_io(job->in, job->io, job->len);
}

static void run_write(void *arg)
{
	struct job *job = arg;

	copy_to_io(job->io, job->out, job->len);
}

static int check_bounds(const struct peerbar_mapping *map, uint64_t offset,
			size_t len)
{
	if (offset <= map->size && len <= map->size - offset)
		return 0;
	return peerbar_error_set(
		-EINVAL,
		"offset 0x%" PRIx64
		", length 0x%zx is outside the mapping of 0x%zx bytes",
		offset, len, map->size);
}

int peerbar_read(const struct peerbar_mapping *map, uint64_t offset, void *dst,
		 size_t len)
{
	struct job job = {
		.io = (volatile char *)map->addr + offset,
		.in = dst,
		.len = len,
	};
	int ret = check_bounds(map, offset, len);

	return ret ? ret : peerbar_guard_run(map, run_read, &job);
}

int peerbar_write(struct peerbar_mapping *map, uint64_t offset, const void *src,
		  size_t len)
{
	struct job job = {
		.io = (volatile char *)map->addr + offset,
		.out = src,
		.len = len,
	};
	int ret = check_bounds(map, offset, len);

	if (!ret && !map->writable)
		ret = peerbar_error_set(-EACCES, "the mapping is read-only");
	return ret ? ret : peerbar_guard_run(map, run_write, &job);
}
