// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory regions on a dma-buf
 *
 * rxe moves data with the CPU, so it never maps its attachment for DMA: it
 * has the exporter map the buffer into kernel space and goes through
 * iosys_map, because what is behind may be I/O memory without struct pages.
 * The attachment is there for what comes with it: invalidate_mappings(), by
 * which the exporter takes the memory back, and pin(), which tells whether
 * it is there at all.
 *
 * A region outlives the loss of its memory.  invalidate_mappings() drops the
 * kernel mapping and the next access asks for a new one.  If the exporter
 * answers -EAGAIN or -ENOMEM, the peer is told to come back later (RNR NAK); any
 * other error means that the memory is not coming back, and neither does the key.
 *
 * No dma_buf_begin_cpu_access(): remote accesses come at any time between
 * registration and deregistration, as those of a thread through mmap() do.
 * Whoever shares the buffer with a non-coherent device has to bracket both
 * kinds of access with DMA_BUF_IOCTL_SYNC.
 *
 * Lock order: dma_resv, rxe_dmabuf.lock, atomic_ops_lock.
 */

#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/iosys-map.h>
#include <linux/overflow.h>

#include "rxe.h"
#include "rxe_dmabuf.h"
#include "rxe_map.h"

MODULE_IMPORT_NS("DMA_BUF");

#define RXE_DMABUF_ACCESS	(RXE_ACCESS_REMOTE | IB_ACCESS_LOCAL_WRITE | \
				 IB_ACCESS_MW_BIND | IB_ACCESS_OPTIONAL)

/*
 * How long an access waits for the reservation lock or for a move to finish
 * before it counts as "away for a while".  Shorter than the transport timeout
 * most applications set (14: 67 ms), so that the peer gets an RNR NAK instead
 * of silence, and far shorter than the 50 s after which __rxe_cleanup() frees
 * a region no matter who uses it.
 */
#define RXE_DMABUF_WAIT_MS	50

struct rxe_dmabuf {
	struct dma_buf_attachment	*attach;
	/* of ibmr.iova in the buffer */
	u64				offset;
	/* written under dma_resv */
	bool				revoked;
	/* readers hold it over a copy, writers hold dma_resv, too */
	struct rw_semaphore		lock;
	/* all of the buffer, null while it is not mapped */
	struct iosys_map		map;
};

static void rxe_dmabuf_set_map(struct rxe_dmabuf *buf,
			       const struct iosys_map *map)
{
	down_write(&buf->lock);
	buf->map = *map;
	up_write(&buf->lock);
}

static void rxe_dmabuf_vunmap(struct rxe_dmabuf *buf, struct dma_buf *dmabuf)
{
	struct iosys_map map = buf->map;
	struct iosys_map none = {};

	dma_resv_assert_held(dmabuf->resv);

	if (iosys_map_is_null(&map))
		return;

	/* waits for the copies in progress, each of one packet at most */
	rxe_dmabuf_set_map(buf, &none);
	dma_buf_vunmap(dmabuf, &map);
}

static void rxe_dmabuf_invalidate(struct dma_buf_attachment *attach)
{
	rxe_dmabuf_vunmap(attach->importer_priv, attach->dmabuf);
}

static const struct dma_buf_attach_ops rxe_dmabuf_attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = rxe_dmabuf_invalidate,
};

static int rxe_dmabuf_vmap(struct rxe_dmabuf *buf)
{
	struct dma_buf *dmabuf = buf->attach->dmabuf;
	struct iosys_map map;
	long left;
	int err;

	dma_resv_assert_held(dmabuf->resv);

	/* dma_buf_vmap() WARNs when it fails: ask first if it can succeed */
	err = dma_buf_pin(buf->attach);
	if (err) {
		buf->revoked = err != -EAGAIN && err != -ENOMEM;
		return err;
	}

	left = dma_resv_wait_timeout(dmabuf->resv, DMA_RESV_USAGE_KERNEL, false,
				     msecs_to_jiffies(RXE_DMABUF_WAIT_MS));
	err = left > 0 ? dma_buf_vmap(dmabuf, &map) : -EAGAIN;
	dma_buf_unpin(buf->attach);
	if (err)
		return err;

	rxe_dmabuf_set_map(buf, &map);
	return 0;
}

static int rxe_dmabuf_lock_resv(struct dma_resv *resv)
{
	unsigned long end = jiffies + msecs_to_jiffies(RXE_DMABUF_WAIT_MS);

	while (!dma_resv_trylock(resv)) {
		if (time_after(jiffies, end))
			return -EAGAIN;
		usleep_range(50, 200);
	}
	return 0;
}

