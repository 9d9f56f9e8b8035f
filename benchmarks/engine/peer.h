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
#define BENCH_PROTOCOL 2

/** struct bench_far_mem - a memory of the other end */
struct bench_far_mem {
	uint64_t addr;
	uint64_t size;
	uint32_t rkey[BENCH_QPS_MAX];
	uint32_t nr_rkeys;
};

/**
 * struct bench_peer - an end
 * @opts: this end's command line; for the far end, what the near end asked for
 * @ch: to the other end
 * @t: transport
 * @mem: memories of this end, opened
 * @mr: their registrations, @nr_mrs for each
 * @lkey: of @mr
 * @nr_mems: how many memories
 * @nr_mrs: 1, or one for each QP
 * @far: memories of the other end
 * @nr_far: how many
 * @far_desc: the other end's memories in words, a JSON array
 * @far_max: bytes of a message that the other end's transport takes
 * @run: the run at hand
 * @arrived: see struct bench_receiver; NULL when nothing is received
 */
struct bench_peer {
	const struct bench_opts *opts;
	struct bench_channel ch;
	struct bench_transport *t;
	struct bench_mem mem[BENCH_MEMS_MAX];
	struct bench_mr mr[BENCH_MEMS_MAX][BENCH_QPS_MAX];
	uint32_t lkey[BENCH_MEMS_MAX][BENCH_QPS_MAX];
	unsigned int nr_mems;
	uint32_t nr_mrs;
	struct bench_far_mem far[BENCH_MEMS_MAX];
	unsigned int nr_far;
	struct json_object *far_desc;
	uint64_t far_max;
	struct bench_run run;
	uint64_t *arrived;
};

/**
 * struct bench_test - one run, as both ends see it
 * @op: see enum bench_op
 * @mem: index of the memory, at both ends (an end with one memory uses that)
 * @bidirectional: both ends send
 * @latency: one message at a time, back and forth
 * @l: see struct bench_layout; l.run is the near end's pattern
 * @iters: see struct bench_run
 * @duration_ns: likewise
 */
struct bench_test {
	enum bench_op op;
	unsigned int mem;
	bool bidirectional;
	bool latency;
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

/** bench_peer_reset - the transport, for bench_peer_link() */
int bench_peer_reset(struct bench_peer *peer);

/**
 * bench_peer_link - connect anew to what the other end's transport says of
 * itself after its reset
 */
int bench_peer_link(struct bench_peer *peer, struct json_object *transport);

/**
 * bench_peer_arm - be ready for what the other end sends
 * @near: this is the near end
 */
int bench_peer_arm(struct bench_peer *peer, const struct bench_test *test,
		   bool near);

/**
 * bench_peer_run - after bench_peer_arm(): send, receive, take the time
 * @samples: of a latency test at the near end
 */
int bench_peer_run(struct bench_peer *peer, const struct bench_test *test,
		   bool near, struct bench_samples *samples,
		   struct bench_result *out);

/** bench_test_takes_two - the far end has to do something, too */
static inline bool bench_test_takes_two(const struct bench_test *test)
{
	return test->bidirectional || test->op == BENCH_SEND ||
	       (test->latency && test->op != BENCH_READ);
}

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
