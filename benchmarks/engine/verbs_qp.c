// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "error.h"
#include "verbs.h"

/* the far end's rnr_timer: how long it asks us to wait after an RNR, 0.64 ms */
#define MIN_RNR_TIMER 12

static int to_init(struct verbs *v, struct ibv_qp *qp)
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
		.ah_attr =
			{
				.dlid = far->lid,
				.port_num = (uint8_t)v->nic.port,
				.is_global = v->use_grh,
				.grh =
					{
						.dgid = far->gid,
						.sgid_index = v->gid_index,
						.hop_limit = 64,
					},
			},
	};

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

int verbs_qps_create(struct verbs *v, uint32_t qps)
{
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.cap = {.max_send_wr = v->depth,
			.max_recv_wr = 1,
			.max_send_sge = 1,
			.max_recv_sge = 1},
	};
	int rc;

	choose_psn(v);
	v->cq = ibv_create_cq(v->ctx, (int)(qps * v->depth), NULL, NULL, 0);
	if (!v->cq)
		return bench_fail(
			-errno,
			"completion queue of %u: %s; try a smaller -t or -q",
			qps * v->depth, strerror(errno));
	init.send_cq = v->cq;
	init.recv_cq = v->cq;
	for (v->nr_qps = 0; v->nr_qps < qps; v->nr_qps++) {
		v->qp[v->nr_qps] = ibv_create_qp(v->pd, &init);
		if (!v->qp[v->nr_qps]) {
			rc = bench_fail(
				-errno, "queue pair %u of depth %u: %s; try a smaller -t or -q",
				v->nr_qps, v->depth, strerror(errno));
			goto err_destroy;
		}
		v->self.qpn[v->nr_qps] = v->qp[v->nr_qps]->qp_num;
		rc = to_init(v, v->qp[v->nr_qps]);
		if (rc) {
			v->nr_qps++;
			rc = bench_fail(-rc, "queue pair to INIT: %s",
					strerror(rc));
			goto err_destroy;
		}
	}
	v->self.nr_qps = v->nr_qps;
	return 0;

err_destroy:
	verbs_qps_destroy(v);
	return rc;
}

void verbs_qps_destroy(struct verbs *v)
{
	while (v->nr_qps)
		ibv_destroy_qp(v->qp[--v->nr_qps]);
	ibv_destroy_cq(v->cq);
}

int verbs_qps_connect(struct verbs *v, const struct verbs_end *far)
{
	uint32_t i;
	int rc;

	if (far->nr_qps != v->nr_qps)
		return bench_fail(-EPROTO,
				  "%u queue pairs here, %u at the far end",
				  v->nr_qps, far->nr_qps);
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

	for (i = 0; i < v->nr_qps && !rc; i++)
		rc = to_reset_and_init(v, v->qp[i]);
	if (rc)
		return bench_fail(-rc, "queue pair to RESET: %s", strerror(rc));
	choose_psn(v);
	return 0;
}
