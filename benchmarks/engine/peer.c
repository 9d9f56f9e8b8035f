// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "content.h"
#include "error.h"
#include "peer.h"

static int open_mems(struct bench_peer *peer, const struct bench_specs *specs)
{
	const struct bench_opts *opts = peer->opts;
	uint64_t room = bench_layout_room(bench_opts_max_size(opts), opts->qps,
					  opts->depth);
	unsigned int i = 0;
	int rc;

	if (opts->bidirectional)
		room *= 2;
	do {
		rc = bench_mem_open(&peer->mem[i], specs->spec[i], room);
		if (rc)
			return rc;
		peer->nr_mems++;
		rc = peer->t->ops->reg(peer->t, &peer->mem[i], &peer->mr[i]);
		if (rc)
			return rc;
	} while (++i < specs->n);
	return 0;
}

int bench_peer_open(struct bench_peer *peer, const struct bench_specs *specs,
		    const struct bench_nic *nic)
{
	int rc;

	rc = peer->opts->transport->open(nic, peer->opts->qps,
					 peer->opts->depth, &peer->t);
	if (!rc)
		rc = open_mems(peer, specs);
	if (rc)
		bench_peer_close(peer);
	return rc;
}

void bench_peer_close(struct bench_peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->nr_mems; i++) {
		peer->t->ops->unreg(peer->t, &peer->mr[i]);
		bench_mem_close(&peer->mem[i]);
	}
	peer->nr_mems = 0;
	if (peer->t)
		peer->t->ops->close(peer->t);
	peer->t = NULL;
	json_object_put(peer->far_desc);
	peer->far_desc = NULL;
}

static struct json_object *describe_mem(struct bench_peer *peer, unsigned int i)
{
	struct json_object *obj = bench_mem_describe(&peer->mem[i]);
	struct json_object *mr = json_object_new_object();

	json_object_object_add(mr, "addr",
			       json_object_new_uint64(peer->mr[i].addr));
	json_object_object_add(mr, "lkey",
			       json_object_new_uint64(peer->mr[i].lkey));
	json_object_object_add(mr, "rkey",
			       json_object_new_uint64(peer->mr[i].rkey));
	json_object_object_add(obj, "mr", mr);
	return obj;
}

struct json_object *bench_peer_describe(struct bench_peer *peer)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *mems = json_object_new_array();
	unsigned int i;

	for (i = 0; i < peer->nr_mems; i++)
		json_object_array_add(mems, describe_mem(peer, i));
	json_object_object_add(obj, "protocol",
			       json_object_new_int(BENCH_PROTOCOL));
	json_object_object_add(obj, "transport", peer->t->ops->describe(peer->t));
	json_object_object_add(obj, "mems", mems);
	return obj;
}

static uint64_t get_u64(struct json_object *obj, const char *key)
{
	return json_object_get_uint64(json_object_object_get(obj, key));
}

static int learn_mems(struct bench_peer *peer, struct json_object *mems)
{
	struct json_object *mem, *mr;
	size_t i, n;

	if (!json_object_is_type(mems, json_type_array))
		return -EPROTO;
	n = json_object_array_length(mems);
	if (!n || n > BENCH_MEMS_MAX)
		return -EPROTO;
	for (i = 0; i < n; i++) {
		mem = json_object_array_get_idx(mems, i);
		mr = json_object_object_get(mem, "mr");
		peer->far[i].size = get_u64(mem, "size");
		peer->far[i].addr = get_u64(mr, "addr");
		peer->far[i].rkey = (uint32_t)get_u64(mr, "rkey");
	}
	peer->nr_far = (unsigned int)n;
	json_object_put(peer->far_desc);
	peer->far_desc = json_object_get(mems);
	return 0;
}

int bench_peer_connect(struct bench_peer *peer, struct json_object *far)
{
	if (get_u64(far, "protocol") != BENCH_PROTOCOL ||
	    learn_mems(peer, json_object_object_get(far, "mems")))
		return bench_fail(
			-EPROTO,
			"the far end is another version of this program");
	return peer->t->ops->connect(peer->t,
				     json_object_object_get(far, "transport"));
}

static uint64_t span_of(const struct bench_test *test)
{
	return bench_layout_span(&test->l) * (test->bidirectional ? 2 : 1);
}

/* where the bytes that this end receives begin */
static uint64_t in_base(const struct bench_test *test)
{
	return test->bidirectional ? bench_layout_span(&test->l) : 0;
}

/* WRITE moves from the initiator, READ to it */
static bool is_source(const struct bench_test *test, bool near)
{
	return test->bidirectional || near == (test->op == BENCH_WRITE);
}

static bool is_destination(const struct bench_test *test, bool near)
{
	return test->bidirectional || near == (test->op == BENCH_READ);
}

/* the two ends send different patterns, so that an echo is no success */
static struct bench_layout layout_from(const struct bench_test *test, bool near)
{
	struct bench_layout l = test->l;

	if (!near)
		l.run = ~l.run;
	return l;
}

int bench_peer_prepare(struct bench_peer *peer, const struct bench_test *test,
		       bool near)
{
	struct bench_mem *mem = &peer->mem[bench_near_index(peer, test)];
	struct bench_layout l = layout_from(test, near);
	int rc = 0;

	if (span_of(test) > mem->size)
		return bench_fail(-ENOSPC, "%s is too small for the test",
				  mem->spec);
	if (is_source(test, near))
		rc = bench_content_fill(mem, 0, &l);
	if (!rc && is_destination(test, near))
		rc = bench_content_poison(mem, in_base(test), &l);
	return rc;
}

int bench_peer_verify(struct bench_peer *peer, const struct bench_test *test,
		      bool near, const uint64_t *iterations)
{
	struct bench_mem *mem = &peer->mem[bench_near_index(peer, test)];
	struct bench_layout l = layout_from(test, !near);

	if (!is_destination(test, near))
		return 0;
	return bench_content_verify(mem, in_base(test), &l, iterations);
}

int bench_peer_run(struct bench_peer *peer, const struct bench_test *test,
		   struct bench_result *out)
{
	const struct bench_mr *mr = &peer->mr[bench_near_index(peer, test)];
	const struct bench_far_mem *far = &peer->far[bench_far_index(peer, test)];
	struct bench_run run = {
		.t = peer->t,
		.op = test->op,
		.l = test->l,
		.near = {.addr = mr->addr, .key = mr->lkey},
		.far = {.addr = far->addr, .key = far->rkey},
		.depth = peer->opts->depth,
		.cq_mod = peer->opts->cq_mod,
		.iters = test->iters,
		.duration_ns = test->duration_ns,
	};

	/* what is read or written lies on the receiving side's second half */
	if (test->op == BENCH_WRITE)
		run.far.addr += in_base(test);
	else
		run.near.addr += in_base(test);
	return bench_run_go(&run, out);
}
