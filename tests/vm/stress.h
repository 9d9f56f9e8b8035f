/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What everybody fights over
 *
 * The BAR never changes: a 64-bit word of it is its own number, so that whoever
 * reads two knows whether they are right.
 */
#ifndef STRESS_H
#define STRESS_H

#include <stdatomic.h>

#include "bar.h"
#include "verbs.h"
#include "worker.h"

#define SLOTS 6
#define SPAN  MIB(4)
/* of a buffer */
#define PAGES	 (SPAN / 2 / PAGE)

#define ACTS_SUM 64

/**
 * struct arena - of one process
 * @lock: for @slot: a number must not be used after its descriptor
 * @slot: dma-buf descriptors, -1 when empty
 * @nic: to register with
 * @wrong, @code: what nobody may see, in words; the first one counts
 */
struct arena {
	pthread_mutex_t lock;
	int slot[SLOTS];
	struct fx_nic *nic;
	_Atomic(const char *) wrong;
	int code;
};

/**
 * struct racer - one thread
 * @acts: that it chooses from, by weights that sum up to ACTS_SUM
 * @edu: an importer of its own, or -1
 */
struct racer {
	struct fx_worker worker;
	struct arena *arena;
	const struct act *acts;
	uint64_t seed;
	int edu;
};

struct act {
	unsigned int weight;
	enum fx_count (*act)(struct racer *racer, uint64_t random);
};

void arena_open(struct arena *arena, struct fx_nic *nic);
void arena_close(struct arena *arena);

/** arena_wrong - ends all of it */
void arena_wrong(struct arena *arena, const char *what, int code);

/** arena_put - a descriptor, which replaces one */
void arena_put(struct arena *arena, uint64_t random, int fd);

/** arena_take - a descriptor of one's own; -1 */
int arena_take(struct arena *arena, uint64_t random);

/** arena_buffer - the same as a buffer; NULL */
struct peerbar_buffer *arena_buffer(struct arena *arena, uint64_t random);

bool is_of_the_bar(const volatile uint64_t *words);

/** racer_run - acts at random until told to stop */
void racer_run(struct fx_worker *worker);

/* what can be done with a descriptor, whoever the owner of the device is */
enum fx_count do_touch(struct racer *racer, uint64_t random);
enum fx_count do_fork(struct racer *racer, uint64_t random);
enum fx_count do_register(struct racer *racer, uint64_t random);
enum fx_count do_dma_map(struct racer *racer, uint64_t random);

/** stress_peer - another process, which gets descriptors through @sock */
int stress_peer(int sock, void *seed);

#endif /* STRESS_H */
