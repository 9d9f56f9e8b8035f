// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "error.h"
#include "pattern.h"
#include "peer.h"
#include "report.h"
#include "session.h"

struct near {
	struct bench_peer peer;
	struct bench_report report;
	const struct bench_opts *opts;
	uint64_t runs;
};

static void put(struct json_object *obj, const char *key, uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static struct json_object *hello(const struct bench_opts *opts)
{
	struct json_object *obj = json_object_new_object();

	put(obj, "protocol", BENCH_PROTOCOL);
	put(obj, "qps", opts->qps);
	put(obj, "depth", opts->depth);
	put(obj, "cq_mod", opts->cq_mod);
	put(obj, "bidirectional", opts->bidirectional);
	put(obj, "max_size", bench_opts_max_size(opts));
	return obj;
}

static struct json_object *request(const char *what, const struct bench_test *test)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "do", json_object_new_string(what));
	if (test)
		json_object_object_add(obj, "test", bench_test_to_json(test));
	return obj;
}

static int ask(struct near *n, struct json_object *obj)
{
	struct json_object *reply;
	int rc = bench_channel_call(&n->peer.ch, obj, &reply);

	if (!rc)
		json_object_put(reply);
	return rc;
}

static int meet(struct near *n)
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

static int ask_verify(struct near *n, const struct bench_test *test,
		      const uint64_t *iterations)
{
	struct json_object *obj = request("verify", test);
	struct json_object *list = json_object_new_array();
	uint32_t qp;

	for (qp = 0; qp < test->l.qps; qp++)
		json_object_array_add(list,
				      json_object_new_uint64(iterations[qp]));
	json_object_object_add(obj, "iterations", list);
	return ask(n, obj);
}

/* an end gets what it reads itself, or what the other one writes */
static int verify(struct near *n, const struct bench_test *test,
		  const struct bench_result *near, const struct bench_result *far)
{
	const struct bench_result *to_near = near, *to_far = near;
	int rc;

	if (test->bidirectional && test->op == BENCH_WRITE)
		to_near = far;
	if (test->bidirectional && test->op == BENCH_READ)
		to_far = far;
	rc = ask_verify(n, test, to_far->iterations);
	return rc ? rc
		  : bench_peer_verify(&n->peer, test, true, to_near->iterations);
}

static void far_result(struct json_object *reply, uint32_t qps,
		       struct bench_result *out)
{
	struct json_object *list = json_object_object_get(reply, "iterations");
	uint32_t qp;

	for (qp = 0; qp < qps; qp++)
		out->iterations[qp] = json_object_get_uint64(
			json_object_array_get_idx(list, qp));
	out->total =
		json_object_get_uint64(json_object_object_get(reply, "total"));
	out->ns = json_object_get_uint64(json_object_object_get(reply, "ns"));
	out->peak_rate = json_object_get_double(
		json_object_object_get(reply, "peak_rate"));
}

static int run_both(struct near *n, const struct bench_test *test,
		    struct bench_result *near, struct bench_result *far)
{
	struct json_object *reply;
	int rc;

	if (!test->bidirectional)
		return bench_peer_run(&n->peer, test, near);
	rc = bench_channel_send(&n->peer.ch, request("run", test));
	if (!rc)
		rc = bench_peer_run(&n->peer, test, near);
	if (!rc)
		rc = bench_channel_recv(&n->peer.ch, &reply);
	if (rc)
		return rc;
	far_result(reply, test->l.qps, far);
	json_object_put(reply);
	return 0;
}

static double rate_of(const struct bench_result *r)
{
	return r->ns ? (double)r->total * BENCH_NSEC_PER_SEC / (double)r->ns : 0;
}

static double peak_of(const struct bench_result *r)
{
	return r->peak_rate > rate_of(r) ? r->peak_rate : rate_of(r);
}

static int sample(struct near *n, const struct bench_test *test,
		  struct bench_row *row, uint32_t round)
{
	struct bench_result near = {0}, far = {0};
	double size = (double)test->l.size;
	int rc = 0;

	if (n->opts->verify) {
		rc = ask(n, request("prepare", test));
		if (!rc)
			rc = bench_peer_prepare(&n->peer, test, true);
	}
	if (!rc)
		rc = run_both(n, test, &near, &far);
	if (!rc && n->opts->verify)
		rc = verify(n, test, &near, &far);
	if (rc)
		return rc;
	row->bw[round] = size * (rate_of(&near) + rate_of(&far));
	row->peak[round] = size * (peak_of(&near) + peak_of(&far));
	row->iterations += near.total + far.total;
	return 0;
}

