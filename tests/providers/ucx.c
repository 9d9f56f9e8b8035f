// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UCX with our plug-in: a worker for each end, over one transport.  Over rc the
 * NIC writes by itself; everything else UCX's own code does, by the pointer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "provider.h"
#include "ucp_ends.h"

#define DEPTH 16

struct slot {
	uint64_t id;
	unsigned int pending;
	ucs_status_t status;
	bool used;
};

struct ucx {
	struct prov prov;
	struct ucp_ends ends;
	struct slot slots[DEPTH];
};

struct region {
	struct prov_region region;
	ucp_mem_h memh;
	char *addr;
	void *packed;
};

static struct ucx *to_ucx(struct prov *prov)
{
	return (struct ucx *)prov;
}

static struct region *to_region(struct prov_region *region)
{
	return (struct region *)region;
}

static void ucx_reconnect(struct prov *prov)
{
	struct ucx *u = to_ucx(prov);

	ucp_ends_again(&u->ends);
	memset(u->slots, 0, sizeof(u->slots));
}

static void ucx_close(struct prov *prov)
{
	ucp_ends_close(&to_ucx(prov)->ends);
	free(to_ucx(prov));
}

static int map(struct ucx *u, struct region *region, size_t len)
{
	const ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS |
			      UCP_MEM_MAP_PARAM_FIELD_LENGTH |
			      UCP_MEM_MAP_PARAM_FIELD_MEMORY_TYPE,
		.address = region->addr,
		.length = len,
		.memory_type = UCS_MEMORY_TYPE_HOST,
	};
	size_t packed;

	if (ucp_mem_map(u->ends.context, &params, &region->memh) != UCS_OK)
		return -EIO;
	if (ucp_rkey_pack(u->ends.context, region->memh, &region->packed,
			  &packed) == UCS_OK)
		return 0;
	ucp_mem_unmap(u->ends.context, region->memh);
	return -EIO;
}

/* UCX has one error for all that a NIC refuses. */
static int why_not(const struct prov_memory *mem, uint64_t offset, size_t len)
{
	enum peerbar_state state;

	if (offset > mem->size || len > mem->size - offset)
		return -ERANGE;
	if (mem->buf && !peerbar_buffer_state(mem->buf, &state) &&
	    state != PEERBAR_LIVE)
		return -ENODEV;
	return -EIO;
}

static int ucx_reg(struct prov *prov, const struct prov_memory *mem,
		   uint64_t offset, size_t len, unsigned int rights,
		   struct prov_region **out)
{
	struct region *region = calloc(1, sizeof(*region));

	if (!region)
		return -ENOMEM;
	region->region.prov = prov;
	region->addr = mem->addr + offset;
	if (!len || map(to_ucx(prov), region, len)) {
		free(region);
		return len ? why_not(mem, offset, len) : -EINVAL;
	}
	*out = &region->region;
	return 0;
}

static int ucx_dereg(struct prov_region *prov_region)
{
	struct ucp_ends *ends = &to_ucx(prov_region->prov)->ends;
	struct region *region = to_region(prov_region);
	ucs_status_t status;

	ucp_ends_forget(ends, region->packed);
	ucp_rkey_buffer_release(region->packed);
	status = ucp_mem_unmap(ends->context, region->memh);
	free(region);
	return status == UCS_OK ? 0 : -EIO;
}

static void on_done(void *request, ucs_status_t status, void *arg)
{
	struct slot *slot = arg;

	if (status != UCS_OK && slot->status == UCS_OK)
		slot->status = status;
	slot->pending--;
	if (request)
		ucp_request_free(request);
}

static void began(struct slot *slot, ucs_status_ptr_t request)
{
	if (!UCS_PTR_IS_PTR(request))
		on_done(NULL, UCS_PTR_STATUS(request), slot);
}

/* A put has ended before its bytes are there; the flush behind it has not. */
static void begin(struct ucx *u, struct slot *slot, const struct prov_op *op,
		  ucp_rkey_h rkey)
{
	struct region *near = to_region(op->near), *far = to_region(op->far);
	const uint64_t remote = (uintptr_t)far->addr + op->far_at;
	char *local = near->addr + op->near_at;
	ucp_request_param_t params = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
				UCP_OP_ATTR_FIELD_USER_DATA,
		.cb.send = on_done,
		.user_data = slot,
	};
	ucp_request_param_t data = params;

	data.op_attr_mask |= UCP_OP_ATTR_FIELD_MEMH;
	data.memh = near->memh;
	if (!op->write) {
		began(slot, ucp_get_nbx(u->ends.ep, local, op->len, remote,
					rkey, &data));
		return;
	}
	slot->pending++;
	began(slot, ucp_put_nbx(u->ends.ep, local, op->len, remote, rkey, &data));
	began(slot, ucp_ep_flush_nbx(u->ends.ep, &params));
}

static int ucx_post(struct prov *prov, const struct prov_op *op)
{
	struct ucx *u = to_ucx(prov);
	struct slot *slot = u->slots;
	ucp_rkey_h rkey;

	while (slot < u->slots + DEPTH && slot->used)
		slot++;
	if (slot == u->slots + DEPTH)
		return -EAGAIN;
	if (u->ends.broken ||
	    ucp_ends_key(&u->ends, to_region(op->far)->packed, &rkey) != UCS_OK)
		return -EIO;
	*slot = (struct slot){.id = op->id, .pending = 1, .used = true};
	begin(u, slot, op, rkey);
	return 0;
}

