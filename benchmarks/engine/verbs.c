// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <peerbar/verbs.h>

#include "error.h"
#include "memory.h"
#include "verbs.h"

#define MR_ACCESS                                          \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | \
	 IBV_ACCESS_REMOTE_WRITE)
#define POLL_MAX 64

static struct verbs *to_verbs(struct bench_transport *t)
{
	return (struct verbs *)t;
}

static struct verbs *verbs_new(const struct bench_transport_config *config)
{
	struct verbs *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->base.ops = &bench_verbs;
	v->nic = *config->nic;
	v->depth = config->depth;
	v->rx_depth = config->rx_depth;
	v->datagram = config->datagram;
	return v;
}

static int transport_open(const struct bench_transport_config *config,
			  struct bench_transport **out)
{
	struct verbs *v = verbs_new(config);
	int rc;

	if (!v)
		return bench_fail(-ENOMEM, "out of memory");
	rc = verbs_device_open(v);
	if (rc)
		goto err_free;
	rc = verbs_channel_open(v, config->events);
	if (rc)
		goto err_device;
	rc = verbs_qps_create(v, config->qps);
	if (rc)
		goto err_channel;
	*out = &v->base;
	return 0;

err_channel:
	verbs_channel_close(v);
err_device:
	verbs_device_close(v);
err_free:
	free(v);
	return rc;
}

static void transport_close(struct bench_transport *t)
{
	struct verbs *v = to_verbs(t);

	verbs_qps_destroy(v);
	verbs_channel_close(v);
	verbs_device_close(v);
	free(v);
}

static int transport_reg(struct bench_transport *t, struct bench_mem *mem,
			 struct bench_mr *out)
{
	struct verbs *v = to_verbs(t);
	struct ibv_mr *mr;
	int rc;

	if (mem->buffer) {
		rc = peerbar_verbs_reg_mr(v->pd, mem->buffer, 0, mem->size,
					  (uintptr_t)mem->addr, MR_ACCESS, &mr);
		if (rc)
			return bench_fail_lib(
				rc, "registering %s with %s", mem->spec,
				ibv_get_device_name(v->ctx->device));
	} else {
		mr = ibv_reg_mr(v->pd, mem->addr, mem->size, MR_ACCESS);
		if (!mr)
			return bench_fail(-errno, "registering %s with %s: %s",
					  mem->spec,
					  ibv_get_device_name(v->ctx->device),
					  strerror(errno));
	}
	out->priv = mr;
	out->addr = (uintptr_t)mem->addr;
	out->lkey = mr->lkey;
	out->rkey = mr->rkey;
	return 0;
}

static void transport_unreg(struct bench_transport *t, struct bench_mr *mr)
{
	if (mr->priv)
		ibv_dereg_mr(mr->priv);
	memset(mr, 0, sizeof(*mr));
}

static struct json_object *transport_describe(struct bench_transport *t)
{
	return verbs_end_to_json(&to_verbs(t)->self);
}

static int transport_connect(struct bench_transport *t, struct json_object *obj)
{
	struct verbs_end far;
	int rc;

	rc = verbs_end_from_json(obj, &far);
	return rc ? rc : verbs_qps_connect(to_verbs(t), &far);
}

static int transport_reset(struct bench_transport *t)
{
	struct verbs *v = to_verbs(t);
	struct ibv_wc wc[POLL_MAX];
	int rc;

	rc = verbs_qps_reset(v);
	if (rc)
		return rc;
	while ((rc = ibv_poll_cq(v->cq, POLL_MAX, wc)) > 0)
		;
	return rc;
}

static enum ibv_wr_opcode opcode_of(enum bench_op op)
{
	switch (op) {
	case BENCH_READ:
		return IBV_WR_RDMA_READ;
	case BENCH_SEND:
		return IBV_WR_SEND_WITH_IMM;
	default:
		return IBV_WR_RDMA_WRITE;
	}
}

