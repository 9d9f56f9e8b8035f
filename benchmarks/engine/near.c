// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The near end: what it asks of the far end, and one run of both. */
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "insns.h"
#include "json.h"
#include "near.h"
#include "pattern.h"
#include "session.h"

static struct json_object *hello(const struct bench_opts *opts)
{
	struct json_object *obj = json_object_new_object();

	bench_put_u64(obj, "protocol", BENCH_PROTOCOL);
	bench_put_text(obj, "transport", opts->transport->name);
	bench_put_bool(obj, "datagram", opts->datagram);
	bench_put_bool(obj, "events", opts->events);
	bench_put_bool(obj, "latency", opts->latency);
	bench_put_bool(obj, "receive", opts->op[BENCH_SEND]);
	bench_put_bool(obj, "mr_per_qp", opts->mr_per_qp);
	bench_put_u64(obj, "qps", opts->qps);
	bench_put_u64(obj, "depth", opts->depth);
	bench_put_u64(obj, "rx_depth", opts->rx_depth);
	bench_put_u64(obj, "cq_mod", opts->cq_mod);
	bench_put_u64(obj, "bidirectional", opts->bidirectional);
	bench_put_u64(obj, "max_size", bench_opts_max_size(opts));
	return obj;
}

static struct json_object *request(const char *what, const struct bench_test *test)
{
	struct json_object *obj = json_object_new_object();

	bench_put_text(obj, "do", what);
	if (test)
		json_object_object_add(obj, "test", bench_test_to_json(test));
	return obj;
}

static int ask(struct bench_near *n, struct json_object *obj)
{
	struct json_object *reply;
	int rc = bench_channel_call(&n->peer.ch, obj, &reply);

	if (!rc)
		json_object_put(reply);
	return rc;
}

int bench_near_meet(struct bench_near *n)
{
	struct json_object *far;
	int rc;

	rc = bench_channel_call(&n->peer.ch, hello(n->opts), &far);
	if (rc)
		return rc;
	rc = bench_peer_connect(&n->peer, far);
	json_object_put(far);
	return rc ? rc : ask(n, bench_peer_describe(&n->peer));
}

/* receives left over from the run before would swallow what this one sends */
static int relink(struct bench_near *n)
{
	struct json_object *obj, *far;
	struct bench_transport *t = n->peer.t;
	int rc;

	rc = bench_channel_call(&n->peer.ch, request("reset", NULL), &far);
	if (rc)
		return rc;
	rc = bench_peer_reset(&n->peer);
	if (!rc)
		rc = bench_peer_link(&n->peer,
				     json_object_object_get(far, "transport"));
	json_object_put(far);
	if (rc)
		return rc;
	obj = request("link", NULL);
	json_object_object_add(obj, "transport", t->ops->describe(t));
	return ask(n, obj);
}

static int ask_verify(struct bench_near *n, const struct bench_test *test,
		      const uint64_t *iterations)
{
	struct json_object *obj = request("verify", test);

	bench_put_u64s(obj, "iterations", iterations, test->l.qps);
	return ask(n, obj);
}

/* an end gets what it reads itself, or what the other one sends */
static int verify(struct bench_near *n, const struct bench_test *test,
		  const struct bench_result *near, const struct bench_result *far)
{
	const struct bench_result *to_near = near, *to_far = near;
	bool two = bench_test_takes_two(test);
	int rc;

	if (two && test->op != BENCH_READ)
		to_near = far;
	if (two && test->op == BENCH_READ)
		to_far = far;
	rc = ask_verify(n, test, to_far->iterations);
	return rc ? rc
		  : bench_peer_verify(&n->peer, test, true, to_near->iterations);
}

static void far_result(struct json_object *reply, uint32_t qps,
		       struct bench_result *out)
{
	bench_get_u64s(reply, "iterations", out->iterations, qps);
	out->total = bench_get_u64(reply, "total");
	out->ns = bench_get_u64(reply, "ns");
	out->peak_rate = bench_get_double(reply, "peak_rate");
	out->received = bench_get_u64(reply, "received");
	out->lost = bench_get_u64(reply, "lost");
	out->cpu.thread = bench_get_u64(reply, "cpu_thread");
}

/* both ends work while this one does */
static int run_counted(struct bench_near *n, const struct bench_test *test,
		       struct bench_samples *samples, struct bench_result *out)
{
	int rc;

	bench_insns_mark();
	rc = bench_peer_run(&n->peer, test, true, samples, out);
	bench_insns_mark();
	if (!rc)
		bench_insns_between(&out->insns, &out->emulator_ns);
	return rc;
}