static struct slot *next_done(struct ucx *u)
{
	struct slot *slot;

	for (slot = u->slots; slot < u->slots + DEPTH; slot++)
		if (slot->used && !slot->pending)
			return slot;
	return NULL;
}

static int ucx_poll(struct prov *prov, struct prov_done *done, int ms)
{
	uint64_t until = fx_now_ms() + ms;
	struct ucx *u = to_ucx(prov);
	struct slot *slot;

	while (!(slot = next_done(u))) {
		if (fx_now_ms() > until)
			return -ETIMEDOUT;
		ucp_ends_progress(&u->ends);
	}
	slot->used = false;
	*done = (struct prov_done){
		.id = slot->id,
		.status = slot->status == UCS_OK ? 0 : -EIO,
		.why = ucs_status_string(slot->status),
	};
	return 0;
}

static struct prov *open_over(struct fx *fx, const struct prov_ops *ops,
			      const char *const *settings)
{
	struct ucx *u = calloc(1, sizeof(*u));

	assert_non_null(u);
	u->prov = (struct prov){.ops = ops, .fx = fx};
	ucp_ends_open(&u->ends, UCP_FEATURE_RMA, UCP_ERR_HANDLING_MODE_PEER,
		      settings);
	return &u->prov;
}

static struct prov *rc_open(struct fx *fx);
static struct prov *ud_open(struct fx *fx);
static struct prov *tcp_open(struct fx *fx);

#define UCX_OPS                                                         \
	.depth = DEPTH, .close = ucx_close, .reconnect = ucx_reconnect, \
	.reg = ucx_reg, .dereg = ucx_dereg, .post = ucx_post, .poll = ucx_poll

/* UCX's own code at the far end stores where the near end tells it to. */
#define BY_POINTER \
	"the far end uses a pointer, and SIGBUS would end it, which is us"
#define NO_BOUNDS "UCX's software RMA has no bounds"

static const struct prov_exclusion rc_excluded[] = {
	{"revoke under reads", BY_POINTER},
	{0},
};

static const struct prov_ops rc_ops = {
	.name = "ucx rc",
	.traits = PROV_DMABUF | PROV_PATIENT | PROV_READ_BY_POINTER,
	.grain = 256,
	.excluded = rc_excluded,
	.open = rc_open,
	UCX_OPS,
};

#define BY_POINTER_EXCLUDED                                                  \
	{"nothing is reached beyond a region", NO_BOUNDS},                   \
		{"revoke, idle", BY_POINTER}, {"revoke, twice", BY_POINTER}, \
		{"revoke under writes", BY_POINTER},                         \
		{"revoke under reads", BY_POINTER},                          \
		{"device closed under load", BY_POINTER},                    \
		{"heals when memory was disabled", BY_POINTER},              \
		{"closed under load", BY_POINTER},                           \
	{                                                                    \
		"nothing is left open", BY_POINTER                           \
	}

static const struct prov_exclusion ud_excluded[] = {
	BY_POINTER_EXCLUDED,
	{0},
};

/* It takes any address for registered. */
static const struct prov_exclusion tcp_excluded[] = {
	BY_POINTER_EXCLUDED,
	{"no region leaves its buffer", "UCX's tcp registers nothing"},
	{0},
};

static const struct prov_ops ud_ops = {
	.name = "ucx ud",
	.traits = PROV_ATTACHED,
	.grain = 1,
	.excluded = ud_excluded,
	.open = ud_open,
	UCX_OPS,
};

static const struct prov_ops tcp_ops = {
	.name = "ucx tcp",
	.grain = 1,
	.excluded = tcp_excluded,
	.open = tcp_open,
	UCX_OPS,
};

/*
 * Without a cache a region is gone when it is closed; without thresholds the
 * CPU of the near end touches no BAR memory.  What is read the far end's CPU
 * sends, since UCX reads by RDMA only without error handling, or with keys that
 * can be invalidated: ucx_content and tests/vm/ucx have that.
 */
static struct prov *rc_open(struct fx *fx)
{
	static const char *const settings[] = {
		"TLS", "rc,vfio", "RCACHE_ENABLE", "n", "ZCOPY_THRESH",
		"0",   NULL,
	};

	return open_over(fx, &rc_ops, settings);
}

static struct prov *ud_open(struct fx *fx)
{
	static const char *const settings[] = {
		"TLS", "ud,vfio", "RCACHE_ENABLE", "n", NULL,
	};

	return open_over(fx, &ud_ops, settings);
}

static struct prov *tcp_open(struct fx *fx)
{
	static const char *const settings[] = {"TLS", "tcp,vfio", NULL};

	return open_over(fx, &tcp_ops, settings);
}

int main(void)
{
	static const struct prov_ops *const all[] = {
		&rc_ops,
		&ud_ops,
		&tcp_ops,
	};

	ucp_ends_plugin();
	return conform_main(all, 3);
}