static int rxe_dmabuf_remap_and_lock(struct rxe_dmabuf *buf)
{
	struct dma_resv *resv = buf->attach->dmabuf->resv;
	int err;

	err = rxe_dmabuf_lock_resv(resv);
	if (err)
		return err;

	if (buf->revoked)
		err = -ENODEV;
	else if (iosys_map_is_null(&buf->map))
		err = rxe_dmabuf_vmap(buf);

	if (!err)
		down_read(&buf->lock);
	else
		err = buf->revoked ? -EFAULT : -EAGAIN;

	dma_resv_unlock(resv);
	return err;
}

/* On success the caller holds buf->lock for reading and buf->map is set. */
static int rxe_dmabuf_map_and_lock(struct rxe_dmabuf *buf)
{
	down_read(&buf->lock);
	if (likely(iosys_map_is_set(&buf->map)))
		return 0;
	up_read(&buf->lock);
	return rxe_dmabuf_remap_and_lock(buf);
}

static u64 rxe_dmabuf_iova_to_offset(struct rxe_mr *mr, u64 iova)
{
	return mr->dmabuf->offset + (iova - mr->ibmr.iova);
}

int rxe_dmabuf_mr_copy(struct rxe_mr *mr, u64 iova, void *addr,
		       unsigned int length, enum rxe_mr_copy_dir dir)
{
	u64 offset = rxe_dmabuf_iova_to_offset(mr, iova);
	struct rxe_dmabuf *buf = mr->dmabuf;
	int err;

	err = rxe_dmabuf_map_and_lock(buf);
	if (err)
		return err;

	if (dir == RXE_TO_MR_OBJ)
		rxe_map_write(&buf->map, offset, addr, length);
	else
		rxe_map_read(addr, &buf->map, offset, length);

	up_read(&buf->lock);
	return 0;
}

/* As rxe_dmabuf_map_and_lock(), for 8 bytes at @iova that a peer named. */
static enum resp_states rxe_dmabuf_map_u64_and_lock(struct rxe_mr *mr, u64 iova)
{
	int err;

	if (mr_check_range(mr, iova, sizeof(u64)))
		return RESPST_ERR_RKEY_VIOLATION;

	if (!IS_ALIGNED(iova, sizeof(u64)))
		return RESPST_ERR_MISALIGNED_ATOMIC;

	err = rxe_dmabuf_map_and_lock(mr->dmabuf);
	if (err)
		return err == -EAGAIN ? RESPST_ERR_RNR
				      : RESPST_ERR_RKEY_VIOLATION;

	return RESPST_NONE;
}

/*
 * Atomic among the operations of all rxe devices, as for any other region;
 * neither against the CPU nor against the device that owns the memory.
 */
enum resp_states rxe_dmabuf_do_atomic_op(struct rxe_mr *mr, u64 iova,
					 int opcode, u64 compare, u64 swap_add,
					 u64 *orig_val)
{
	u64 offset = rxe_dmabuf_iova_to_offset(mr, iova);
	struct rxe_dmabuf *buf = mr->dmabuf;
	enum resp_states state;
	u64 value;

	state = rxe_dmabuf_map_u64_and_lock(mr, iova);
	if (state)
		return state;

	spin_lock_bh(&atomic_ops_lock);
	value = iosys_map_rd(&buf->map, offset, u64);
	*orig_val = value;
	if (opcode != IB_OPCODE_RC_COMPARE_SWAP)
		iosys_map_wr(&buf->map, offset, u64, value + swap_add);
	else if (value == compare)
		iosys_map_wr(&buf->map, offset, u64, swap_add);
	spin_unlock_bh(&atomic_ops_lock);

	up_read(&buf->lock);
	return RESPST_NONE;
}

enum resp_states rxe_dmabuf_do_atomic_write(struct rxe_mr *mr, u64 iova,
					    u64 value)
{
	u64 offset = rxe_dmabuf_iova_to_offset(mr, iova);
	struct rxe_dmabuf *buf = mr->dmabuf;
	enum resp_states state;

	state = rxe_dmabuf_map_u64_and_lock(mr, iova);
	if (state)
		return state;

	/* earlier WRITEs first, through write-combining buffers, too */
	wmb();
	iosys_map_wr(&buf->map, offset, u64, value);

	up_read(&buf->lock);
	return RESPST_NONE;
}

