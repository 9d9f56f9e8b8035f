// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UCX: put, get, and tags for SEND.  A WRITE has ended when the far end has the
 * bytes, which only a flush tells; it is asked for with those that are signaled.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "ucx.h"

#define TAG_QP(qp) ((ucp_tag_t)(qp) << 32)
#define TAG_MASK   (~(ucp_tag_t)0 << 32)

static struct ucx *to_ucx(struct bench_transport *t)
{
	return (struct ucx *)t;
}

static int allocate(struct ucx *u, const struct bench_transport_config *config)
{
	u->qps = config->qps;
	u->nr_ops = config->qps * (config->depth + config->rx_depth);
	u->ops = calloc(u->nr_ops, sizeof(*u->ops));
	u->done = calloc(u->nr_ops + 1, sizeof(*u->done));
	return u->ops && u->done ? 0 : bench_fail(-ENOMEM, "out of memory");
}

static void release(struct ucx *u)
{
	free(u->ops);
	free(u->done);
	free(u);
}

static int open_all(struct ucx *u, const struct bench_transport_config *config)
{
	int rc;

	rc = allocate(u, config);
	if (!rc)
		rc = ucx_open_context(u, config->nic);
	if (rc)
		return rc;
	rc = ucx_open_worker(u);
	if (rc)
		goto err_context;
	rc = ucx_start(u);
	if (rc)
		goto err_worker;
	return 0;

err_worker:
	ucx_close_worker(u);
err_context:
	ucx_close_context(u);
	return rc;
}

static int open_mode(const struct bench_transport_ops *ops,
		     ucp_err_handling_mode_t err_mode,
		     const struct bench_transport_config *config,
		     struct bench_transport **out)
{
	struct ucx *u;
	int rc;

	if (config->datagram)
		return bench_fail(-EOPNOTSUPP,
				  "datagrams are for --transport verbs");
	u = calloc(1, sizeof(*u));
	if (!u)
		return bench_fail(-ENOMEM, "out of memory");
	u->base.ops = ops;
	u->err_mode = err_mode;
	u->base.max_message = BENCH_SIZE_MAX;
	pthread_mutex_init(&u->lock, NULL);
	rc = open_all(u, config);
	if (rc) {
		release(u);
		return rc;
	}
	*out = &u->base;
	return 0;
}

static void transport_close(struct bench_transport *t)
{
	struct ucx *u = to_ucx(t);

	ucx_stop(u);
	ucx_close_worker(u);
	ucx_close_context(u);
	pthread_mutex_destroy(&u->lock);
	release(u);
}

static int transport_reg(struct bench_transport *t, struct bench_mem *mem,
			 struct bench_mr *out)
{
	struct ucx *u = to_ucx(t);
	int rc;

	pthread_mutex_lock(&u->lock);
	rc = ucx_reg(u, mem, out);
	pthread_mutex_unlock(&u->lock);
	return rc;
}

static void transport_unreg(struct bench_transport *t, struct bench_mr *mr)
{
	struct ucx *u = to_ucx(t);

	pthread_mutex_lock(&u->lock);
	/* what is still under way may be copied by UCX, whenever it progresses */
	ucx_close_worker(u);
	if (mr->priv)
		ucx_unreg(u, mr->priv);
	pthread_mutex_unlock(&u->lock);
	memset(mr, 0, sizeof(*mr));
}

static struct json_object *transport_describe(struct bench_transport *t)
{
	struct ucx *u = to_ucx(t);
	struct json_object *obj;

	pthread_mutex_lock(&u->lock);
	obj = ucx_describe(u);
	pthread_mutex_unlock(&u->lock);
	return obj;
}

static int transport_connect(struct bench_transport *t, struct json_object *far)
{
	struct ucx *u = to_ucx(t);
	int rc;

	pthread_mutex_lock(&u->lock);
	rc = ucx_connect(u, far);
	pthread_mutex_unlock(&u->lock);
	return rc;
}

