// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "error.h"
#include "memory.h"
#include "receive.h"
#include "transport.h"

static uint64_t offset_of(const struct bench_receiver *rx, uint32_t qp,
			  uint64_t number)
{
	return bench_layout_offset(&rx->l, qp, (uint32_t)(number % rx->l.slots));
}

static int post_one(struct bench_receiver *rx, uint32_t qp)
{
	struct bench_wr wr = {
		.qp = qp,
		.id = (uint32_t)rx->posted[qp],
		.local = rx->addr + offset_of(rx, qp, rx->posted[qp]),
		.lkey = rx->key[qp % rx->nr_keys],
		.len = (uint32_t)rx->l.size,
	};
	int rc = rx->t->ops->recv(rx->t, &wr);

	if (!rc)
		rx->posted[qp]++;
	return rc;
}

/* a queue that is full is as good as one of the depth asked for */
static int post_up_to(struct bench_receiver *rx, uint32_t qp, uint64_t number)
{
	int rc = 0;

	while (!rc && rx->posted[qp] < number)
		rc = post_one(rx, qp);
	return rc == -EAGAIN && rx->posted[qp] > rx->taken[qp] ? 0 : rc;
}

int bench_receiver_arm(struct bench_receiver *rx)
{
	uint32_t qp;
	int rc = 0;

	for (qp = 0; qp < rx->l.qps && !rc; qp++)
		rc = post_up_to(rx, qp, rx->depth);
	rx->running = rx->l.qps;
	return rc;
}

static int check_message(const struct bench_receiver *rx,
			 const struct bench_completion *c, uint64_t ahead)
{
	if (c->len != rx->l.size)
		return bench_fail(-EILSEQ,
				  "a message of %u bytes came on QP %u instead "
				  "of %llu",
				  c->len, c->qp, (unsigned long long)rx->l.size);
	if (ahead && !rx->datagram)
		return bench_fail(
			-EILSEQ, "message %llu of QP %u came when %llu was due",
			(unsigned long long)(rx->next[c->qp] + ahead), c->qp,
			(unsigned long long)rx->next[c->qp]);
	return 0;
}

int bench_receiver_take(struct bench_receiver *rx,
			const struct bench_completion *c)
{
	uint32_t qp = c->qp, slot = c->id % rx->l.slots;
	uint64_t at = bench_layout_offset(&rx->l, qp, slot);
	/* how far the 31 bits are ahead of the iteration that is due */
	uint64_t ahead = (c->imm - rx->next[qp]) & ~BENCH_IMM_LAST;
	int rc;

	rc = check_message(rx, c, ahead);
	if (!rc && rx->mem->ops->push)
		rc = rx->mem->ops->push(rx->mem, rx->base + at, rx->l.size);
	if (rc)
		return rc;
	rx->taken[qp]++;
	rx->next[qp] += ahead + 1;
	if (rx->arrived)
		rx->arrived[(uint64_t)qp * rx->l.slots + slot] = rx->next[qp];
	if (c->imm & BENCH_IMM_LAST && !rx->ended[qp]) {
		rx->ended[qp] = true;
		rx->running--;
	}
	return post_up_to(rx, qp, rx->taken[qp] + rx->depth);
}

uint64_t bench_receiver_total(const struct bench_receiver *rx, uint64_t *lost)
{
	uint64_t total = 0, due = 0;
	uint32_t qp;

	for (qp = 0; qp < rx->l.qps; qp++) {
		total += rx->taken[qp];
		due += rx->next[qp];
	}
	*lost = due - total;
	return total;
}
