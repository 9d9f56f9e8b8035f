// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libibverbs with peerbar_verbs_reg_mr(): two RC QPs of one NIC. */
#include <errno.h>
#include <stdlib.h>

#include <verbs.h>

#include "provider.h"

struct verbs {
	struct prov prov;
	struct fx_nic *nic;
	struct fx_pair *pair;
};

struct region {
	struct prov_region region;
	struct ibv_mr *mr;
};

static struct verbs *to_verbs(struct prov *prov)
{
	return (struct verbs *)prov;
}

static struct ibv_mr *mr_of(struct prov_region *region)
{
	return ((struct region *)region)->mr;
}

static struct prov *verbs_open(struct fx *fx);

static void verbs_close(struct prov *prov)
{
	struct verbs *v = to_verbs(prov);

	fx_drop(prov->fx, v->pair);
	fx_drop(prov->fx, v->nic);
	free(v);
}

static void verbs_reconnect(struct prov *prov)
{
	fx_pair_again(to_verbs(prov)->pair);
}

static int access_of(unsigned int rights)
{
	int access = IBV_ACCESS_LOCAL_WRITE;

	if (rights & PROV_REMOTE_READ)
		access |= IBV_ACCESS_REMOTE_READ;
	if (rights & PROV_REMOTE_WRITE)
		access |= IBV_ACCESS_REMOTE_WRITE;
	return access;
}

static int reg_mr(struct ibv_pd *pd, const struct prov_memory *mem,
		  uint64_t offset, size_t len, int access, struct ibv_mr **mr)
{
	if (mem->buf)
		return peerbar_verbs_reg_mr(pd, mem->buf, offset, len, offset,
					    access, mr);
	*mr = ibv_reg_mr(pd, mem->addr + offset, len, access);
	return *mr ? 0 : -errno;
}

static int verbs_reg(struct prov *prov, const struct prov_memory *mem,
		     uint64_t offset, size_t len, unsigned int rights,
		     struct prov_region **out)
{
	struct region *region = calloc(1, sizeof(*region));
	int ret;

	if (!region)
		return -ENOMEM;
	region->region.prov = prov;
	ret = reg_mr(to_verbs(prov)->nic->pd, mem, offset, len,
		     access_of(rights), &region->mr);
	if (ret) {
		free(region);
		return ret;
	}
	*out = &region->region;
	return 0;
}

static int verbs_dereg(struct prov_region *region)
{
	int ret = -ibv_dereg_mr(mr_of(region));

	free(region);
	return ret;
}

static int verbs_post(struct prov *prov, const struct prov_op *op)
{
	const struct fx_op wr = {
		.opcode = op->write ? IBV_WR_RDMA_WRITE : IBV_WR_RDMA_READ,
		.id = op->id,
		.local = (uintptr_t)mr_of(op->near)->addr + op->near_at,
		.lkey = mr_of(op->near)->lkey,
		.remote = (uintptr_t)mr_of(op->far)->addr + op->far_at,
		.rkey = mr_of(op->far)->rkey,
		.len = (uint32_t)op->len,
	};

	return fx_post(&to_verbs(prov)->pair->end[0], &wr);
}

static int verbs_poll(struct prov *prov, struct prov_done *done, int ms)
{
	struct ibv_wc wc;
	int ret = fx_next(&to_verbs(prov)->pair->end[0], &wc, ms);

	if (ret)
		return ret;
	*done = (struct prov_done){
		.id = wc.wr_id,
		.status = wc.status == IBV_WC_SUCCESS ? 0 : -EIO,
		.why = ibv_wc_status_str(wc.status),
	};
	return 0;
}

static const struct prov_ops verbs_ops = {
	.name = "verbs",
	.traits = PROV_DMABUF | PROV_RIGHTS | PROV_PATIENT,
	.depth = FX_DEPTH / 2,
	.grain = 256, /* divides what a packet carries */
	.open = verbs_open,
	.close = verbs_close,
	.reconnect = verbs_reconnect,
	.reg = verbs_reg,
	.dereg = verbs_dereg,
	.post = verbs_post,
	.poll = verbs_poll,
};

static struct prov *verbs_open(struct fx *fx)
{
	struct verbs *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->prov = (struct prov){.ops = &verbs_ops, .fx = fx};
	v->nic = fx_nic(fx);
	v->pair = fx_pair(fx, v->nic, &fx_patient);
	return &v->prov;
}

int main(void)
{
	static const struct prov_ops *const all[] = {&verbs_ops};

	return conform_main(all, 1);
}