static int transport_reset(struct bench_transport *t)
{
	struct ucx *u = to_ucx(t);
	int rc;

	pthread_mutex_lock(&u->lock);
	ucx_close_worker(u);
	rc = ucx_open_worker(u);
	pthread_mutex_unlock(&u->lock);
	return rc;
}

static void op_done(struct ucx_op *op, ucs_status_t status)
{
	struct ucx *u = op->u;

	if (status != UCS_OK && !op->c.status) {
		op->c.status = -(int)status;
		op->c.error = ucs_status_string(status);
	}
	if (--op->pending)
		return;
	if (op->signaled || op->c.status) {
		u->done[u->done_tail] = op->c;
		u->done_tail = (u->done_tail + 1) % (u->nr_ops + 1);
	}
	op->request = NULL;
	op->next = u->free;
	u->free = op;
}

static void on_done(void *request, ucs_status_t status, void *arg)
{
	op_done(arg, status);
	ucp_request_free(request);
}

static void on_received(void *request, ucs_status_t status,
			const ucp_tag_recv_info_t *info, void *arg)
{
	struct ucx_op *op = arg;

	op->c.len = (uint32_t)info->length;
	op->c.imm = (uint32_t)info->sender_tag;
	on_done(request, status, arg);
}

/* It may have ended already, and then nobody calls back. */
static void began(struct ucx_op *op, ucs_status_ptr_t request)
{
	if (!UCS_PTR_IS_PTR(request))
		op_done(op, UCS_PTR_STATUS(request));
}

static struct ucx_op *new_op(struct ucx *u, const struct bench_wr *wr)
{
	struct ucx_op *op = u->free;

	if (!op)
		return NULL;
	u->free = op->next;
	*op = (struct ucx_op){
		.u = u,
		.pending = 1,
		.signaled = wr->signaled,
		.c = {.qp = wr->qp, .id = wr->id},
	};
	return op;
}

static ucs_status_t key_of(struct ucx *u, const struct bench_wr *wr,
			   ucp_rkey_h *out)
{
	ucp_rkey_h *rkey = &u->rkey[wr->qp][wr->rkey];
	ucs_status_t status = UCS_OK;

	if (!*rkey)
		status = ucp_ep_rkey_unpack(u->ep[wr->qp],
					    u->far[wr->rkey].packed, rkey);
	*out = *rkey;
	return status;
}

static void put(struct ucx *u, struct ucx_op *op, const struct bench_wr *wr,
		ucp_rkey_h rkey, const ucp_request_param_t *param)
{
	ucp_ep_h ep = u->ep[wr->qp];
	ucp_request_param_t flush = *param;

	op->pending += wr->signaled;
	began(op, ucp_put_nbx(ep, (void *)(uintptr_t)wr->local, wr->len,
			      wr->remote, rkey, param));
	if (!wr->signaled)
		return;
	flush.op_attr_mask &= ~(uint32_t)UCP_OP_ATTR_FIELD_MEMH;
	began(op, ucp_ep_flush_nbx(ep, &flush));
}

static int begin(struct ucx *u, struct ucx_op *op, const struct bench_wr *wr)
{
	const ucp_request_param_t param = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
				UCP_OP_ATTR_FIELD_USER_DATA |
				UCP_OP_ATTR_FIELD_MEMH,
		.cb.send = on_done,
		.user_data = op,
		.memh = u->key[wr->lkey].memh,
	};
	void *local = (void *)(uintptr_t)wr->local;
	ucp_ep_h ep = u->ep[wr->qp];
	ucs_status_t status;
	ucp_rkey_h rkey;

	if (wr->op == BENCH_SEND) {
		began(op, ucp_tag_send_nbx(ep, local, wr->len,
					   TAG_QP(wr->qp) | wr->imm, &param));
		return 0;
	}
	status = key_of(u, wr, &rkey);
	if (status != UCS_OK) {
		op->next = u->free;
		u->free = op;
		return ucx_fail(status, "the far end's key");
	}
	if (wr->op == BENCH_READ)
		began(op,
		      ucp_get_nbx(ep, local, wr->len, wr->remote, rkey, &param));
	else
		put(u, op, wr, rkey, &param);
	return 0;
}

