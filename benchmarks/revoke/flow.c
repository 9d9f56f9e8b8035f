// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "error.h"
#include "flow.h"
#include "pattern.h"

#define POLL_PAUSE_NS  (BENCH_NSEC_PER_MSEC / 10)
#define RETRY_PAUSE_NS (10 * BENCH_NSEC_PER_MSEC)

/* the host memory: what is put, and behind it what is got */
static uint64_t half(const struct revoke_flow *flow)
{
	return (uint64_t)flow->size * flow->depth;
}

static int connect_to(struct bench_transport *t, struct bench_transport *far)
{
	struct json_object *end = far->ops->describe(far);
	int rc = t->ops->connect(t, end);

	json_object_put(end);
	return rc;
}

static int connect_both(struct revoke_flow *flow)
{
	int rc = connect_to(flow->initiator, flow->target);

	return rc ? rc : connect_to(flow->target, flow->initiator);
}

static int reconnect(struct revoke_flow *flow)
{
	int rc;

	rc = flow->initiator->ops->reset(flow->initiator);
	if (!rc)
		rc = flow->target->ops->reset(flow->target);
	if (!rc)
		rc = connect_both(flow);
	if (!rc)
		revoke_tally_reconnect(&flow->tally);
	return rc;
}

static int open_ends(struct revoke_flow *flow)
{
	struct bench_transport_config config = {
		.nic = &flow->nic,
		.qps = 1,
		.depth = flow->depth,
	};
	struct bench_transport *owner;
	int rc;

	rc = bench_verbs.open(&config, &flow->initiator);
	if (!rc)
		rc = bench_verbs.open(&config, &flow->target);
	if (rc)
		return rc;
	owner = flow->local ? flow->initiator : flow->target;
	rc = owner->ops->reg(owner, flow->mem, &flow->buffer_mr);
	if (rc)
		return rc;
	owner = flow->local ? flow->target : flow->initiator;
	rc = owner->ops->reg(owner, &flow->host, &flow->host_mr);
	return rc ? rc : connect_both(flow);
}

int revoke_flow_open(struct revoke_flow *flow)
{
	int rc;

	revoke_tally_init(&flow->tally);
	rc = bench_mem_open(&flow->host, "host", 2 * half(flow));
	if (!rc)
		rc = open_ends(flow);
	if (rc)
		revoke_flow_close(flow);
	return rc;
}

/* put: host to buffer; get: buffer to the second half of the host memory */
static int post(struct revoke_flow *flow, bool put, uint32_t i)
{
	const struct bench_mr *buffer = &flow->buffer_mr;
	const struct bench_mr *host = &flow->host_mr;
	uint64_t at = (uint64_t)flow->size * i;
	uint64_t buffer_addr = buffer->addr + flow->base + at;
	uint64_t host_addr = host->addr + at + (put ? 0 : half(flow));
	struct bench_wr wr = {
		.op = put == flow->local ? BENCH_READ : BENCH_WRITE,
		.id = i,
		.signaled = true,
		.local = flow->local ? buffer_addr : host_addr,
		.lkey = flow->local ? buffer->lkey : host->lkey,
		.remote = flow->local ? host_addr : buffer_addr,
		.rkey = flow->local ? host->rkey : buffer->rkey,
		.len = flow->size,
	};

	revoke_access_begin(&flow->access[i], flow->gate);
	return flow->initiator->ops->post(flow->initiator, &wr);
}

/* accounts for one batch of completions; true when one was an error */
static bool note(struct revoke_flow *flow, const struct bench_completion *c, int n)
{
	const struct revoke_access *access;
	bool failed = false;
	int i;

	for (i = 0; i < n; i++) {
		access = &flow->access[c[i].id];
		if (c[i].status)
			revoke_access_refused(access, &flow->tally, c[i].status);
		else
			revoke_access_ok(access, flow->gate, &flow->tally);
		failed |= c[i].status != 0;
	}
	return failed;
}

/* 0, 1 after error completions, -ECANCELED when told to stop, -errno */
static int reap(struct revoke_flow *flow, uint32_t outstanding)
{
	struct bench_completion c[REVOKE_DEPTH_MAX];
	bool failed = false;
	int n;

	while (outstanding) {
		if (atomic_load(&flow->stop))
			return -ECANCELED;
		n = flow->initiator->ops->poll(flow->initiator, c,
					       REVOKE_DEPTH_MAX);
		if (n < 0)
			return n;
		failed |= note(flow, c, n);
		outstanding -= (uint32_t)n;
		if (!n)
			bench_sleep(POLL_PAUSE_NS);
	}
	return failed;
}

static int move_all(struct revoke_flow *flow, bool put)
{
	uint32_t i;
	int rc;

	for (i = 0; i < flow->depth; i++) {
		rc = post(flow, put, i);
		if (rc)
			return rc;
	}
	return reap(flow, flow->depth);
}

static void compare(struct revoke_flow *flow, uint64_t seed)
{
	const char *got = (const char *)flow->host.addr + half(flow);
	struct bench_mismatch mis = {0};

	bench_pattern_check(got, half(flow), seed, 0, &mis);
	if (mis.count)
		revoke_tally_wrong(
			&flow->tally,
			flow->gate, "%s: byte %llu came back as 0x%02x instead of 0x%02x; %llu of %llu are wrong",
			flow->name, (unsigned long long)mis.offset, mis.got,
			mis.want, (unsigned long long)mis.count,
			(unsigned long long)half(flow));
}

static int cycle(struct revoke_flow *flow, uint64_t number)
{
	uint64_t seed = bench_pattern_seed(number, (uintptr_t)flow);
	int rc;

	bench_pattern_fill(flow->host.addr, half(flow), seed, 0);
	memset((char *)flow->host.addr + half(flow), BENCH_POISON, half(flow));
	rc = move_all(flow, true);
	if (!rc)
		rc = move_all(flow, false);
	if (!rc)
		compare(flow, seed);
	if (rc <= 0)
		return rc;
	bench_sleep(RETRY_PAUSE_NS);
	return reconnect(flow);
}

static void *flow_main(void *arg)
{
	struct revoke_flow *flow = arg;
	uint64_t number = 0;
	int rc;

	do {
		rc = cycle(flow, number++);
	} while (!rc && !atomic_load(&flow->stop));
	if (rc && rc != -ECANCELED)
		snprintf(flow->trouble, sizeof(flow->trouble), "%s",
			 bench_error());
	return NULL;
}

int revoke_flow_start(struct revoke_flow *flow)
{
	int rc = pthread_create(&flow->thread, NULL, flow_main, flow);

	if (rc)
		return bench_fail(-rc, "thread: %s", strerror(rc));
	flow->running = true;
	return 0;
}

static void close_end(struct bench_transport *t, struct bench_mr *mr)
{
	if (!t)
		return;
	t->ops->unreg(t, mr);
	t->ops->close(t);
}

void revoke_flow_close(struct revoke_flow *flow)
{
	if (flow->running) {
		atomic_store(&flow->stop, true);
		pthread_join(flow->thread, NULL);
		flow->running = false;
	}
	close_end(flow->initiator,
		  flow->local ? &flow->buffer_mr : &flow->host_mr);
	close_end(flow->target, flow->local ? &flow->host_mr : &flow->buffer_mr);
	flow->initiator = NULL;
	flow->target = NULL;
	bench_mem_close(&flow->host);
}
