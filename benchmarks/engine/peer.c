// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "peer.h"

static int reg_mem(struct bench_peer *peer, unsigned int i)
{
	uint32_t k;
	int rc = 0;

	for (k = 0; k < peer->nr_mrs && !rc; k++) {
		rc = peer->t->ops->reg(peer->t, &peer->mem[i], &peer->mr[i][k]);
		peer->lkey[i][k] = peer->mr[i][k].lkey;
	}
	return rc;
}

static int open_mems(struct bench_peer *peer, const struct bench_specs *specs)
{
	const struct bench_opts *opts = peer->opts;
	uint64_t room = bench_layout_room(bench_opts_max_size(opts), opts->qps,
					  opts->depth);
	unsigned int i = 0;
	int rc;

	/* messages that this end sends, and those that it receives */
	if (opts->bidirectional || opts->latency)
		room *= 2;
	peer->nr_mrs = opts->mr_per_qp ? opts->qps : 1;
	do {
		rc = bench_mem_open(&peer->mem[i], specs->spec[i], room);
		if (rc)
			return rc;
		peer->nr_mems++;
		rc = reg_mem(peer, i);
		if (rc)
			return rc;
	} while (++i < specs->n);
	return 0;
}

int bench_peer_open(struct bench_peer *peer, const struct bench_specs *specs,
		    const struct bench_nic *nic)
{
	const struct bench_opts *opts = peer->opts;
	struct bench_transport_config config = {
		.nic = nic,
		.qps = opts->qps,
		.depth = opts->depth,
		.rx_depth = opts->op[BENCH_SEND] ? opts->rx_depth : 0,
		.datagram = opts->datagram,
		.events = opts->events,
	};
	int rc;

	rc = opts->transport->open(&config, &peer->t);
	if (!rc)
		rc = open_mems(peer, specs);
	if (rc)
		bench_peer_close(peer);
	return rc;
}

static void close_mem(struct bench_peer *peer, unsigned int i)
{
	uint32_t k;

	for (k = 0; k < peer->nr_mrs; k++)
		peer->t->ops->unreg(peer->t, &peer->mr[i][k]);
	bench_mem_close(&peer->mem[i]);
}

void bench_peer_close(struct bench_peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->nr_mems; i++)
		close_mem(peer, i);
	peer->nr_mems = 0;
	if (peer->t)
		peer->t->ops->close(peer->t);
	peer->t = NULL;
	json_object_put(peer->far_desc);
	peer->far_desc = NULL;
	free(peer->arrived);
	peer->arrived = NULL;
}

static struct json_object *describe_mem(struct bench_peer *peer, unsigned int i)
{
	struct json_object *obj = bench_mem_describe(&peer->mem[i]);
	struct json_object *mr = json_object_new_object();
	uint64_t rkey[BENCH_QPS_MAX];
	uint32_t k;

	for (k = 0; k < peer->nr_mrs; k++)
		rkey[k] = peer->mr[i][k].rkey;
	bench_put_u64(mr, "addr", peer->mr[i][0].addr);
	bench_put_u64(mr, "lkey", peer->mr[i][0].lkey);
	bench_put_u64(mr, "rkey", rkey[0]);
	bench_put_u64(mr, "mrs", peer->nr_mrs);
	bench_put_u64s(mr, "rkeys", rkey, peer->nr_mrs);
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
	bench_put_u64(obj, "protocol", BENCH_PROTOCOL);
	bench_put_u64(obj, "max_message", peer->t->max_message);
	json_object_object_add(obj, "transport", peer->t->ops->describe(peer->t));
	json_object_object_add(obj, "mems", mems);
	return obj;
}

static int learn_mem(struct bench_far_mem *far, struct json_object *mem)
{
	struct json_object *mr = json_object_object_get(mem, "mr");
	uint64_t n = bench_get_u64(mr, "mrs"), rkey[BENCH_QPS_MAX];
	uint32_t k;

	if (!n || n > BENCH_QPS_MAX)
		return -EPROTO;
	far->size = bench_get_u64(mem, "size");
	far->addr = bench_get_u64(mr, "addr");
	far->nr_rkeys = (uint32_t)n;
	bench_get_u64s(mr, "rkeys", rkey, far->nr_rkeys);
	for (k = 0; k < far->nr_rkeys; k++)
		far->rkey[k] = (uint32_t)rkey[k];
	return 0;
}

static int learn_mems(struct bench_peer *peer, struct json_object *mems)
{
	size_t i, n;
	int rc = 0;

	if (!json_object_is_type(mems, json_type_array))
		return -EPROTO;
	n = json_object_array_length(mems);
	if (!n || n > BENCH_MEMS_MAX)
		return -EPROTO;
	for (i = 0; i < n && !rc; i++)
		rc = learn_mem(&peer->far[i], json_object_array_get_idx(mems, i));
	peer->nr_far = (unsigned int)n;
	json_object_put(peer->far_desc);
	peer->far_desc = json_object_get(mems);
	return rc;
}

int bench_peer_connect(struct bench_peer *peer, struct json_object *far)
{
	if (bench_get_u64(far, "protocol") != BENCH_PROTOCOL ||
	    learn_mems(peer, json_object_object_get(far, "mems")))
		return bench_fail(
			-EPROTO,
			"the far end is another version of this program");
	peer->far_max = bench_get_u64(far, "max_message");
	return bench_peer_link(peer, json_object_object_get(far, "transport"));
}

int bench_peer_reset(struct bench_peer *peer)
{
	return peer->t->ops->reset(peer->t);
}

int bench_peer_link(struct bench_peer *peer, struct json_object *transport)
{
	return peer->t->ops->connect(peer->t, transport);
}