/* the queue is full, which passes, or something is wrong */
static int posted(int rc)
{
	if (rc == ENOMEM)
		return -EAGAIN;
	return rc ? bench_fail(-rc, "posting: %s", strerror(rc)) : 0;
}

static int transport_post(struct bench_transport *t, const struct bench_wr *in)
{
	struct verbs *v = to_verbs(t);
	struct ibv_sge sge = {in->local, in->len, in->lkey};
	struct ibv_send_wr wr = {0}, *bad;

	wr.wr_id = (uint64_t)in->qp << 32 | in->id;
	wr.sg_list = &sge;
	wr.num_sge = 1;
	wr.opcode = opcode_of(in->op);
	wr.send_flags = in->signaled ? IBV_SEND_SIGNALED : 0;
	if (in->op == BENCH_SEND)
		wr.imm_data = htobe32(in->imm);
	if (v->datagram) {
		wr.wr.ud.ah = v->ah;
		wr.wr.ud.remote_qpn = v->far_qpn[in->qp];
		wr.wr.ud.remote_qkey = VERBS_QKEY;
	} else {
		wr.wr.rdma.remote_addr = in->remote;
		wr.wr.rdma.rkey = in->rkey;
	}
	return posted(ibv_post_send(v->qp[in->qp], &wr, &bad));
}

static int transport_recv(struct bench_transport *t, const struct bench_wr *in)
{
	struct verbs *v = to_verbs(t);
	struct ibv_sge sge[2] = {{in->local, in->len, in->lkey}};
	struct ibv_recv_wr wr = {0}, *bad;

	if (v->datagram) {
		sge[1] = sge[0];
		sge[0] = (struct ibv_sge){(uintptr_t)v->grh, sizeof(v->grh),
					  v->grh_mr->lkey};
	}
	wr.wr_id = (uint64_t)in->qp << 32 | in->id;
	wr.sg_list = sge;
	wr.num_sge = v->datagram ? 2 : 1;
	return posted(ibv_post_recv(v->qp[in->qp], &wr, &bad));
}

/* of an error nothing but the ids and the status is certain */
static void translate(const struct verbs *v, const struct ibv_wc *wc,
		      struct bench_completion *c)
{
	*c = (struct bench_completion){
		.qp = (uint32_t)(wc->wr_id >> 32),
		.id = (uint32_t)wc->wr_id,
		.status = (int)wc->status,
	};
	if (wc->status != IBV_WC_SUCCESS) {
		c->error = ibv_wc_status_str(wc->status);
		return;
	}
	if (!(wc->opcode & IBV_WC_RECV))
		return;
	c->received = true;
	c->imm = be32toh(wc->imm_data);
	c->len = wc->byte_len - (v->datagram ? VERBS_GRH_SIZE : 0);
}

static int transport_poll(struct bench_transport *t, struct bench_completion *c,
			  int n)
{
	struct ibv_wc wc[POLL_MAX];
	int i, got;

	got = ibv_poll_cq(to_verbs(t)->cq, n < POLL_MAX ? n : POLL_MAX, wc);
	if (got < 0)
		return bench_fail(-EIO, "polling the completion queue failed");
	for (i = 0; i < got; i++)
		translate(to_verbs(t), &wc[i], &c[i]);
	return got;
}

/*
 * The first call asks to be told and returns, for a completion may have come
 * before it; the next one sleeps.
 */
static int transport_wait(struct bench_transport *t, uint64_t timeout_ns)
{
	struct verbs *v = to_verbs(t);

	return v->armed ? verbs_channel_sleep(v, timeout_ns)
			: verbs_channel_arm(v);
}

const struct bench_transport_ops bench_verbs = {
	.name = "verbs",
	.open = transport_open,
	.close = transport_close,
	.reg = transport_reg,
	.unreg = transport_unreg,
	.describe = transport_describe,
	.connect = transport_connect,
	.reset = transport_reset,
	.post = transport_post,
	.recv = transport_recv,
	.poll = transport_poll,
	.wait = transport_wait,
};
