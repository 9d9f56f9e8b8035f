// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "clock.h"
#include "fake_transport.h"
#include "memory.h"

#define QUEUE 8192
#define QPS   4
#define RECVS 1024
#define ENDS  2
#define MEMS  (2 * QPS + 2)
/* longer than an end waits before it has doubts */
#define LATE  (3 * BENCH_NSEC_PER_SEC / 2)

struct copier {
	struct bench_transport base;
	/* what the other end may reach */
	const struct bench_mem *mems[MEMS];
	struct bench_completion queue[QUEUE];
	unsigned int head, tail;
	unsigned int posted;
	/* nothing completes before that */
	uint64_t quiet_until;
	struct copier *far;
	bool datagram;
	pthread_mutex_t lock;
	struct bench_wr recv[QPS][RECVS];
	unsigned int recv_head[QPS], recv_tail[QPS];
};

enum fake_fault fake_fault;
atomic_int fake_opened, fake_registered;

/*
 * Held by who uses the other end or its memory, which may leave at any time: one end
 * of a run that is interrupted is told of it by the other.
 */
static pthread_mutex_t wire = PTHREAD_MUTEX_INITIALIZER;
static struct copier *ends[ENDS];

/* replace(@from, @to) in a table with room for @to; the wire is held */
static void replace(const void **table, size_t nr, const void *from, const void *to)
{
	size_t i = 0;

	while (i < nr && table[i] != from)
		i++;
	assert_true(i < nr);
	table[i] = to;
}

static bool reaches(const struct copier *c, uint64_t addr, size_t len)
{
	for (size_t i = 0; i < MEMS; i++) {
		const struct bench_mem *mem = c->mems[i];

		if (mem && addr - (uintptr_t)mem->addr < mem->size &&
		    len <= mem->size - (addr - (uintptr_t)mem->addr))
			return true;
	}
	return false;
}

static bool is_there(const struct copier *c)
{
	for (size_t i = 0; i < ENDS; i++)
		if (ends[i] == c)
			return true;
	return false;
}

/*
 * A latency run polls the memory that a NIC writes.  This NIC is a thread's
 * memcpy(), so that the thread sanitizer takes it for a race.
 */
const char *__tsan_default_suppressions(void);
__attribute__((visibility("default"))) const char *
__tsan_default_suppressions(void)
{
	return "race:host_read\nrace:copier_post\n";
}

static int copier_open(const struct bench_transport_config *config,
		       struct bench_transport **out)
{
	struct copier *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	assert_true(config->qps <= QPS && config->rx_depth < RECVS);
	c->base.ops = &fake_transport;
	c->base.max_message = 1 << 20;
	c->datagram = config->datagram;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_lock(&wire);
	replace((const void **)ends, ENDS, NULL, c);
	pthread_mutex_unlock(&wire);
	atomic_fetch_add(&fake_opened, 1);
	*out = &c->base;
	return 0;
}

static void copier_close(struct bench_transport *t)
{
	struct copier *c = (struct copier *)t;

	pthread_mutex_lock(&wire);
	replace((const void **)ends, ENDS, c, NULL);
	pthread_mutex_unlock(&wire);
	pthread_mutex_destroy(&c->lock);
	atomic_fetch_sub(&fake_opened, 1);
	free(t);
}

static int copier_reg(struct bench_transport *t, struct bench_mem *mem,
		      struct bench_mr *mr)
{
	struct copier *c = (struct copier *)t;

	pthread_mutex_lock(&wire);
	replace((const void **)c->mems, MEMS, NULL, mem);
	pthread_mutex_unlock(&wire);
	mr->addr = (uintptr_t)mem->addr;
	mr->priv = mem;
	mr->lkey = mr->rkey = 1 + (uint32_t)atomic_fetch_add(&fake_registered, 1);
	return 0;
}

static void copier_unreg(struct bench_transport *t, struct bench_mr *mr)
{
	struct copier *c = (struct copier *)t;

	pthread_mutex_lock(&wire);
	replace((const void **)c->mems, MEMS, mr->priv, NULL);
	pthread_mutex_unlock(&wire);
	memset(mr, 0, sizeof(*mr));
}

static struct json_object *copier_describe(struct bench_transport *t)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "self", json_object_new_uint64((uintptr_t)t));
	return obj;
}

static int copier_connect(struct bench_transport *t, struct json_object *far)
{
	((struct copier *)t)->far =
		(struct copier *)(uintptr_t)json_object_get_uint64(
			json_object_object_get(far, "self"));
	return 0;
}

static int copier_reset(struct bench_transport *t)
{
	struct copier *c = (struct copier *)t;

	memset(c->recv_tail, 0, sizeof(c->recv_tail));
	memset(c->recv_head, 0, sizeof(c->recv_head));
	c->head = c->tail = 0;
	return 0;
}