/* what both ends have room for */
static int lay_out(struct near *n, uint64_t size, struct bench_test *test)
{
	struct bench_peer *peer = &n->peer;
	uint64_t near = peer->mem[bench_near_index(peer, test)].size;
	uint64_t far = peer->far[bench_far_index(peer, test)].size;
	uint64_t room = near < far ? near : far;

	if (test->bidirectional)
		room /= 2;
	if (bench_layout_init(&test->l, size, n->opts->qps, n->opts->depth, room))
		return bench_fail(
			-ENOSPC,
			"%llu bytes of memory are too few for messages of %llu "
			"bytes on %u QPs; give --mem more, or a smaller -s",
			(unsigned long long)room, (unsigned long long)size,
			n->opts->qps);
	/* differs between processes, too: nothing left over passes */
	test->l.run = bench_pattern_seed(bench_now(), n->runs++);
	return 0;
}

static int run_one(struct near *n, struct bench_row *row, uint32_t round)
{
	struct bench_test test = {
		.op = row->op,
		.mem = row->mem,
		.bidirectional = n->opts->bidirectional,
		.iters = n->opts->duration > 0 ? 0 : n->opts->iters,
		.duration_ns = (uint64_t)(n->opts->duration *
					  (double)BENCH_NSEC_PER_SEC),
	};
	int rc;

	rc = lay_out(n, row->size, &test);
	return rc ? rc : sample(n, &test, row, round);
}

/* back and forth, so that a drift of the machine favours no memory */
static int run_rounds(struct near *n, struct bench_row *rows, unsigned int mems)
{
	unsigned int i, k;
	uint32_t round;
	int rc;

	for (round = 0; round < n->opts->rounds; round++) {
		for (i = 0; i < mems; i++) {
			k = round % 2 ? mems - 1 - i : i;
			rc = run_one(n, &rows[k], round);
			if (rc)
				return rc;
		}
		for (i = 0; i < mems; i++)
			rows[i].ratio[round] =
				rows[i].bw[round] / rows[0].bw[round];
	}
	return 0;
}

static int run_size(struct near *n, enum bench_op op, uint64_t size)
{
	unsigned int i, mems = n->peer.nr_mems > n->peer.nr_far ? n->peer.nr_mems
								: n->peer.nr_far;
	struct bench_row rows[BENCH_MEMS_MAX] = {0};
	uint32_t rounds = n->opts->rounds;
	double *values;
	int rc;

	values = calloc((size_t)rounds * mems * 3, sizeof(*values));
	if (!values)
		return bench_fail(-ENOMEM, "out of memory");
	for (i = 0; i < mems; i++) {
		rows[i].op = op;
		rows[i].size = size;
		rows[i].mem = i;
		rows[i].rounds = rounds;
		rows[i].bw = values + (size_t)rounds * 3 * i;
		rows[i].peak = rows[i].bw + rounds;
		rows[i].ratio = rows[i].peak + rounds;
	}
	rc = run_rounds(n, rows, mems);
	for (i = 0; !rc && i < mems; i++)
		bench_report_row(&n->report, &rows[i], &n->peer);
	free(values);
	return rc;
}

static int run_all(struct near *n)
{
	unsigned int i;
	int op, rc;

	for (op = 0; op < BENCH_OPS; op++) {
		if (!n->opts->op[op])
			continue;
		bench_report_head(&n->report, (enum bench_op)op);
		for (i = 0; i < n->opts->nr_sizes; i++) {
			rc = run_size(n, (enum bench_op)op, n->opts->size[i]);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int finish(struct near *n)
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
	return bench_report_finish(&n->report, &n->peer);
}

static int lead(struct near *n, const struct bench_specs *specs)
{
	int rc;

	rc = bench_peer_open(&n->peer, specs, &n->opts->nic);
	if (rc)
		return rc;
	rc = meet(n);
	if (rc)
		goto out;
	bench_report_ends(&n->report, &n->peer);
	rc = run_all(n);
	if (!rc)
		rc = finish(n);
out:
	bench_peer_close(&n->peer);
	return rc;
}

int bench_near_run(const struct bench_opts *opts,
		   const struct bench_specs *specs, int fd)
{
	struct near *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return bench_fail(-ENOMEM, "out of memory");
	n->opts = opts;
	n->peer.opts = opts;
	bench_channel_open(&n->peer.ch, fd);
	rc = bench_report_open(&n->report, opts, stdout);
	if (!rc)
		rc = lead(n, specs);
	bench_report_close(&n->report);
	bench_channel_close(&n->peer.ch);
	free(n);
	return rc;
}