static int rxe_dmabuf_check(struct dma_buf *dmabuf, u64 offset, u64 length,
			    u64 iova, int access)
{
	u64 end;

	if (access & ~RXE_DMABUF_ACCESS || !dmabuf->ops->vmap)
		return -EOPNOTSUPP;

	if (!length || check_add_overflow(offset, length, &end) ||
	    end > dmabuf->size || check_add_overflow(iova, length - 1, &end))
		return -EINVAL;

	/* a key must not open what mmap() of the same descriptor would not */
	if (ib_access_writable(access) && !(dmabuf->file->f_mode & FMODE_WRITE))
		return -EACCES;

	return 0;
}

/* Takes over the caller's reference on @dmabuf when it succeeds. */
static int rxe_dmabuf_mr_init(struct rxe_dev *rxe, struct dma_buf *dmabuf,
			      u64 offset, struct rxe_mr *mr)
{
	struct rxe_dmabuf *buf;
	int err;

	buf = kzalloc_obj(*buf);
	if (!buf)
		return -ENOMEM;

	init_rwsem(&buf->lock);
	buf->offset = offset;

	buf->attach = dma_buf_dynamic_attach(dmabuf, &rxe->ib_dev.dev,
					     &rxe_dmabuf_attach_ops, buf);
	if (IS_ERR(buf->attach)) {
		err = PTR_ERR(buf->attach);
		goto err_free;
	}

	dma_resv_lock(dmabuf->resv, NULL);
	err = rxe_dmabuf_vmap(buf);
	dma_resv_unlock(dmabuf->resv);
	/* taken away since attach(): no different from a little later */
	if (err && err != -EAGAIN)
		goto err_detach;

	mr->dmabuf = buf;
	return 0;

err_detach:
	dma_buf_detach(dmabuf, buf->attach);
err_free:
	kfree(buf);
	return err;
}

void rxe_dmabuf_mr_cleanup(struct rxe_mr *mr)
{
	struct rxe_dmabuf *buf = mr->dmabuf;
	struct dma_buf *dmabuf = buf->attach->dmabuf;

	dma_resv_lock(dmabuf->resv, NULL);
	rxe_dmabuf_vunmap(buf, dmabuf);
	dma_resv_unlock(dmabuf->resv);

	dma_buf_detach(dmabuf, buf->attach);
	dma_buf_put(dmabuf);
	kfree(buf);
	mr->dmabuf = NULL;
}

static struct rxe_mr *rxe_dmabuf_mr_alloc(struct ib_pd *ibpd, u64 length,
					  u64 iova, int access)
{
	struct rxe_dev *rxe = to_rdev(ibpd->device);
	struct rxe_mr *mr;
	int err;

	mr = kzalloc_obj(*mr);
	if (!mr)
		return ERR_PTR(-ENOMEM);

	err = rxe_add_to_pool(&rxe->mr_pool, mr);
	if (err) {
		kfree(mr);
		return ERR_PTR(err);
	}

	rxe_get(to_rpd(ibpd));
	rxe_mr_init(access, mr);
	mr->ibmr.pd = ibpd;
	mr->ibmr.device = ibpd->device;
	mr->ibmr.type = IB_MR_TYPE_USER;
	mr->ibmr.iova = iova;
	mr->ibmr.length = length;
	return mr;
}

struct ib_mr *rxe_reg_user_mr_dmabuf(struct ib_pd *ibpd, u64 offset,
				     u64 length, u64 iova, int fd, int access,
				     struct ib_dmah *dmah,
				     struct uverbs_attr_bundle *attrs)
{
	struct dma_buf *dmabuf;
	struct rxe_mr *mr;
	int err;

	/*
	 * First of all: applications find out with fd -1 if a device can
	 * register dma-bufs and take EBADF, nothing else, for a yes.
	 */
	dmabuf = dma_buf_get(fd);
	if (IS_ERR(dmabuf))
		return ERR_CAST(dmabuf);

	err = dmah ? -EOPNOTSUPP
		   : rxe_dmabuf_check(dmabuf, offset, length, iova, access);
	if (err)
		goto err_put;

	mr = rxe_dmabuf_mr_alloc(ibpd, length, iova, access);
	if (IS_ERR(mr)) {
		err = PTR_ERR(mr);
		goto err_put;
	}

	err = rxe_dmabuf_mr_init(to_rdev(ibpd->device), dmabuf, offset, mr);
	if (err)
		goto err_cleanup;

	mr->state = RXE_MR_STATE_VALID;
	rxe_finalize(mr);
	return &mr->ibmr;

err_cleanup:
	rxe_cleanup(mr);
	kfree(mr);
err_put:
	dma_buf_put(dmabuf);
	rxe_dbg_pd(to_rpd(ibpd), "dma-buf not registered, err = %d\n", err);
	return ERR_PTR(err);
}
