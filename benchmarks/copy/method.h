/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Ways to copy between memory and a BAR with the CPU
 */
#ifndef COPY_METHOD_H
#define COPY_METHOD_H

#include <stdbool.h>
#include <stddef.h>

struct peerbar_mapping;

/**
 * struct copy_job - one copy
 * @map: the BAR
 * @io: the same, by pointer
 * @memory: the other side, aligned to a page
 * @len: bytes, a multiple of 8
 */
struct copy_job {
	struct peerbar_mapping *map;
	volatile void *io;
	void *memory;
	size_t len;
};

/**
 * struct copy_method - a way to copy
 * @name: one word
 * @guarded: memory that is taken back is an error and no signal
 * @read: from the BAR; gets a struct copy_job
 * @write: to the BAR; likewise
 */
struct copy_method {
	const char *name;
	bool guarded;
	void (*read)(void *job);
	void (*write)(void *job);
};

enum copy_method_id {
	COPY_8,
	COPY_16,
	COPY_32,
	COPY_64,
	COPY_64_GUARDED,
	COPY_LIBRARY,
	COPY_METHODS,
};

extern const struct copy_method copy_methods[COPY_METHODS];

#endif /* COPY_METHOD_H */
