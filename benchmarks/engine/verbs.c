// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
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

static int transport_open(const struct bench_nic *nic, uint32_t qps,
			  uint32_t depth, struct bench_transport **out)
{
	struct verbs *v = calloc(1, sizeof(*v));
	int rc;

	if (!v)
		return bench_fail(-ENOMEM, "out of memory");
	v->base.ops = &bench_verbs;
	v->nic = *nic;
	v->depth = depth;
	rc = verbs_device_open(v);
	if (rc)
		goto err_free;
	rc = verbs_qps_create(v, qps);
	if (rc)
		goto err_close;
	*out = &v->base;
	return 0;

err_close:
	verbs_device_close(v);
err_free:
	free(v);
	return rc;
}

static void transport_close(struct bench_transport *t)
{
	struct verbs *v = to_verbs(t);

	verbs_qps_destroy(v);
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

static int transport_post(struct bench_transport *t, const struct bench_wr *in)
{
	struct ibv_sge sge = {
		.addr = in->local,
		.length = in->len,
		.lkey = in->lkey,
	};
	struct ibv_send_wr wr =
				   {
					   .wr_id = (uint64_t)in->qp << 32 |
						    in->id,
					   .sg_list = &sge,
					   .num_sge = 1,
					   .opcode = in->op == BENCH_READ
							     ? IBV_WR_RDMA_READ
							     : IBV_WR_RDMA_WRITE,
					   .send_flags = in->signaled
								 ? IBV_SEND_SIGNALED
								 : 0,
					   .wr.rdma = {.remote_addr = in->remote,
						       .rkey = in->rkey},
				   },
			   *bad;
	int rc;

	rc = ibv_post_send(to_verbs(t)->qp[in->qp], &wr, &bad);
	if (rc == ENOMEM)
		return -EAGAIN;
	return rc ? bench_fail(-rc, "posting: %s", strerror(rc)) : 0;
}

static int transport_poll(struct bench_transport *t, struct bench_completion *c,
			  int n)
{
	struct ibv_wc wc[POLL_MAX];
	int i, got;

	got = ibv_poll_cq(to_verbs(t)->cq, n < POLL_MAX ? n : POLL_MAX, wc);
	if (got < 0)
		return bench_fail(-EIO, "polling the completion queue failed");
	for (i = 0; i < got; i++) {
		c[i].qp = (uint32_t)(wc[i].wr_id >> 32);
		c[i].id = (uint32_t)wc[i].wr_id;
		c[i].status = (int)wc[i].status;
		c[i].error = wc[i].status == IBV_WC_SUCCESS
				     ? NULL
				     : ibv_wc_status_str(wc[i].status);
	}
	return got;
}

const struct bench_transport_ops bench_verbs = {
	.name = "verbs RC",
	.open = transport_open,
	.close = transport_close,
	.reg = transport_reg,
	.unreg = transport_unreg,
	.describe = transport_describe,
	.connect = transport_connect,
	.reset = transport_reset,
	.post = transport_post,
	.poll = transport_poll,
};
