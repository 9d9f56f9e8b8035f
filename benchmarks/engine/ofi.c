// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libfabric: RMA, and tagged messages for SEND, between reliable datagram
 * endpoints.  Over verbs, and over tcp for comparison.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/fi_rma.h>
#include <rdma/fi_tagged.h>

#include <peerbar/ofi.h>

#include "error.h"
#include "memory.h"
#include "ofi.h"

#define MR_ACCESS                                                  \
	(FI_SEND | FI_RECV | FI_READ | FI_WRITE | FI_REMOTE_READ | \
	 FI_REMOTE_WRITE)
#define POLL_MAX 16

static struct ofi *to_ofi(struct bench_transport *t)
{
	return (struct ofi *)t;
}

static int open_stack(const struct ofi_stack *stack,
		      const struct bench_transport_config *config,
		      struct bench_transport **out)
{
	struct ofi *o = calloc(1, sizeof(*o));
	int rc;

	if (!o)
		return bench_fail(-ENOMEM, "out of memory");
	o->base.ops = stack->ops;
	o->stack = stack;
	rc = ofi_open(o, config);
	if (rc)
		goto err_free;
	rc = ofi_ends_open(o);
	if (rc)
		goto err_close;
	*out = &o->base;
	return 0;

err_close:
	ofi_close(o);
err_free:
	free(o);
	return rc;
}

static void transport_close(struct bench_transport *t)
{
	ofi_ends_close(to_ofi(t));
	ofi_close(to_ofi(t));
	free(t);
}

static int reg(struct ofi *o, struct bench_mem *mem, struct fid_mr **mr)
{
	int rc;

	if (mem->buffer && o->stack->dmabuf) {
		rc = peerbar_ofi_mr_reg(o->domain, mem->buffer, 0, mem->size,
					mem->addr, MR_ACCESS, ++o->key, mr);
		return rc ? bench_fail_lib(rc, "registering %s", mem->spec) : 0;
	}
	rc = fi_mr_reg(o->domain, mem->addr, mem->size, MR_ACCESS, 0, ++o->key,
		       0, mr, NULL);
	return rc ? ofi_fail(rc, "registering memory") : 0;
}

static int transport_reg(struct bench_transport *t, struct bench_mem *mem,
			 struct bench_mr *out)
{
	struct ofi *o = to_ofi(t);
	struct ofi_base *base;
	uint32_t i = 0;
	int rc;

	while (i < OFI_MRS_MAX && o->mr[i])
		i++;
	if (i == OFI_MRS_MAX)
		return bench_fail(-ENOSPC, "too many registrations");
	rc = reg(o, mem, &o->mr[i]);
	if (rc)
		return rc;
	base = &o->near[i];
	base->key = (uint32_t)fi_mr_key(o->mr[i]);
	base->addr = (uintptr_t)mem->addr;
	base->base =
		o->info->domain_attr->mr_mode & FI_MR_VIRT_ADDR ? base->addr : 0;
	out->priv = &o->mr[i];
	out->addr = base->addr;
	out->lkey = i;
	out->rkey = base->key;
	return 0;
}

static void transport_unreg(struct bench_transport *t, struct bench_mr *mr)
{
	struct fid_mr **registered = mr->priv;

	if (registered) {
		fi_close(&(*registered)->fid);
		*registered = NULL;
	}
	memset(mr, 0, sizeof(*mr));
}

static struct json_object *transport_describe(struct bench_transport *t)
{
	return ofi_describe(to_ofi(t));
}

static int transport_connect(struct bench_transport *t, struct json_object *far)
{
	return ofi_connect(to_ofi(t), far);
}

static int transport_reset(struct bench_transport *t)
{
	ofi_ends_close(to_ofi(t));
	return ofi_ends_open(to_ofi(t));
}

static struct ofi_op *take_op(struct ofi *o, const struct bench_wr *wr,
			      bool received)
{
	struct ofi_op *op = o->free_op;

	if (!op)
		return NULL;
	o->free_op = op->next;
	op->qp = wr->qp;
	op->id = wr->id;
	op->signaled = wr->signaled || received;
	op->received = received;
	return op;
}

static void give_op(struct ofi *o, struct ofi_op *op)
{
	op->next = o->free_op;
	o->free_op = op;
}

/* the queue is full or the connection is not made yet, or something is wrong */
static int begun(struct ofi *o, struct ofi_op *op, ssize_t rc)
{
	if (rc)
		give_op(o, op);
	if (rc == -FI_EAGAIN)
		return -EAGAIN;
	return rc ? ofi_fail((int)rc, "posting") : 0;
}

static ssize_t send_tagged(struct ofi *o, const struct bench_wr *wr,
			   const struct iovec *iov, void **desc, void *context)
{
	const struct fi_msg_tagged msg = {
		.msg_iov = iov,
		.desc = desc,
		.iov_count = 1,
		.addr = o->far_ep[wr->qp],
		.tag = wr->qp,
		.context = context,
		.data = wr->imm,
	};

	return fi_tsendmsg(o->ep[wr->qp], &msg,
			   FI_REMOTE_CQ_DATA | FI_COMPLETION);
}