static int transport_post(struct bench_transport *t, const struct bench_wr *wr)
{
	struct ucx *u = to_ucx(t);
	struct ucx_op *op;
	int rc;

	pthread_mutex_lock(&u->lock);
	op = new_op(u, wr);
	rc = op ? begin(u, op, wr) : -EAGAIN;
	pthread_mutex_unlock(&u->lock);
	return rc;
}

static int transport_recv(struct bench_transport *t, const struct bench_wr *wr)
{
	struct ucx *u = to_ucx(t);
	ucp_request_param_t param = {
		.op_attr_mask =
			UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA |
			UCP_OP_ATTR_FIELD_MEMH | UCP_OP_ATTR_FLAG_NO_IMM_CMPL,
		.cb.recv = on_received,
		.memh = u->key[wr->lkey].memh,
	};
	ucs_status_ptr_t request;
	struct ucx_op *op;

	pthread_mutex_lock(&u->lock);
	op = new_op(u, wr);
	if (op) {
		op->signaled = true;
		op->c.received = true;
		param.user_data = op;
		request = ucp_tag_recv_nbx(u->worker,
					   (void *)(uintptr_t)wr->local, wr->len,
					   TAG_QP(wr->qp), TAG_MASK, &param);
		if (UCS_PTR_IS_PTR(request))
			op->request = request;
		else
			op_done(op, UCS_PTR_STATUS(request));
	}
	pthread_mutex_unlock(&u->lock);
	return op ? 0 : -EAGAIN;
}

static int transport_poll(struct bench_transport *t, struct bench_completion *c,
			  int n)
{
	struct ucx *u = to_ucx(t);
	int got = 0;

	pthread_mutex_lock(&u->lock);
	if (u->done_head == u->done_tail)
		ucp_worker_progress(u->worker);
	while (got < n && u->done_head != u->done_tail) {
		c[got++] = u->done[u->done_head];
		u->done_head = (u->done_head + 1) % (u->nr_ops + 1);
	}
	pthread_mutex_unlock(&u->lock);
	atomic_store(&u->used_ns, bench_now());
	return got;
}

static int transport_wait(struct bench_transport *t, uint64_t timeout_ns)
{
	struct ucx *u = to_ucx(t);
	struct pollfd fd = {.events = POLLIN};
	bool armed;

	pthread_mutex_lock(&u->lock);
	fd.fd = u->event_fd;
	armed = u->done_head == u->done_tail &&
		ucp_worker_arm(u->worker) == UCS_OK;
	pthread_mutex_unlock(&u->lock);
	if (armed &&
	    poll(&fd, 1, (int)(timeout_ns / BENCH_NSEC_PER_MSEC) + 1) < 0 &&
	    errno != EINTR)
		return bench_fail(-errno, "waiting for an event: %s",
				  strerror(errno));
	return 0;
}

#define TRANSPORT(id, title, err_mode)                                    \
	static int open_##id(const struct bench_transport_config *config, \
			     struct bench_transport **out)                \
	{                                                                 \
		return open_mode(&id, err_mode, config, out);             \
	}                                                                 \
	BENCH_TRANSPORT_OPS(id, title)

/* an end that leaves is an error of what is under way; UCX may get by messages */
TRANSPORT(bench_ucx, "ucx", UCP_ERR_HANDLING_MODE_PEER)

/* as ucx_perftest and MPI: what is under way then never ends */
TRANSPORT(bench_ucx_plain, "ucx-plain", UCP_ERR_HANDLING_MODE_NONE)
