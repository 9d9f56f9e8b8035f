/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: One end of a run
 *
 * Both ends have memories, a transport and a channel.  The near end leads: it
 * sends what is to be done; the far end obeys and answers.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "channel.h"
#include "layout.h"
#include "memory.h"
#include "options.h"
#include "run.h"
#include "transport.h"

struct json_object;

/** changes whenever an end would misunderstand an older one */
#define BENCH_PROTOCOL 1

/** struct bench_far_mem - a memory of the other end */
struct bench_far_mem {
	uint64_t addr;
	uint64_t size;
	uint32_t rkey;
};

/**
 * struct bench_peer - an end
 * @opts: this end's command line; for the far end, what the near end asked for
 * @ch: to the other end
 * @t: transport
 * @mem: memories of this end, opened
 * @mr: their registrations
 * @nr_mems: how many
 * @far: memories of the other end
 * @nr_far: how many
 * @far_desc: the other end's memories in words, a JSON array
 */
struct bench_peer {
	const struct bench_opts *opts;
	struct bench_channel ch;
	struct bench_transport *t;
	struct bench_mem mem[BENCH_MEMS_MAX];
	struct bench_mr mr[BENCH_MEMS_MAX];
	unsigned int nr_mems;
	struct bench_far_mem far[BENCH_MEMS_MAX];
	unsigned int nr_far;
	struct json_object *far_desc;
};

/**
 * struct bench_test - one run, as both ends see it
 * @op: see enum bench_op
 * @mem: index of the memory, at both ends (an end with one memory uses that)
 * @bidirectional: both ends send
 * @l: see struct bench_layout; l.run is the near end's pattern
 * @iters: see struct bench_run
 * @duration_ns: likewise
 */
struct bench_test {
	enum bench_op op;
	unsigned int mem;
	bool bidirectional;
	struct bench_layout l;
	uint64_t iters;
	uint64_t duration_ns;
};

/** bench_peer_open - memories and transport, not yet connected */
int bench_peer_open(struct bench_peer *peer, const struct bench_specs *specs,
		    const struct bench_nic *nic);
void bench_peer_close(struct bench_peer *peer);

/** bench_peer_describe - this end, for the other one; a new object */
struct json_object *bench_peer_describe(struct bench_peer *peer);

/** bench_peer_connect - to what bench_peer_describe() of the other end gave */
int bench_peer_connect(struct bench_peer *peer, struct json_object *far);

/**
 * bench_peer_prepare - fill and poison this end's memory for a test
 * @near: this is the near end
 */
int bench_peer_prepare(struct bench_peer *peer, const struct bench_test *test,
		       bool near);

/** bench_peer_run - send, timed */
int bench_peer_run(struct bench_peer *peer, const struct bench_test *test,
		   struct bench_result *out);

/**
 * bench_peer_verify - compare what arrived at this end, if anything did
 * @iterations: of the end that initiated it
 */
int bench_peer_verify(struct bench_peer *peer, const struct bench_test *test,
		      bool near, const uint64_t *iterations);

/** bench_near_index - index of this end's memory for a test */
static inline unsigned int bench_near_index(const struct bench_peer *peer,
					    const struct bench_test *test)
{
	return test->mem < peer->nr_mems ? test->mem : peer->nr_mems - 1;
}

static inline unsigned int bench_far_index(const struct bench_peer *peer,
					   const struct bench_test *test)
{
	return test->mem < peer->nr_far ? test->mem : peer->nr_far - 1;
}

struct json_object *bench_test_to_json(const struct bench_test *test);
int bench_test_from_json(struct json_object *obj, struct bench_test *test);

#endif /* BENCH_PEER_H */
