/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside of the verbs transport; everybody else includes transport.h. */
#ifndef BENCH_VERBS_H
#define BENCH_VERBS_H

#include <infiniband/verbs.h>

#include "transport.h"

/**
 * struct verbs_end - what one end tells the other
 * @gid: of the port; all zero on InfiniBand without GRH
 * @lid: of the port
 * @mtu: enum ibv_mtu that this end can take
 * @psn: first packet sequence number
 * @qpn: QP numbers
 * @nr_qps: how many
 */
struct verbs_end {
	union ibv_gid gid;
	uint16_t lid;
	enum ibv_mtu mtu;
	uint32_t psn;
	uint32_t qpn[BENCH_QPS_MAX];
	uint32_t nr_qps;
};

#define VERBS_GRH_SIZE 40
/** of every UD QP, so that both ends know it */
#define VERBS_QKEY 0x70626172

/**
 * struct verbs - the transport
 * @base: see struct bench_transport
 * @nic: as asked for
 * @ctx: open device
 * @pd: protection domain
 * @cq: one for all QPs
 * @qp: queue pairs
 * @nr_qps: how many there are by now
 * @depth: WRs in flight for each
 * @rx_depth: receives posted for each
 * @datagram: UD instead of RC
 * @channel: tells of completions; NULL when nobody waits for them
 * @armed: the next completion will be told
 * @ah: UD: the far end's address, NULL when not connected
 * @far_qpn: UD: its QPs
 * @grh: UD: where the address in front of every message goes
 * @grh_mr: its MR
 * @gid_index: of the port, where GRH is used
 * @use_grh: RoCE, or asked for by a GID index
 * @reads: RDMA READs in flight that the device takes
 * @self: this end
 */
struct verbs {
	struct bench_transport base;
	struct bench_nic nic;
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp[BENCH_QPS_MAX];
	uint32_t nr_qps;
	uint32_t depth;
	uint32_t rx_depth;
	bool datagram;
	struct ibv_comp_channel *channel;
	bool armed;
	struct ibv_ah *ah;
	uint32_t far_qpn[BENCH_QPS_MAX];
	uint8_t grh[VERBS_GRH_SIZE];
	struct ibv_mr *grh_mr;
	uint8_t gid_index;
	bool use_grh;
	uint8_t reads;
	struct verbs_end self;
};

/** verbs_device_open - fill ctx, pd, port attributes */
int verbs_device_open(struct verbs *v);
void verbs_device_close(struct verbs *v);

/** verbs_channel_open - how to be told of completions, when @wanted */
int verbs_channel_open(struct verbs *v, bool wanted);
void verbs_channel_close(struct verbs *v);

/** verbs_channel_arm - tell of the next completion */
int verbs_channel_arm(struct verbs *v);

/** verbs_channel_sleep - until told, at most @timeout_ns */
int verbs_channel_sleep(struct verbs *v, uint64_t timeout_ns);

/** verbs_qps_create - completion queue and QPs, in state INIT */
int verbs_qps_create(struct verbs *v, uint32_t qps);
void verbs_qps_destroy(struct verbs *v);

/** verbs_address - how to reach the far end */
void verbs_address(const struct verbs *v, const struct verbs_end *far,
		   struct ibv_ah_attr *out);

/** verbs_ud_init - one QP, RESET to INIT */
int verbs_ud_init(struct verbs *v, struct ibv_qp *qp);

/** verbs_ud_connect - all QPs, INIT to RTS */
int verbs_ud_connect(struct verbs *v, const struct verbs_end *far);

/** verbs_ud_forget - the far end, before QPs are reset or destroyed */
void verbs_ud_forget(struct verbs *v);

/** verbs_qps_connect - INIT to RTS */
int verbs_qps_connect(struct verbs *v, const struct verbs_end *far);

/** verbs_qps_reset - any state to INIT; drops what was in flight */
int verbs_qps_reset(struct verbs *v);

/** verbs_end_to_json - NULL without memory */
struct json_object *verbs_end_to_json(const struct verbs_end *end);
int verbs_end_from_json(struct json_object *obj, struct verbs_end *end);

#endif /* BENCH_VERBS_H */