static ssize_t rma(struct ofi *o, const struct bench_wr *wr,
		   const struct iovec *iov, void **desc, void *context)
{
	const struct fi_rma_iov far = {
		.addr = ofi_far_addr(o, wr->rkey, wr->remote),
		.len = wr->len,
		.key = wr->rkey,
	};
	const struct fi_msg_rma msg = {
		.msg_iov = iov,
		.desc = desc,
		.iov_count = 1,
		.addr = o->far_ep[wr->qp],
		.rma_iov = &far,
		.rma_iov_count = 1,
		.context = context,
	};

	if (wr->op == BENCH_READ)
		return fi_readmsg(o->ep[wr->qp], &msg, FI_COMPLETION);
	return fi_writemsg(o->ep[wr->qp], &msg,
			   FI_COMPLETION | o->stack->delivered);
}

/* All of them complete, or room would never be free again. */
static int transport_post(struct bench_transport *t, const struct bench_wr *wr)
{
	struct ofi *o = to_ofi(t);
	struct iovec iov = {(void *)(uintptr_t)wr->local, wr->len};
	void *desc = fi_mr_desc(o->mr[wr->lkey]);
	struct ofi_op *op = take_op(o, wr, false);
	ssize_t rc;

	if (!op)
		return -EAGAIN;
	rc = wr->op == BENCH_SEND ? send_tagged(o, wr, &iov, &desc, op)
				  : rma(o, wr, &iov, &desc, op);
	return begun(o, op, rc);
}

static int transport_recv(struct bench_transport *t, const struct bench_wr *wr)
{
	struct ofi *o = to_ofi(t);
	struct ofi_op *op = take_op(o, wr, true);

	if (!op)
		return -EAGAIN;
	return begun(o, op,
		     fi_trecv(o->ep[wr->qp], (void *)(uintptr_t)wr->local,
			      wr->len, fi_mr_desc(o->mr[wr->lkey]),
			      FI_ADDR_UNSPEC, wr->qp, 0, op));
}

static bool translate(struct ofi *o, const struct fi_cq_tagged_entry *entry,
		      struct bench_completion *c)
{
	struct ofi_op *op = entry->op_context;

	give_op(o, op);
	*c = (struct bench_completion){
		.qp = op->qp,
		.id = op->id,
		.received = op->received,
		.len = op->received ? (uint32_t)entry->len : 0,
		.imm = op->received ? (uint32_t)entry->data : 0,
	};
	return op->signaled;
}

/* 1, or 0 when it was no operation that failed but a connection, say */
static int translate_error(struct ofi *o, struct bench_completion *c)
{
	struct fi_cq_err_entry err = {0};
	struct ofi_op *op;

	if (fi_cq_readerr(o->cq, &err, 0) != 1 || !err.op_context)
		return 0;
	op = err.op_context;
	give_op(o, op);
	*c = (struct bench_completion){
		.qp = op->qp,
		.id = op->id,
		.received = op->received,
		.status = err.err,
		.error = fi_strerror(err.err),
	};
	return 1;
}

static int transport_poll(struct bench_transport *t, struct bench_completion *c,
			  int n)
{
	struct fi_cq_tagged_entry entry[POLL_MAX];
	struct ofi *o = to_ofi(t);
	ssize_t i, got;
	int out = 0;

	got = fi_cq_read(o->cq, entry, (size_t)(n < POLL_MAX ? n : POLL_MAX));
	if (got == -FI_EAGAIN)
		return 0;
	if (got == -FI_EAVAIL)
		return translate_error(o, c);
	if (got < 0)
		return ofi_fail((int)got, "polling the completion queue");
	for (i = 0; i < got; i++)
		out += translate(o, &entry[i], &c[out]);
	return out;
}

/* Sleeping is left to who polls: providers make progress when they are asked. */
static int transport_wait(struct bench_transport *t, uint64_t timeout_ns)
{
	return 0;
}

#define TRANSPORT(id, title)                                              \
	static int open_##id(const struct bench_transport_config *config, \
			     struct bench_transport **out)                \
	{                                                                 \
		return open_stack(&stack_##id, config, out);              \
	}                                                                 \
	BENCH_TRANSPORT_OPS(id, title)

/* an acknowledged write of verbs has arrived */
static const struct ofi_stack stack_bench_ofi = {
	.ops = &bench_ofi,
	.providers = "verbs;ofi_rxm",
	.dmabuf = true,
};

static const struct ofi_stack stack_bench_ofi_tcp = {
	.ops = &bench_ofi_tcp,
	.providers = "tcp;ofi_rxm",
	.delivered = FI_DELIVERY_COMPLETE,
};

TRANSPORT(bench_ofi, "ofi")
TRANSPORT(bench_ofi_tcp, "ofi-tcp")
