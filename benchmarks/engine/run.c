// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "run.h"
#include "stats.h"

#define POLL_BATCH 16
#define STUCK_NS   (60 * BENCH_NSEC_PER_SEC)
/* reading the clock can cost a trap: not with every empty poll */
#define IDLE_POLLS 256

struct progress {
	uint64_t posted[BENCH_QPS_MAX];
	uint64_t signaled[BENCH_QPS_MAX];
	uint64_t done[BENCH_QPS_MAX];
	uint64_t until;
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
	return p->signaled[qp] != next;
}

static int post_one(const struct bench_run *run, struct progress *p,
		    uint32_t qp, bool signaled)
{
	const struct bench_layout *l = &run->l;
	uint64_t it = p->posted[qp];
	uint64_t from = bench_layout_offset(l, qp, bench_layout_from(l, it));
	uint64_t to = bench_layout_offset(l, qp, bench_layout_to(l, it));
	struct bench_wr wr = {
		.op = run->op,
		.qp = qp,
		.id = (uint32_t)it,
		.signaled = signaled,
		.local = run->near.addr + (run->op == BENCH_READ ? to : from),
		.lkey = run->near.key,
		.remote = run->far.addr + (run->op == BENCH_READ ? from : to),
		.rkey = run->far.key,
		.len = (uint32_t)l->size,
	};
	int rc;

	rc = run->t->ops->post(run->t, &wr);
	if (rc)
		return rc;
	p->posted[qp]++;
	if (signaled)
		p->signaled[qp] = p->posted[qp];
	return 0;
}

static int post_all(const struct bench_run *run, struct progress *p)
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

static int reap(const struct bench_run *run, struct progress *p)
{
	struct bench_completion c[POLL_BATCH];
	uint64_t now;
	int i, n;

	n = run->t->ops->poll(run->t, c, POLL_BATCH);
	if (n < 0)
		return n;
	if (!n && ++p->idle % IDLE_POLLS)
		return 0;
	now = bench_now();
	for (i = 0; i < n; i++) {
		if (c[i].error)
			return completion_error(run, &c[i]);
		/* the id is the low half of an iteration not far behind */
		p->done[c[i].qp] +=
			(uint32_t)(c[i].id + 1 - (uint32_t)p->done[c[i].qp]);
		bench_peak_add(&p->peak, now);
	}
	if (n)
		p->last_event = now;
	else if (now - p->last_event > STUCK_NS)
		return bench_fail(-ETIMEDOUT, "no completion for a minute; is "
					      "the far memory suspended?");
	if (p->until && now >= p->until)
		p->stopping = true;
	return 0;
}

static bool finished(const struct bench_run *run, const struct progress *p)
{
	uint32_t qp;

	for (qp = 0; qp < run->l.qps; qp++) {
		if (p->done[qp] != p->posted[qp])
			return false;
		if (run->iters && p->done[qp] < run->iters)
			return false;
	}
	return run->iters || p->stopping;
}

static int loop(const struct bench_run *run, struct progress *p)
{
	int rc;

	do {
		rc = post_all(run, p);
		if (!rc)
			rc = reap(run, p);
	} while (!rc && !finished(run, p));
	return rc;
}

int bench_run_go(const struct bench_run *run, struct bench_result *out)
{
	struct progress *p = calloc(1, sizeof(*p));
	uint64_t start;
	uint32_t qp;
	int rc;

	if (!p)
		return bench_fail(-ENOMEM, "out of memory");
	/* completions come in bursts: twice round the queue evens them out */
	bench_peak_init(&p->peak, 2 * run->depth * run->l.qps / run->cq_mod);
	start = bench_now();
	p->last_event = start;
	p->until = run->iters ? 0 : start + run->duration_ns;
	rc = loop(run, p);
	if (!rc) {
		memset(out, 0, sizeof(*out));
		out->ns = p->last_event - start;
		out->peak_rate = bench_peak_rate(&p->peak) * run->cq_mod;
		for (qp = 0; qp < run->l.qps; qp++) {
			out->iterations[qp] = p->done[qp];
			out->total += p->done[qp];
		}
	}
	free(p);
	return rc;
}
