// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "peer.h"
#include "session.h"

static int take_transport(struct bench_opts *opts, const char *name)
{
	if (!name)
		return bench_fail(-EPROTO, "the near end names no transport");
	if (strcmp(name, opts->transport->name))
		opts->transport = bench_transport_find(name);
	return opts->transport ? 0 : -EINVAL;
}

static bool makes_sense(const struct bench_opts *opts)
{
	return opts->qps && opts->qps <= BENCH_QPS_MAX && opts->depth &&
	       opts->depth <= BENCH_DEPTH_MAX && opts->rx_depth &&
	       opts->rx_depth <= BENCH_DEPTH_MAX && opts->cq_mod &&
	       opts->cq_mod <= opts->depth && opts->size[0] &&
	       opts->size[0] <= BENCH_SIZE_MAX;
}

/* the near end decides about everything that is not memory or NIC */
static int take_over(struct bench_opts *opts, struct json_object *hello)
{
	if (bench_get_u64(hello, "protocol") != BENCH_PROTOCOL)
		return bench_fail(
			-EPROTO,
			"the near end is another version of this program");
	opts->datagram = bench_get_u64(hello, "datagram");
	opts->events = bench_get_u64(hello, "events");
	opts->latency = bench_get_u64(hello, "latency");
	opts->op[BENCH_SEND] = bench_get_u64(hello, "receive");
	opts->mr_per_qp = bench_get_u64(hello, "mr_per_qp");
	opts->qps = (uint32_t)bench_get_u64(hello, "qps");
	opts->depth = (uint32_t)bench_get_u64(hello, "depth");
	opts->rx_depth = (uint32_t)bench_get_u64(hello, "rx_depth");
	opts->cq_mod = (uint32_t)bench_get_u64(hello, "cq_mod");
	opts->bidirectional = bench_get_u64(hello, "bidirectional");
	opts->size[0] = bench_get_u64(hello, "max_size");
	opts->nr_sizes = 1;
	if (!makes_sense(opts))
		return bench_fail(-EPROTO, "the near end asks for nonsense");
	return take_transport(opts, bench_get_text(hello, "transport"));
}

static int answer(struct bench_peer *peer, struct json_object *obj)
{
	return bench_channel_send(&peer->ch,
				  obj ? obj : json_object_new_object());
}

static struct json_object *counts(const struct bench_result *result, uint32_t qps)
{
	struct json_object *obj = json_object_new_object();

	bench_put_u64s(obj, "iterations", result->iterations, qps);
	bench_put_u64(obj, "total", result->total);
	bench_put_u64(obj, "ns", result->ns);
	bench_put_double(obj, "peak_rate", result->peak_rate);
	bench_put_u64(obj, "received", result->received);
	bench_put_u64(obj, "lost", result->lost);
	bench_put_u64(obj, "cpu_thread", result->cpu.thread);
	return obj;
}

static int do_verify(struct bench_peer *peer, const struct bench_test *test,
		     struct json_object *request)
{
	uint64_t iterations[BENCH_QPS_MAX] = {0};

	bench_get_u64s(request, "iterations", iterations, test->l.qps);
	return bench_peer_verify(peer, test, false, iterations);
}

static int do_run(struct bench_peer *peer, const struct bench_test *test)
{
	struct bench_result result;
	int rc;

	rc = bench_peer_arm(peer, test, false);
	if (!rc)
		rc = answer(peer, NULL);
	if (!rc)
		rc = bench_peer_run(peer, test, false, NULL, &result);
	return rc ? rc : answer(peer, counts(&result, test->l.qps));
}

static int do_reset(struct bench_peer *peer)
{
	struct json_object *obj;
	int rc = bench_peer_reset(peer);

	if (rc)
		return rc;
	obj = json_object_new_object();
	json_object_object_add(obj, "transport", peer->t->ops->describe(peer->t));
	return answer(peer, obj);
}

static int do_link(struct bench_peer *peer, struct json_object *request)
{
	int rc = bench_peer_link(peer,
				 json_object_object_get(request, "transport"));

	return rc ? rc : answer(peer, NULL);
}

static int do_test(struct bench_peer *peer, const char *what,
		   struct json_object *request)
{
	struct bench_test test;
	int rc;

	rc = bench_test_from_json(json_object_object_get(request, "test"), &test);
	if (rc)
		return rc;
	if (test.l.qps != peer->opts->qps)
		return bench_fail(-EPROTO, "the near end asks for nonsense");
	if (!strcmp(what, "run"))
		return do_run(peer, &test);
	if (!strcmp(what, "prepare"))
		rc = bench_peer_prepare(peer, &test, false);
	else if (!strcmp(what, "verify"))
		rc = do_verify(peer, &test, request);
	else
		rc = bench_fail(-EPROTO, "no request \"%s\"", what);
	return rc ? rc : answer(peer, NULL);
}

static int obey(struct bench_peer *peer, const char *what,
		struct json_object *request)
{
	if (!strcmp(what, "describe"))
		return answer(peer, bench_peer_describe(peer));
	if (!strcmp(what, "reset"))
		return do_reset(peer);
	if (!strcmp(what, "link"))
		return do_link(peer, request);
	return do_test(peer, what, request);
}

static int serve(struct bench_peer *peer)
{
	struct json_object *request;
	const char *what;
	bool bye;
	int rc;

	do {
		rc = bench_channel_recv(&peer->ch, &request);
		if (rc)
			return rc;
		what = bench_get_text(request, "do");
		bye = what && !strcmp(what, "bye");
		if (!bye)
			rc = obey(peer, what ? what : "", request);
		json_object_put(request);
	} while (!rc && !bye);
	return rc;
}

static int meet(struct bench_peer *peer, struct bench_opts *opts)
{
	struct json_object *hello, *near;
	int rc;

	rc = bench_channel_recv(&peer->ch, &hello);
	if (rc)
		return rc;
	rc = take_over(opts, hello);
	json_object_put(hello);
	if (!rc)
		rc = bench_peer_open(peer, &opts->mem, &opts->nic);
	if (!rc)
		rc = bench_channel_call(&peer->ch, bench_peer_describe(peer),
					&near);
	if (rc)
		return rc;
	rc = bench_peer_connect(peer, near);
	json_object_put(near);
	return rc ? rc : answer(peer, NULL);
}

int bench_far_run(const struct bench_opts *opts, int fd)
{
	struct bench_peer *peer = calloc(1, sizeof(*peer));
	struct bench_opts *agreed = malloc(sizeof(*agreed));
	int rc = -ENOMEM;

	if (!peer || !agreed)
		goto out;
	*agreed = *opts;
	peer->opts = agreed;
	bench_channel_open(&peer->ch, fd);
	rc = meet(peer, agreed);
	if (!rc)
		rc = serve(peer);
	/* the near end knows its own refusals, and that it hung up */
	if (rc && rc != -EREMOTEIO && rc != -ECONNRESET)
		bench_channel_send_error(&peer->ch);
	bench_peer_close(peer);
	bench_channel_close(&peer->ch);
out:
	free(agreed);
	free(peer);
	return rc;
}
