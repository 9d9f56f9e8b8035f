// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One test at one end: what is filled, sent, received and compared, and where. */
#include <errno.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "content.h"
#include "error.h"
#include "pattern.h"
#include "peer.h"

#define WORD_MS 200

static bool has_two_halves(const struct bench_test *test)
{
	return test->bidirectional || test->latency;
}

static uint64_t span_of(const struct bench_test *test)
{
	return bench_layout_span(&test->l) * (has_two_halves(test) ? 2 : 1);
}

/* where the bytes that this end receives begin */
static uint64_t in_base(const struct bench_test *test)
{
	return has_two_halves(test) ? bench_layout_span(&test->l) : 0;
}

static bool goes_both_ways(const struct bench_test *test)
{
	return test->bidirectional || (test->latency && test->op != BENCH_READ);
}

/* WRITE and SEND move from the initiator, READ to it */
static bool is_source(const struct bench_test *test, bool near)
{
	return goes_both_ways(test) || near == (test->op != BENCH_READ);
}

static bool is_destination(const struct bench_test *test, bool near)
{
	return goes_both_ways(test) || near == (test->op == BENCH_READ);
}

/* the two ends send different patterns, so that an echo is no success */
static struct bench_layout layout_from(const struct bench_test *test, bool near)
{
	struct bench_layout l = test->l;

	if (!near)
		l.run = ~l.run;
	return l;
}

int bench_peer_prepare(struct bench_peer *peer, const struct bench_test *test,
		       bool near)
{
	struct bench_mem *mem = &peer->mem[bench_near_index(peer, test)];
	struct bench_layout l = layout_from(test, near);
	int rc = 0;

	if (span_of(test) > mem->size)
		return bench_fail(-ENOSPC, "%s is too small for the test",
				  mem->spec);
	if (is_source(test, near))
		rc = bench_content_fill(mem, 0, &l);
	if (!rc && is_destination(test, near))
		rc = bench_content_poison(mem, in_base(test), &l);
	return rc;
}

/* which a latency run of WRITEs has put a mark over */
static int restore_last_byte(struct bench_mem *mem, uint64_t base,
			     const struct bench_layout *l)
{
	uint64_t at = base + l->size - 1;
	uint8_t byte;
	int rc;

	rc = mem->ops->read(mem, at, &byte, 1);
	if (rc)
		return rc;
	if (byte != BENCH_LAT_LAST)
		return bench_fail(-EILSEQ,
				  "%s ends with 0x%02x, not the last mark",
				  mem->spec, byte);
	bench_pattern_fill(&byte, 1, bench_content_seed(l, 0, 0), l->size - 1);
	return mem->ops->write(mem, at, &byte, 1);
}

int bench_peer_verify(struct bench_peer *peer, const struct bench_test *test,
		      bool near, const uint64_t *iterations)
{
	struct bench_mem *mem = &peer->mem[bench_near_index(peer, test)];
	struct bench_layout l = layout_from(test, !near);
	uint64_t base = in_base(test);
	int rc = 0;

	if (!is_destination(test, near))
		return 0;
	if (test->op == BENCH_SEND)
		return bench_content_verify_slots(mem, base, &l, peer->arrived);
	if (test->latency && test->op == BENCH_WRITE)
		rc = restore_last_byte(mem, base, &l);
	return rc ? rc : bench_content_verify(mem, base, &l, iterations);
}

static struct bench_side side_at(struct bench_peer *peer, unsigned int i,
				 uint64_t base)
{
	return (struct bench_side){
		.mem = &peer->mem[i],
		.base = base,
		.addr = peer->mr[i][0].addr + base,
		.key = peer->lkey[i],
		.nr_keys = peer->nr_mrs,
	};
}

/* what is read or written lies in the receiving side's second half */
static void set_up_run(struct bench_peer *peer, const struct bench_test *test,
		       bool near)
{
	unsigned int here = bench_near_index(peer, test);
	struct bench_far_mem *far = &peer->far[bench_far_index(peer, test)];
	bool read = test->op == BENCH_READ;
	uint64_t in = in_base(test);

	peer->run = (struct bench_run){
		.t = peer->t,
		.op = test->op,
		.l = test->l,
		.sends = near || goes_both_ways(test),
		.near = side_at(peer, here, read ? in : 0),
		.far = {.addr = far->addr + (read ? 0 : in),
			.key = far->rkey,
			.nr_keys = far->nr_rkeys},
		.in = side_at(peer, here, in),
		.depth = peer->opts->depth,
		.cq_mod = peer->opts->cq_mod,
		.events = peer->opts->events,
		.iters = test->iters,
		.duration_ns = test->duration_ns,
		.channel = &peer->ch,
	};
}

static int arm_receiver(struct bench_peer *peer, const struct bench_test *test)
{
	struct bench_run *run = &peer->run;
	uint64_t *arrived;

	arrived = calloc((size_t)test->l.qps * test->l.slots, sizeof(*arrived));
	if (!arrived)
		return bench_fail(-ENOMEM, "out of memory");
	free(peer->arrived);
	peer->arrived = arrived;
	run->rx = (struct bench_receiver){
		.t = peer->t,
		.l = test->l,
		.mem = run->in.mem,
		.base = run->in.base,
		.addr = run->in.addr,
		.key = run->in.key,
		.nr_keys = run->in.nr_keys,
		.depth = peer->opts->rx_depth,
		.datagram = peer->opts->datagram,
		.arrived = arrived,
	};
	return bench_receiver_arm(&run->rx);
}

/* what the CPU will wait for must not be there yet */
static int clear_mark(const struct bench_run *run)
{
	struct bench_mem *mem = run->in.mem;
	uint64_t at = run->in.base + run->l.size - 1;
	uint8_t none = 0;
	int rc = mem->ops->write(mem, at, &none, 1);

	return !rc && mem->ops->pull ? mem->ops->pull(mem, at, 1) : rc;
}

int bench_peer_arm(struct bench_peer *peer, const struct bench_test *test,
		   bool near)
{
	set_up_run(peer, test, near);
	if (!is_destination(test, near))
		return 0;
	if (test->op == BENCH_SEND)
		return arm_receiver(peer, test);
	if (test->op == BENCH_WRITE && test->latency)
		return clear_mark(&peer->run);
	return 0;
}

/* of an end that gave up; it may have answered before */
static int last_words(struct bench_peer *peer)
{
	struct json_object *answer;
	int rc;

	while (!(rc = bench_channel_recv(&peer->ch, &answer)))
		json_object_put(answer);
	return rc;
}

int bench_peer_run(struct bench_peer *peer, const struct bench_test *test,
		   bool near, struct bench_samples *samples,
		   struct bench_result *out)
{
	int rc = test->latency ? bench_run_lat(&peer->run, near, samples, out)
			       : bench_run_go(&peer->run, out);

	/* an end that gives up says why, and then its memory goes */
	if (rc == -ECONNRESET ||
	    (rc == -EIO && bench_channel_gave_up(&peer->ch, WORD_MS)))
		rc = last_words(peer);
	return rc;
}
