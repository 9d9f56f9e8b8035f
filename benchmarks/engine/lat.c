// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One message at a time: half a round trip of WRITE and SEND, a READ whole. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "interrupt.h"
#include "memory.h"
#include "run.h"

#define EVENT_NS   (100 * BENCH_NSEC_PER_MSEC)
#define POLL_BATCH 4
#define IDLE_POLLS 256

/**
 * struct trip - a run under way
 * @run: see struct bench_run
 * @sent: operations posted
 * @done: of them, completed
 * @due: messages to have come
 * @idle: looks that found nothing
 */
struct trip {
	struct bench_run *run;
	uint64_t sent;
	uint64_t done;
	uint64_t due;
	unsigned int idle;
};

/* the byte of a WRITE that the far CPU waits for: never what was there before */
static uint8_t mark_of(uint64_t it, bool last)
{
	return last ? BENCH_LAT_LAST : (uint8_t)(1 + it % (BENCH_LAT_LAST - 1));
}

static int look(const struct bench_side *side, uint64_t offset, uint8_t *out)
{
	struct bench_mem *mem = side->mem;

	/* behind a bounce buffer it is that which the transport writes to */
	if (!mem->ops->pull)
		return mem->ops->read(mem, side->base + offset, out, 1);
	*out = ((volatile uint8_t *)mem->addr)[side->base + offset];
	return 0;
}

static int reap(struct trip *trip)
{
	struct bench_run *run = trip->run;
	struct bench_completion c[POLL_BATCH];
	int i, n, rc = bench_interrupted();

	if (rc)
		return rc;
	n = run->t->ops->poll(run->t, c, POLL_BATCH);
	if (n < 0)
		return n;
	for (i = 0; i < n && !rc; i++) {
		if (c[i].error)
			rc = bench_fail(-EIO, "%s of %llu bytes, message %u: %s",
					bench_op_name(run->op),
					(unsigned long long)run->l.size,
					c[i].id, c[i].error);
		else if (c[i].received)
			rc = bench_receiver_take(&run->rx, &c[i]);
		else
			trip->done++;
	}
	return rc ? rc : n;
}

/* nothing tells of a WRITE that came in: make way for who brings it */
static int sleep_or_yield(struct bench_run *run)
{
	if (run->op != BENCH_WRITE)
		return run->t->ops->wait(run->t, EVENT_NS);
	sched_yield();
	return 0;
}

static int pause_or_give_up(struct trip *trip, uint64_t since)
{
	struct bench_run *run = trip->run;
	int rc = 0;

	if (++trip->idle % IDLE_POLLS == 0 || run->events)
		rc = bench_run_stuck(run, since);
	return !rc && run->events ? sleep_or_yield(run) : rc;
}

static int arrived(struct trip *trip, bool *last, bool *yes)
{
	struct bench_run *run = trip->run;
	uint8_t mark = 0;
	int rc = 0;

	switch (run->op) {
	case BENCH_READ:
		*yes = trip->done == trip->sent;
		return 0;
	case BENCH_SEND:
		*yes = run->rx.taken[0] >= trip->due;
		*last = !run->rx.running;
		return 0;
	default:
		rc = look(&run->in, run->l.size - 1, &mark);
		*last = mark == BENCH_LAT_LAST;
		*yes = *last || mark == mark_of(trip->due - 1, false);
		return rc;
	}
}

/* until the next message is here, or the READ complete */
static int await(struct trip *trip, bool *last)
{
	uint64_t since = bench_now();
	bool yes;
	int rc;

	for (;;) {
		rc = reap(trip);
		if (rc < 0)
			return rc;
		rc = arrived(trip, last, &yes);
		if (rc || yes)
			return rc;
		rc = pause_or_give_up(trip, since);
		if (rc)
			return rc;
	}
}

static int take_in(struct trip *trip)
{
	struct bench_run *run = trip->run;
	struct bench_mem *mem = run->in.mem;

	if (run->op == BENCH_READ)
		return bench_run_push(run, 0);
	if (run->op == BENCH_WRITE && mem->ops->push)
		return mem->ops->push(mem, run->in.base, run->l.size);
	return 0;
}

static int mark_source(struct trip *trip, bool last)
{
	struct bench_run *run = trip->run;
	uint8_t mark = mark_of(trip->sent, last);

	if (run->op != BENCH_WRITE)
		return 0;
	return run->near.mem->ops->write(
		run->near.mem, run->near.base + run->l.size - 1, &mark, 1);
}

static int post(struct trip *trip, bool last)
{
	struct bench_run *run = trip->run;
	struct bench_wr wr = {
		.op = run->op,
		.id = (uint32_t)trip->sent,
		.signaled = true,
		.local = run->near.addr,
		.lkey = bench_side_key(&run->near, 0),
		.remote = run->far.addr,
		.rkey = bench_side_key(&run->far, 0),
		.len = (uint32_t)run->l.size,
		.imm = ((uint32_t)trip->sent & ~BENCH_IMM_LAST) |
		       (last ? BENCH_IMM_LAST : 0),
	};
	int rc;

	rc = mark_source(trip, last);
	if (!rc)
		rc = bench_run_pull(run, 0);
	if (!rc)
		rc = run->t->ops->post(run->t, &wr);
	/* completions of earlier ones are on their way: make room */
	while (rc == -EAGAIN) {
		rc = reap(trip);
		if (rc >= 0)
			rc = run->t->ops->post(run->t, &wr);
	}
	if (!rc)
		trip->sent++;
	return rc;
}

static int go_there_and_back(struct trip *trip, bool last,
			     struct bench_samples *samples)
{
	uint64_t start = bench_now();
	double ns;
	int rc;

	trip->due++;
	rc = post(trip, last);
	if (!rc)
		rc = await(trip, &last);
	if (!rc)
		rc = take_in(trip);
	if (rc)
		return rc;
	ns = (double)(bench_now() - start);
	return bench_samples_add(samples,
				 trip->run->op == BENCH_READ ? ns : ns / 2);
}

static int lead(struct trip *trip, struct bench_samples *samples)
{
	const struct bench_run *run = trip->run;
	uint64_t until = bench_now() + run->duration_ns;
	bool last;
	int rc;

	do {
		last = run->iters ? trip->sent + 1 == run->iters
				  : bench_now() >= until;
		rc = go_there_and_back(trip, last, samples);
	} while (!rc && !last);
	return rc;
}

static int follow(struct trip *trip)
{
	bool last = false;
	int rc;

	do {
		trip->due++;
		rc = await(trip, &last);
		if (!rc)
			rc = take_in(trip);
		if (!rc)
			rc = post(trip, last);
	} while (!rc && !last);
	return rc;
}

/* nothing may be in flight when memory is given up */
static int drain(struct trip *trip)
{
	uint64_t since = bench_now();
	int rc = 0;

	while (trip->done < trip->sent) {
		rc = reap(trip);
		if (!rc)
			rc = pause_or_give_up(trip, since);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int bench_run_lat(struct bench_run *run, bool leads,
		  struct bench_samples *samples, struct bench_result *out)
{
	struct trip trip = {.run = run};
	uint64_t start = bench_now();
	struct bench_cpu cpu;
	int rc;

	memset(out, 0, sizeof(*out));
	bench_cpu_now(&cpu);
	rc = leads ? lead(&trip, samples) : follow(&trip);
	if (!rc)
		rc = drain(&trip);
	if (rc)
		return rc;
	bench_cpu_since(&cpu, &out->cpu);
	out->ns = bench_now() - start;
	out->iterations[0] = out->total = trip.sent;
	return 0;
}