/* the far end says when it is ready, and again when it is done */
static int run_both(struct bench_near *n, const struct bench_test *test,
		    struct bench_samples *samples, struct bench_result *near,
		    struct bench_result *far)
{
	bool two = bench_test_takes_two(test);
	struct json_object *reply;
	int rc;

	rc = bench_peer_arm(&n->peer, test, true);
	if (!rc && two)
		rc = ask(n, request("run", test));
	if (!rc)
		rc = run_counted(n, test, samples, near);
	if (rc || !two)
		return rc;
	rc = bench_channel_recv(&n->peer.ch, &reply);
	if (rc)
		return rc;
	far_result(reply, test->l.qps, far);
	json_object_put(reply);
	return 0;
}

/* a bounce buffer wants a CPU at its end, which knows when */
static int check_bounce(struct bench_near *n, const struct bench_test *test)
{
	struct json_object *far = json_object_array_get_idx(
		n->peer.far_desc, bench_far_index(&n->peer, test));
	bool one_sided = test->op == BENCH_READ ||
			 (test->op == BENCH_WRITE && !test->latency);
	bool near = n->peer.mem[bench_near_index(&n->peer, test)].ops->pull;

	if (one_sided && (!strcmp(bench_get_text(far, "kind"), "bounce") ||
			  (test->bidirectional && near)))
		return bench_fail(-EINVAL,
				  "the CPU of the end that is %s knows nothing "
				  "of it and cannot copy: bounce there is for "
				  "-O send",
				  test->op == BENCH_READ ? "read" : "written to");
	return 0;
}

/* what both ends have room for */
static int lay_out(struct bench_near *n, uint64_t size, struct bench_test *test)
{
	struct bench_peer *peer = &n->peer;
	uint64_t near = peer->mem[bench_near_index(peer, test)].size;
	uint64_t far = peer->far[bench_far_index(peer, test)].size;
	uint64_t max = peer->t->max_message < peer->far_max ? peer->t->max_message
							    : peer->far_max;
	uint64_t room = near < far ? near : far;

	if (size > max)
		return bench_fail(-EMSGSIZE,
				  "a message has at most %llu bytes here, not "
				  "%llu; give a smaller -s",
				  (unsigned long long)max,
				  (unsigned long long)size);
	if (test->bidirectional || test->latency)
		room /= 2;
	if (bench_layout_init(&test->l, size, n->opts->qps, n->opts->depth, room))
		return bench_fail(
			-ENOSPC,
			"%llu bytes of memory are too few for messages of %llu "
			"bytes on %u QPs; give --mem more, or a smaller -s",
			(unsigned long long)room, (unsigned long long)size,
			n->opts->qps);
	if (test->latency)
		test->l.slots = 1;
	/* differs between processes, too: nothing left over passes */
	test->l.run = bench_pattern_seed(bench_now(), n->runs++);
	return 0;
}

static int prepare(struct bench_near *n, const struct bench_test *test)
{
	int rc = 0;

	if (test->op == BENCH_SEND)
		rc = relink(n);
	if (rc || !n->opts->verify)
		return rc;
	rc = ask(n, request("prepare", test));
	return rc ? rc : bench_peer_prepare(&n->peer, test, true);
}

int bench_near_once(struct bench_near *n, enum bench_op op, unsigned int mem,
		    uint64_t size, struct bench_samples *samples,
		    struct bench_result *near, struct bench_result *far)
{
	const struct bench_opts *opts = n->opts;
	struct bench_test test = {
		.op = op,
		.mem = mem,
		.bidirectional = opts->bidirectional,
		.latency = opts->latency,
		.iters = opts->duration > 0 ? 0 : opts->iters,
		.duration_ns =
			(uint64_t)(opts->duration * (double)BENCH_NSEC_PER_SEC),
	};
	int rc;

	rc = check_bounce(n, &test);
	if (!rc)
		rc = lay_out(n, size, &test);
	if (!rc)
		rc = prepare(n, &test);
	if (!rc)
		rc = run_both(n, &test, samples, near, far);
	if (!rc && opts->verify)
		rc = verify(n, &test, near, far);
	return rc;
}

int bench_near_part(struct bench_near *n)
{
	struct json_object *far;
	int rc;

	rc = bench_channel_call(&n->peer.ch, request("describe", NULL), &far);
	if (rc)
		return rc;
	json_object_put(n->peer.far_desc);
	n->peer.far_desc = json_object_get(json_object_object_get(far, "mems"));
	json_object_put(far);
	bench_channel_send(&n->peer.ch, request("bye", NULL));
	return 0;
}
