// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libfabric, as a program sees it that knows nothing of BAR memory: fi_mr_reg()
 * of a pointer, with FI_HOOK=vfio in the environment.  And peerbar_ofi_mr_reg().
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <rdma/fi_errno.h>

#include <peerbar/ofi.h>

#include "ofi.h"

/** struct region - a registration; @base is how a peer names its first byte */
struct region {
	struct prov_region region;
	struct fid_mr *mr;
	char *addr;
	uint64_t base;
};

static struct ofi *to_ofi(struct prov *prov)
{
	return (struct ofi *)prov;
}

static struct region *to_region(struct prov_region *region)
{
	return (struct region *)region;
}

static void prov_close(struct prov *prov)
{
	struct ofi *o = to_ofi(prov);

	ofi_disconnect(o);
	ofi_teardown(o);
	free(o);
}

static void prov_reconnect(struct prov *prov)
{
	ofi_disconnect(to_ofi(prov));
	ofi_connect(to_ofi(prov));
}

/* For RMA alone: what is for FI_SEND, too, rxm lets every peer read. */
static uint64_t access_of(unsigned int rights)
{
	uint64_t access = FI_READ | FI_WRITE;

	if (rights & PROV_REMOTE_READ)
		access |= FI_REMOTE_READ;
	if (rights & PROV_REMOTE_WRITE)
		access |= FI_REMOTE_WRITE;
	return access;
}

static int reg_mr(struct ofi *o, const struct prov_memory *mem, uint64_t offset,
		  size_t len, uint64_t access, struct fid_mr **mr)
{
	if (mem->buf && o->how->helper)
		return peerbar_ofi_mr_reg(o->domain, mem->buf, offset, len,
					  mem->addr + offset, access, ++o->key,
					  mr);
	return fi_mr_reg(o->domain, mem->addr + offset, len, access, 0,
			 ++o->key, 0, mr, NULL);
}

static int prov_reg(struct prov *prov, const struct prov_memory *mem,
		    uint64_t offset, size_t len, unsigned int rights,
		    struct prov_region **out)
{
	struct region *r = calloc(1, sizeof(*r));
	struct ofi *o = to_ofi(prov);
	int ret;

	if (!r)
		return -ENOMEM;
	r->region.prov = prov;
	r->addr = mem->addr + offset;
	if (o->info->domain_attr->mr_mode & FI_MR_VIRT_ADDR)
		r->base = (uintptr_t)r->addr;
	ret = reg_mr(o, mem, offset, len, access_of(rights), &r->mr);
	if (ret) {
		free(r);
		return ret;
	}
	*out = &r->region;
	return 0;
}

static int prov_dereg(struct prov_region *region)
{
	int ret = fi_close(&to_region(region)->mr->fid);

	free(region);
	return ret;
}

static struct ofi_slot *take_slot(struct ofi *o, uint64_t id)
{
	struct ofi_slot *slot = o->slots;

	while (slot->busy)
		slot++;
	slot->busy = true;
	slot->id = id;
	return slot;
}

static ssize_t begin(struct ofi *o, const struct prov_op *op,
		     struct ofi_slot *slot)
{
	struct region *near = to_region(op->near), *far = to_region(op->far);
	void *desc = fi_mr_desc(near->mr);
	struct iovec iov = {near->addr + op->near_at, op->len};
	struct fi_rma_iov rma = {
		.addr = far->base + op->far_at,
		.len = op->len,
		.key = fi_mr_key(far->mr),
	};
	const struct fi_msg_rma msg = {
		.msg_iov = &iov,
		.desc = &desc,
		.iov_count = 1,
		.addr = o->end[0].peer,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.context = slot,
	};

	if (op->write)
		return fi_writemsg(o->end[0].ep, &msg,
				   FI_COMPLETION | o->how->op_flags);
	return fi_readmsg(o->end[0].ep, &msg, FI_COMPLETION);
}

static bool is_ours(struct ofi *o, const void *context)
{
	return context >= (void *)o->slots &&
	       context < (void *)(o->slots + OFI_DEPTH);
}

static void finish(struct ofi_slot *slot, struct prov_done *done, int status,
		   const char *why)
{
	slot->busy = false;
	*done = (struct prov_done){.id = slot->id, .status = status, .why = why};
}

/* What ends without having been an operation of ours, such as a connection. */
static bool finish_failed(struct ofi *o, struct prov_done *done)
{
	struct fi_cq_err_entry err = {0};

	if (fi_cq_readerr(o->end[0].cq, &err, 0) != 1 ||
	    !is_ours(o, err.op_context))
		return false;
	finish(err.op_context, done, err.err ? -err.err : -EIO,
	       fi_strerror(err.err));
	return true;
}

