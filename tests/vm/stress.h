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

/* so many kinds of acts at most, of one thread */
#define ACTS_MAX 16

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
	int64_t code;
};

/**
 * struct racer - one thread
 * @acts: that it chooses from, by weight; the last one has none
 * @count: of each, how it went
 * @edu: an importer of its own
 */
struct racer {
	struct fx_worker worker;
	struct arena *arena;
	const struct act *acts;
	uint64_t count[ACTS_MAX][FX_COUNTS];
	uint64_t seed;
	int edu;
};

struct act {
	const char *name;
	unsigned int weight;
	enum fx_count (*act)(struct racer *racer, uint64_t random);
};

void arena_open(struct arena *arena, struct fx_nic *nic);
void arena_close(struct arena *arena);

/** arena_wrong - ends all of it; @code: errno, status or what was read */
void arena_wrong(struct arena *arena, const char *what, int64_t code);

/** arena_put - a descriptor, which replaces one */
void arena_put(struct arena *arena, uint64_t random, int fd);

/** arena_take - a descriptor of one's own; -1, after a moment, when there is none */
int arena_take(struct arena *arena, uint64_t random);

/** arena_buffer - the same as a buffer; NULL */
struct peerbar_buffer *arena_buffer(struct arena *arena, uint64_t random);

/** is_of_the_bar - two words from anywhere in it; if not, whoever read it says so */
bool is_of_the_bar(const volatile uint64_t *words);

/** racer_init - ready to act; the importer is @fx's */
void racer_init(struct fx *fx, struct racer *racer, struct arena *arena,
		const struct act *acts, uint64_t *seed);

/** racer_act - one act at random, and how it went */
enum fx_count racer_act(struct racer *racer);

/** racer_run - until told to stop */
void racer_run(struct fx_worker *worker);

/** racer_add - what @racer did goes to @sum, another one with the same acts */
void racer_add(struct racer *sum, const struct racer *racer);

/**
 * racer_report - a line for each act
 * Return: how many acts never were done.
 */
int racer_report(const char *who, const struct racer *racer);

/** child_uses - fork, and have the child cut, shrink and move a mapping of PAGES */
enum fx_count child_uses(struct arena *arena, char *addr, uint64_t random);

/** is_refusal - what a holder may be told at any time; -EBUSY: pages that he
 * wants are write-combined for the moment
 */
bool is_refusal(int ret);

/* what can be done with a descriptor, whoever the owner of the device is */
enum fx_count do_touch(struct racer *racer, uint64_t random);
enum fx_count do_fork(struct racer *racer, uint64_t random);
enum fx_count do_register(struct racer *racer, uint64_t random);
enum fx_count do_dma_map(struct racer *racer, uint64_t random);

/** stress_peer - another process, which gets descriptors through @sock */
int stress_peer(int sock, void *seed);

#endif /* STRESS_H */
