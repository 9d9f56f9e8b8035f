// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "interrupt.h"
#include "memory.h"
#include "run.h"
#include "stats.h"

#define POLL_BATCH 16
#define STUCK_NS   (60 * BENCH_NSEC_PER_SEC)
#define DOUBT_NS   BENCH_NSEC_PER_SEC
/* reading the clock can cost a trap: not with every empty poll */
#define IDLE_POLLS 256
/* datagrams: the last one may be lost; nothing for so long was the end */
#define QUIET_NS BENCH_NSEC_PER_SEC
#define EVENT_NS (100 * BENCH_NSEC_PER_MSEC)

struct progress {
	uint64_t posted[BENCH_QPS_MAX];
	uint64_t signaled[BENCH_QPS_MAX];
	uint64_t done[BENCH_QPS_MAX];
	bool ended[BENCH_QPS_MAX];
	uint64_t until;
	uint64_t now;
	uint64_t last_sent;
	uint64_t last_event;
	unsigned int idle;
	bool stopping;
	struct bench_peak peak;
};

/* may QP @qp take one more, and must that one signal */
static bool wants_more(const struct bench_run *run, const struct progress *p,
		       uint32_t qp, bool *signaled)
{
	uint64_t next = p->posted[qp];

	if (!run->sends)
		return false;
	*signaled = next % run->cq_mod == run->cq_mod - 1;
	if (next - p->done[qp] >= run->depth)
		return false;
	if (run->iters) {
		*signaled |= next == run->iters - 1;
		return next < run->iters;
	}
	if (!p->stopping)
		return true;
	/* the end of WRs that do not signal would go unseen */
	*signaled = true;
	if (run->op == BENCH_SEND)
		return !p->ended[qp];
	return p->signaled[qp] != next;
}

int bench_run_pull(struct bench_run *run, uint64_t offset)
{
	struct bench_mem *mem = run->near.mem;

	if (run->op == BENCH_READ || !mem->ops->pull)
		return 0;
	return mem->ops->pull(mem, run->near.base + offset, run->l.size);
}

int bench_run_push(struct bench_run *run, uint64_t offset)
{
	struct bench_mem *mem = run->near.mem;

	if (run->op != BENCH_READ || !mem->ops->push)
		return 0;
	return mem->ops->push(mem, run->near.base + offset, run->l.size);
}

/* the receiver has to be told of the end by the message that is the end */
static bool is_last(const struct bench_run *run, const struct progress *p,
		    uint64_t it)
{
	return run->iters ? it == run->iters - 1 : p->stopping;
}

static int post_one(struct bench_run *run, struct progress *p, uint32_t qp,
		    bool signaled)
{
	const struct bench_layout *l = &run->l;
	uint64_t it = p->posted[qp];
	uint64_t from = bench_layout_offset(l, qp, bench_layout_from(l, it));
	uint64_t to = bench_layout_offset(l, qp, bench_layout_to(l, it));
	bool last = is_last(run, p, it);
	struct bench_wr wr = {
		.op = run->op,
		.qp = qp,
		.id = (uint32_t)it,
		.signaled = signaled,
		.local = run->near.addr + (run->op == BENCH_READ ? to : from),
		.lkey = bench_side_key(&run->near, qp),
		.remote = run->far.addr + (run->op == BENCH_READ ? from : to),
		.rkey = bench_side_key(&run->far, qp),
		.len = (uint32_t)l->size,
		.imm = ((uint32_t)it & ~BENCH_IMM_LAST) |
		       (last ? BENCH_IMM_LAST : 0),
	};
	int rc;

	rc = bench_run_pull(run, from);
	if (!rc)
		rc = run->t->ops->post(run->t, &wr);
	if (rc)
		return rc;
	p->ended[qp] = last;
	p->posted[qp]++;
	if (signaled)
		p->signaled[qp] = p->posted[qp];
	return 0;
}