static void complete(struct copier *c, struct bench_completion completion)
{
	pthread_mutex_lock(&c->lock);
	c->queue[c->tail++ % QUEUE] = completion;
	pthread_mutex_unlock(&c->lock);
}

static int copier_recv(struct bench_transport *t, const struct bench_wr *wr)
{
	struct copier *c = (struct copier *)t;

	pthread_mutex_lock(&c->lock);
	c->recv[wr->qp][c->recv_tail[wr->qp]++ % RECVS] = *wr;
	pthread_mutex_unlock(&c->lock);
	return 0;
}

/* where a message of the other end goes; NULL when there is no receive */
static uint8_t *take_receive(struct copier *c, const struct bench_wr *wr,
			     uint32_t *id)
{
	uint8_t *to = NULL;
	struct bench_wr *recv;

	pthread_mutex_lock(&c->lock);
	if (c->recv_head[wr->qp] != c->recv_tail[wr->qp]) {
		recv = &c->recv[wr->qp][c->recv_head[wr->qp]++ % RECVS];
		assert_true(recv->len >= wr->len);
		if (reaches(c, recv->local, wr->len))
			to = (uint8_t *)(uintptr_t)recv->local;
		*id = recv->id;
	}
	pthread_mutex_unlock(&c->lock);
	return to;
}

static uint8_t *destination(struct copier *c, const struct bench_wr *wr,
			    uint32_t *id)
{
	if (wr->op == BENCH_SEND)
		return take_receive(c->far, wr, id);
	return (uint8_t *)(uintptr_t)(wr->op == BENCH_READ ? wr->local
							   : wr->remote);
}

/* the wire is held, and the other end is there */
static int post(struct copier *c, const struct bench_wr *wr)
{
	bool last = c->posted == 19, lost = last && fake_fault == LOSE_THE_LAST;
	bool gone = (lost && c->datagram) ||
		    (c->posted == 9 && fake_fault == DROP_ONE);
	uint32_t id = 0;
	uint8_t *to = gone ? NULL : destination(c, wr, &id);

	if (!to && !gone)
		return -EAGAIN;
	c->posted++;
	if (!lost && !gone)
		memcpy(to,
		       (uint8_t *)(uintptr_t)(wr->op == BENCH_READ ? wr->remote
								   : wr->local),
		       wr->len);
	if (last && fake_fault == FLIP_A_BIT)
		to[wr->len / 2] ^= 4;
	if (last && fake_fault == LATE_ACKS)
		c->quiet_until = bench_now() + LATE;
	if (last && fake_fault == INTERRUPT)
		raise(SIGINT);
	if (last && fake_fault == WRITE_TOO_FAR)
		to[wr->len] = 1;
	if (wr->op == BENCH_SEND && !gone)
		complete(c->far, (struct bench_completion){.qp = wr->qp,
							   .id = id,
							   .received = true,
							   .len = wr->len,
							   .imm = wr->imm});
	if (wr->signaled)
		complete(c, (struct bench_completion){
				    .qp = wr->qp,
				    .id = wr->id,
				    .status = last && fake_fault == FAIL_A_COMPLETION,
				    .error = last && fake_fault == FAIL_A_COMPLETION
						     ? "broken on purpose"
						     : NULL,
			    });
	return 0;
}

static int copier_post(struct bench_transport *t, const struct bench_wr *wr)
{
	struct copier *c = (struct copier *)t;
	int rc = 0;

	pthread_mutex_lock(&wire);
	if (is_there(c->far) &&
	    (wr->op == BENCH_SEND || reaches(c->far, wr->remote, wr->len)))
		rc = post(c, wr);
	else
		complete(c, (struct bench_completion){.qp = wr->qp,
						      .id = wr->id,
						      .status = 1,
						      .error = "the other end left"});
	pthread_mutex_unlock(&wire);
	return rc;
}

static int copier_poll(struct bench_transport *t, struct bench_completion *out,
		       int n)
{
	struct copier *c = (struct copier *)t;
	int got = 0;

	if (c->quiet_until && bench_now() < c->quiet_until)
		return 0;
	pthread_mutex_lock(&c->lock);
	while (got < n && c->head != c->tail)
		out[got++] = c->queue[c->head++ % QUEUE];
	pthread_mutex_unlock(&c->lock);
	return got;
}

static int copier_wait(struct bench_transport *t, uint64_t timeout_ns)
{
	sched_yield();
	return 0;
}

const struct bench_transport_ops fake_transport = {
	.name = "copier",
	.open = copier_open,
	.close = copier_close,
	.reg = copier_reg,
	.unreg = copier_unreg,
	.describe = copier_describe,
	.connect = copier_connect,
	.reset = copier_reset,
	.post = copier_post,
	.recv = copier_recv,
	.poll = copier_poll,
	.wait = copier_wait,
};
