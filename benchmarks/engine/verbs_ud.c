// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Unreliable datagrams. */
#include <errno.h>
#include <string.h>

#include "error.h"
#include "verbs.h"

int verbs_ud_init(struct verbs *v, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = (uint8_t)v->nic.port,
		.qkey = VERBS_QKEY,
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				     IBV_QP_QKEY);
}

static int to_rts(struct verbs *v, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {.qp_state = IBV_QPS_RTR};
	int rc;

	rc = ibv_modify_qp(qp, &attr, IBV_QP_STATE);
	if (rc)
		return rc;
	attr.qp_state = IBV_QPS_RTS;
	attr.sq_psn = v->self.psn;
	return ibv_modify_qp(qp, &attr, IBV_QP_STATE | IBV_QP_SQ_PSN);
}

int verbs_ud_connect(struct verbs *v, const struct verbs_end *far)
{
	struct ibv_ah_attr address;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < v->nr_qps && !rc; i++)
		rc = to_rts(v, v->qp[i]);
	if (rc)
		return bench_fail(-rc, "queue pair to RTS: %s", strerror(rc));
	verbs_address(v, far, &address);
	v->ah = ibv_create_ah(v->pd, &address);
	if (!v->ah)
		return bench_fail(
			-errno,
			"address handle: %s; is the far end's address "
			"reachable from this port?",
			strerror(errno));
	memcpy(v->far_qpn, far->qpn, sizeof(v->far_qpn));
	return 0;
}

void verbs_ud_forget(struct verbs *v)
{
	if (v->ah)
		ibv_destroy_ah(v->ah);
	v->ah = NULL;
}