static int post_all(struct bench_run *run, struct progress *p)
{
	bool signaled;
	uint32_t qp;
	int rc;

	for (qp = 0; qp < run->l.qps; qp++) {
		while (wants_more(run, p, qp, &signaled)) {
			rc = post_one(run, p, qp, signaled);
			if (rc == -EAGAIN)
				break;
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int completion_error(const struct bench_run *run,
			    const struct bench_completion *c)
{
	return bench_fail(-EIO, "%s of %llu bytes, QP %u, iteration %u: %s",
			  bench_op_name(run->op), (unsigned long long)run->l.size,
			  c->qp, c->id, c->error);
}

static int take_sent(struct bench_run *run, struct progress *p,
		     const struct bench_completion *c)
{
	uint64_t *done = &p->done[c->qp];
	/* the id is the low half of an iteration not far behind */
	uint64_t end = *done + (uint32_t)(c->id + 1 - (uint32_t)*done);
	uint32_t slot;
	int rc = 0;

	for (; *done < end && !rc; ++*done) {
		slot = bench_layout_to(&run->l, *done);
		rc = bench_run_push(run,
				    bench_layout_offset(&run->l, c->qp, slot));
	}
	return rc;
}

static int take(struct bench_run *run, struct progress *p,
		const struct bench_completion *c, uint64_t now)
{
	if (c->error)
		return completion_error(run, c);
	p->last_event = now;
	if (c->received)
		return bench_receiver_take(&run->rx, c);
	p->last_sent = now;
	bench_peak_add(&p->peak, now);
	return take_sent(run, p, c);
}

int bench_run_stuck(struct bench_run *run, uint64_t since)
{
	uint64_t now = bench_now();

	if (now - since > STUCK_NS)
		return bench_fail(-ETIMEDOUT,
				  "nothing for a minute; is the far memory "
				  "suspended%s?",
				  run->rx.datagram ? ", or a datagram lost" : "");
	if (now - since > DOUBT_NS && bench_channel_gave_up(run->channel, 0))
		return -ECONNRESET;
	return 0;
}

static int idle(struct bench_run *run, const struct progress *p, uint64_t now)
{
	int rc = 0;

	if (now - p->last_event > DOUBT_NS)
		rc = bench_run_stuck(run, p->last_event);
	return !rc && run->events ? run->t->ops->wait(run->t, EVENT_NS) : rc;
}

static int reap(struct bench_run *run, struct progress *p)
{
	struct bench_completion c[POLL_BATCH];
	int i, n, rc = 0;

	n = run->t->ops->poll(run->t, c, POLL_BATCH);
	if (n < 0)
		return n;
	if (!n && !run->events && ++p->idle % IDLE_POLLS)
		return 0;
	p->now = bench_now();
	for (i = 0; i < n && !rc; i++)
		rc = take(run, p, &c[i], p->now);
	if (!n)
		rc = idle(run, p, p->now);
	if (p->until && p->now >= p->until)
		p->stopping = true;
	return rc;
}

static bool all_sent(const struct bench_run *run, const struct progress *p)
{
	uint32_t qp;

	if (!run->sends)
		return true;
	for (qp = 0; qp < run->l.qps; qp++) {
		if (p->done[qp] != p->posted[qp])
			return false;
		if (run->iters && p->done[qp] < run->iters)
			return false;
		if (run->op == BENCH_SEND && !p->ended[qp])
			return false;
	}
	return run->iters || p->stopping;
}

static bool all_received(const struct bench_run *run, const struct progress *p)
{
	if (!run->rx.mem || !run->rx.running)
		return true;
	return run->rx.datagram && p->now - p->last_event > QUIET_NS;
}

static int loop(struct bench_run *run, struct progress *p)
{
	int rc;

	do {
		rc = bench_interrupted();
		if (!rc)
			rc = post_all(run, p);
		if (!rc)
			rc = reap(run, p);
	} while (!rc && !(all_sent(run, p) && all_received(run, p)));
	return rc;
}

static void sum_up(const struct bench_run *run, const struct progress *p,
		   uint64_t start, struct bench_result *out)
{
	uint32_t qp;

	out->ns = (run->sends ? p->last_sent : p->last_event) - start;
	out->peak_rate = bench_peak_rate(&p->peak) * run->cq_mod;
	for (qp = 0; qp < run->l.qps; qp++) {
		out->iterations[qp] = p->done[qp];
		out->total += p->done[qp];
	}
	if (run->rx.mem)
		out->received = bench_receiver_total(&run->rx, &out->lost);
}

int bench_run_go(struct bench_run *run, struct bench_result *out)
{
	struct progress *p = calloc(1, sizeof(*p));
	struct bench_cpu cpu;
	uint64_t start;
	int rc;

	if (!p)
		return bench_fail(-ENOMEM, "out of memory");
	memset(out, 0, sizeof(*out));
	/* completions come in bursts: twice round the queue evens them out */
	bench_peak_init(&p->peak, 2 * run->depth * run->l.qps / run->cq_mod);
	bench_cpu_now(&cpu);
	start = bench_now();
	p->now = p->last_sent = p->last_event = start;
	p->until = run->iters ? 0 : start + run->duration_ns;
	rc = loop(run, p);
	if (!rc) {
		bench_cpu_since(&cpu, &out->cpu);
		sum_up(run, p, start, out);
	}
	free(p);
	return rc;
}
