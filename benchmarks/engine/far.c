// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "peer.h"
#include "session.h"

static uint64_t get(struct json_object *obj, const char *key)
{
	return json_object_get_uint64(json_object_object_get(obj, key));
}

/* the near end decides about everything that is not memory or NIC */
static int take_over(struct bench_opts *opts, struct json_object *hello)
{
	if (get(hello, "protocol") != BENCH_PROTOCOL)
		return bench_fail(
			-EPROTO,
			"the near end is another version of this program");
	opts->qps = (uint32_t)get(hello, "qps");
	opts->depth = (uint32_t)get(hello, "depth");
	opts->cq_mod = (uint32_t)get(hello, "cq_mod");
	opts->bidirectional = get(hello, "bidirectional");
	opts->size[0] = get(hello, "max_size");
	opts->nr_sizes = 1;
	if (!opts->qps || opts->qps > BENCH_QPS_MAX || !opts->depth ||
	    opts->depth > BENCH_DEPTH_MAX || !opts->cq_mod ||
	    opts->cq_mod > opts->depth || !opts->size[0] ||
	    opts->size[0] > BENCH_SIZE_MAX)
		return bench_fail(-EPROTO, "the near end asks for nonsense");
	return 0;
}

static int answer(struct bench_peer *peer, struct json_object *obj)
{
	return bench_channel_send(&peer->ch,
				  obj ? obj : json_object_new_object());
}

static struct json_object *counts(const struct bench_result *result, uint32_t qps)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < qps; i++)
		json_object_array_add(
			list, json_object_new_uint64(result->iterations[i]));
	json_object_object_add(obj, "iterations", list);
	json_object_object_add(obj, "total",
			       json_object_new_uint64(result->total));
	json_object_object_add(obj, "ns", json_object_new_uint64(result->ns));
	json_object_object_add(obj, "peak_rate",
			       json_object_new_double(result->peak_rate));
	return obj;
}

static int do_verify(struct bench_peer *peer, const struct bench_test *test,
		     struct json_object *request)
{
	struct json_object *list =
		json_object_object_get(request, "iterations");
	uint64_t iterations[BENCH_QPS_MAX] = {0};
	uint32_t i;

	for (i = 0; i < test->l.qps; i++)
		iterations[i] = json_object_get_uint64(
			json_object_array_get_idx(list, i));
	return bench_peer_verify(peer, test, false, iterations);
}

static int obey(struct bench_peer *peer, const char *what,
		struct json_object *request)
{
	struct bench_result result;
	struct json_object *obj = NULL;
	struct bench_test test;
	int rc;

	if (!strcmp(what, "describe"))
		return answer(peer, bench_peer_describe(peer));
	rc = bench_test_from_json(json_object_object_get(request, "test"), &test);
	if (rc)
		return rc;
	if (test.l.qps != peer->opts->qps)
		return bench_fail(-EPROTO, "the near end asks for nonsense");
	if (!strcmp(what, "prepare"))
		rc = bench_peer_prepare(peer, &test, false);
	else if (!strcmp(what, "verify"))
		rc = do_verify(peer, &test, request);
	else if (!strcmp(what, "run"))
		rc = bench_peer_run(peer, &test, &result);
	else
		rc = bench_fail(-EPROTO, "no request \"%s\"", what);
	if (rc)
		return rc;
	if (!strcmp(what, "run"))
		obj = counts(&result, test.l.qps);
	return answer(peer, obj);
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
		what = json_object_get_string(
			json_object_object_get(request, "do"));
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
