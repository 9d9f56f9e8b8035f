/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: A thread that loads and stores through a mapping
 *
 * It loads from every page of the buffer, again and again, and in the pages
 * that are its own it stores first and compares.
 */
#ifndef REVOKE_TOUCH_H
#define REVOKE_TOUCH_H

#include <pthread.h>
#include <stdbool.h>

#include "memory.h"
#include "tally.h"

/**
 * struct revoke_touch - the thread
 * @name: for the reader
 * @mem: the buffer
 * @gate: of the buffer
 * @unit: own pages are at the second quarter of every piece of @unit bytes
 * @tally: what it saw
 * @stop: end, please
 */
struct revoke_touch {
	const char *name;
	struct bench_mem *mem;
	const struct revoke_gate *gate;
	uint64_t unit;
	struct revoke_tally tally;
	_Atomic bool stop;
	pthread_t thread;
	bool running;
};

int revoke_touch_start(struct revoke_touch *touch);

/** revoke_touch_stop - a thread that was never started is allowed */
void revoke_touch_stop(struct revoke_touch *touch);

#endif /* REVOKE_TOUCH_H */