/* Both ends make progress; true when an operation of the near one has ended. */
static bool progress(struct ofi *o, struct prov_done *done)
{
	struct fi_cq_entry entry;
	struct fi_cq_err_entry err = {0};
	ssize_t ret;

	if (fi_cq_read(o->end[1].cq, &entry, 1) == -FI_EAVAIL)
		fi_cq_readerr(o->end[1].cq, &err, 0);
	ret = fi_cq_read(o->end[0].cq, &entry, 1);
	if (ret == -FI_EAVAIL)
		return finish_failed(o, done);
	if (ret != 1 || !is_ours(o, entry.op_context))
		return false;
	finish(entry.op_context, done, 0, NULL);
	return true;
}

static int prov_poll(struct prov *prov, struct prov_done *done, int ms)
{
	uint64_t until = fx_now_ms() + (uint64_t)ms;

	while (!progress(to_ofi(prov), done)) {
		if (fx_now_ms() >= until)
			return -ETIMEDOUT;
		sched_yield();
	}
	return 0;
}

/* The first operation to a peer connects, and is to be tried again meanwhile. */
static int prov_post(struct prov *prov, const struct prov_op *op)
{
	uint64_t until = fx_now_ms() + 30000;
	struct ofi *o = to_ofi(prov);
	struct ofi_slot *slot = take_slot(o, op->id);
	struct fi_cq_entry entry;
	ssize_t ret;

	while ((ret = begin(o, op, slot)) == -FI_EAGAIN && fx_now_ms() < until) {
		fi_cq_read(o->end[1].cq, &entry, 1);
		fi_cq_read(o->end[0].cq, NULL, 0);
		sched_yield();
	}
	if (ret)
		slot->busy = false;
	return (int)ret;
}

static struct prov *open_kind(struct fx *fx, const struct prov_ops *ops,
			      const struct ofi_kind *how)
{
	struct ofi *o = calloc(1, sizeof(*o));

	assert_non_null(o);
	o->prov = (struct prov){.ops = ops, .fx = fx};
	o->how = how;
	ofi_setup(o);
	ofi_connect(o);
	return &o->prov;
}

/* KIND(id, traits, grain, list): ops of a struct ofi_kind of that name */
#define KIND(id, title, its_traits, its_grain, list)  \
	static struct prov *open_##id(struct fx *fx); \
	static const struct prov_ops ops_##id = {     \
		.name = title,                        \
		.traits = its_traits,                 \
		.depth = OFI_DEPTH,                   \
		.grain = its_grain,                   \
		.excluded = list,                     \
		.open = open_##id,                    \
		.close = prov_close,                  \
		.reconnect = prov_reconnect,          \
		.hang_up = hang_up,                   \
		.reg = prov_reg,                      \
		.dereg = prov_dereg,                  \
		.post = prov_post,                    \
		.poll = prov_poll,                    \
	};                                            \
	static struct prov *open_##id(struct fx *fx)  \
	{                                             \
		return open_kind(fx, &ops_##id, &id); \
	}

static const struct ofi_kind verbs_hook = {
	.stack = "verbs;ofi_rxm",
	.domain = fx_rdma_name,
	.node = "10.77.0.1",
};

static const struct ofi_kind verbs_helper = {
	.stack = "verbs;ofi_rxm",
	.domain = fx_rdma_name,
	.node = "10.77.0.1",
	.helper = true,
};

static const struct ofi_kind tcp = {
	.stack = "tcp",
	.node = "127.0.0.1",
	.op_flags = FI_DELIVERY_COMPLETE,
};

/* see PROV_MUTE_READS */
static void hang_up(struct prov *prov)
{
	struct ofi_end *far = &to_ofi(prov)->end[1];

	ofi_call(fi_close(&far->ep->fid));
	far->ep = NULL;
}

#define VERBS_TRAITS (PROV_DMABUF | PROV_RIGHTS | PROV_PATIENT)

KIND(verbs_hook, "verbs, hooked", VERBS_TRAITS, 256, NULL)
KIND(verbs_helper, "verbs, by the helper", VERBS_TRAITS, 256, NULL)
KIND(tcp, "tcp, hooked", PROV_RIGHTS | PROV_MUTE_READS, 1, NULL)

/*
 * tcp moves bytes with the CPU.  Its own buffers are switched off, so that it is
 * the kernel that does, which answers EFAULT where a program would get SIGBUS.
 * rxm makes a completion queue for 1024 peers unless told, for which soft-RoCE
 * has no room.
 */
static void environment(void)
{
	setenv("FI_UNIVERSE_SIZE", "64", 1);
	setenv("FI_HOOK", "vfio", 1);
	setenv("FI_PROVIDER_PATH", HOOK_DIR, 1);
	setenv("FI_TCP_STAGING_SBUF_SIZE", "0", 1);
	setenv("FI_TCP_PREFETCH_RBUF_SIZE", "0", 1);
}

int main(void)
{
	static const struct prov_ops *const all[] = {
		&ops_verbs_hook,
		&ops_verbs_helper,
		&ops_tcp,
	};

	environment();
	return conform_main(all, ARRAY_LEN(all));
}
