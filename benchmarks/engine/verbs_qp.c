// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "verbs.h"

/* the far end's rnr_timer: how long it asks us to wait after an RNR, 0.64 ms */
#define MIN_RNR_TIMER 12

static int rc_init(struct verbs *v, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = (uint8_t)v->nic.port,
		.qp_access_flags = IBV_ACCESS_LOCAL_WRITE |
				   IBV_ACCESS_REMOTE_READ |
				   IBV_ACCESS_REMOTE_WRITE,
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				     IBV_QP_ACCESS_FLAGS);
}

static int to_init(struct verbs *v, struct ibv_qp *qp)
{
	return v->datagram ? verbs_ud_init(v, qp) : rc_init(v, qp);
}

void verbs_address(const struct verbs *v, const struct verbs_end *far,
		   struct ibv_ah_attr *out)
{
	*out = (struct ibv_ah_attr){
		.dlid = far->lid,
		.port_num = (uint8_t)v->nic.port,
		.is_global = v->use_grh,
		.grh =
			{
				.dgid = far->gid,
				.sgid_index = v->gid_index,
				.hop_limit = 64,
			},
	};
}

static int to_rtr(struct verbs *v, struct ibv_qp *qp, uint32_t i,
		  const struct verbs_end *far)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = far->mtu < v->self.mtu ? far->mtu : v->self.mtu,
		.dest_qp_num = far->qpn[i],
		.rq_psn = far->psn,
		.max_dest_rd_atomic = v->reads,
		.min_rnr_timer = MIN_RNR_TIMER,
	};

	verbs_address(v, far, &attr.ah_attr);
	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
				     IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
				     IBV_QP_MAX_DEST_RD_ATOMIC |
				     IBV_QP_MIN_RNR_TIMER);
}

static int to_rts(struct verbs *v, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.timeout = (uint8_t)v->nic.timeout,
		.retry_cnt = (uint8_t)v->nic.retries,
		.rnr_retry = (uint8_t)v->nic.rnr_retries,
		.sq_psn = v->self.psn,
		.max_rd_atomic = v->reads,
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
				     IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
				     IBV_QP_MAX_QP_RD_ATOMIC);
}

/* anew with each connection: what is left of the last one must not fit */
static void choose_psn(struct verbs *v)
{
	getrandom(&v->self.psn, sizeof(v->self.psn), 0);
	v->self.psn &= 0xffffff;
}

static int create_cq(struct verbs *v, uint32_t qps)
{
	uint32_t entries = qps * (v->depth + v->rx_depth);

	v->cq = ibv_create_cq(v->ctx, (int)entries, NULL, v->channel, 0);
	if (!v->cq)
		return bench_fail(
			-errno, "completion queue of %u: %s; try a smaller -t, -r or -q",
			entries, strerror(errno));
	return 0;
}

static int create_qp(struct verbs *v)
{
	struct ibv_qp_init_attr init = {
		.send_cq = v->cq,
		.recv_cq = v->cq,
		.qp_type = v->datagram ? IBV_QPT_UD : IBV_QPT_RC,
		.cap = {.max_send_wr = v->depth,
			.max_recv_wr = v->rx_depth ? v->rx_depth : 1,
			.max_send_sge = 1,
			.max_recv_sge = v->datagram ? 2 : 1},
	};
	struct ibv_qp *qp = ibv_create_qp(v->pd, &init);
	int rc;

	if (!qp)
		return bench_fail(
			-errno, "queue pair %u of depth %u: %s; try a smaller -t, -r or -q",
			v->nr_qps, v->depth, strerror(errno));
	v->self.qpn[v->nr_qps] = qp->qp_num;
	v->qp[v->nr_qps++] = qp;
	rc = to_init(v, qp);
	return rc ? bench_fail(-rc, "queue pair to INIT: %s", strerror(rc)) : 0;
}

int verbs_qps_create(struct verbs *v, uint32_t qps)
{
	int rc;

	choose_psn(v);
	rc = create_cq(v, qps);
	if (rc)
		return rc;
	while (!rc && v->nr_qps < qps)
		rc = create_qp(v);
	if (rc)
		verbs_qps_destroy(v);
	v->self.nr_qps = v->nr_qps;
	return rc;
}

void verbs_qps_destroy(struct verbs *v)
{
	verbs_ud_forget(v);
	while (v->nr_qps)
		ibv_destroy_qp(v->qp[--v->nr_qps]);
	ibv_destroy_cq(v->cq);
}

static int rc_connect(struct verbs *v, const struct verbs_end *far)
{
	uint32_t i;
	int rc;

	for (i = 0; i < v->nr_qps; i++) {
		rc = to_rtr(v, v->qp[i], i, far);
		if (rc)
			return bench_fail(
				-rc, "queue pair to RTR: %s; is the far end's address reachable from this port?",
				strerror(rc));
		rc = to_rts(v, v->qp[i]);
		if (rc)
			return bench_fail(-rc, "queue pair to RTS: %s",
					  strerror(rc));
	}
	return 0;
}

int verbs_qps_connect(struct verbs *v, const struct verbs_end *far)
{
	if (far->nr_qps != v->nr_qps)
		return bench_fail(-EPROTO,
				  "%u queue pairs here, %u at the far end",
				  v->nr_qps, far->nr_qps);
	return v->datagram ? verbs_ud_connect(v, far) : rc_connect(v, far);
}

static int to_reset_and_init(struct verbs *v, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RESET};
	int rc, tries;

	/*
	 * A provider that still has an error in hand may put the QP into state
	 * ERR after the RESET (rxe does); RESET also waits for it to finish.
	 */
	for (tries = 0; tries < 2; tries++) {
		rc = ibv_modify_qp(qp, &attr, IBV_QP_STATE);
		if (!rc)
			rc = to_init(v, qp);
		if (rc != EINVAL)
			break;
	}
	return rc;
}

int verbs_qps_reset(struct verbs *v)
{
	uint32_t i;
	int rc = 0;

	verbs_ud_forget(v);
	for (i = 0; i < v->nr_qps && !rc; i++)
		rc = to_reset_and_init(v, v->qp[i]);
	if (rc)
		return bench_fail(-rc, "queue pair to RESET: %s", strerror(rc));
	choose_psn(v);
	return 0;
}
