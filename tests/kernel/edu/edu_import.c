// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dma-buf as a dynamic importer sees it.
 *
 * DMA goes on only under a fence in the buffer's dma_resv.  An invalidation
 * stops new DMA; the mapping goes at once, or a worker lets it go when the DMA
 * has ended and the time is over for which the import was told to be slow.
 */
#include <linux/dma-resv.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "edu.h"

static const char *edu_fence_name(struct dma_fence *fence)
{
	return KBUILD_MODNAME;
}

/* without release and wait: a signalled fence may outlive this module */
static const struct dma_fence_ops edu_fence_ops = {
	.get_driver_name = edu_fence_name,
	.get_timeline_name = edu_fence_name,
};

static void edu_import_unmap(struct edu_import *imp)
{
	dma_resv_assert_held(imp->dmabuf->resv);

	if (!imp->sgt)
		return;

	dma_buf_unmap_attachment(imp->attach, imp->sgt, imp->dir);
	imp->sgt = NULL;
	imp->stale = false;
}

static void edu_import_let_go(struct work_struct *work)
{
	struct edu_import *imp = container_of(to_delayed_work(work),
					      struct edu_import, let_go);
	struct dma_resv *resv = imp->dmabuf->resv;
	struct dma_fence *fence;

	dma_resv_lock(resv, NULL);
	fence = dma_fence_get(imp->fence);
	dma_resv_unlock(resv);
	if (fence) {
		dma_fence_wait(fence, false);
		dma_fence_put(fence);
	}

	/* a stale mapping has no new DMA */
	dma_resv_lock(resv, NULL);
	if (imp->stale)
		edu_import_unmap(imp);
	dma_resv_unlock(resv);
}

static bool edu_import_in_flight(const struct edu_import *imp)
{
	return imp->fence && !dma_fence_is_signaled(imp->fence);
}

static void edu_import_invalidate(struct dma_buf_attachment *attach)
{
	struct edu_import *imp = attach->importer_priv;

	dma_resv_assert_held(attach->dmabuf->resv);

	imp->invalidations++;
	imp->dead |= imp->pinned;
	if (!imp->sgt || imp->stale)
		return;

	imp->stale = true;
	if (imp->hold_ms || edu_import_in_flight(imp))
		schedule_delayed_work(&imp->let_go,
				      msecs_to_jiffies(imp->hold_ms));
	else
		edu_import_unmap(imp);
}

static const struct dma_buf_attach_ops edu_attach_ops = {
	.allow_peer2peer = true,
	.invalidate_mappings = edu_import_invalidate,
};

void edu_import_init(struct edu_import *imp, struct edu_device *edu)
{
	imp->edu = edu;
	mutex_init(&imp->state_lock);
	INIT_DELAYED_WORK(&imp->let_go, edu_import_let_go);
}

static int edu_import_pin(struct dma_buf_attachment *attach)
{
	int ret;

	dma_resv_lock(attach->dmabuf->resv, NULL);
	ret = dma_buf_pin(attach);
	dma_resv_unlock(attach->dmabuf->resv);
	return ret;
}

static void edu_import_unpin(struct dma_buf_attachment *attach)
{
	dma_resv_lock(attach->dmabuf->resv, NULL);
	dma_buf_unpin(attach);
	dma_resv_unlock(attach->dmabuf->resv);
}

static void edu_import_set(struct edu_import *imp, struct dma_buf *dmabuf,
			   struct dma_buf_attachment *attach)
{
	mutex_lock(&imp->state_lock);
	imp->dmabuf = dmabuf;
	imp->attach = attach;
	mutex_unlock(&imp->state_lock);
}

int edu_import_attach(struct edu_import *imp,
		      const struct peerbar_edu_attach *arg)
{
	struct dma_buf_attachment *attach;
	struct dma_buf *dmabuf;
	int ret;

	lockdep_assert_held(&imp->edu->lock);

	if (imp->dmabuf)
		return -EBUSY;

	dmabuf = dma_buf_get(arg->dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	imp->pinned = arg->flags & PEERBAR_EDU_PINNED;
	imp->hold_ms = arg->hold_ms;
	imp->dir = dmabuf->file->f_mode & FMODE_WRITE ? DMA_BIDIRECTIONAL :
							DMA_TO_DEVICE;
	imp->dead = false;
	imp->invalidations = 0;
	attach = dma_buf_dynamic_attach(dmabuf, &imp->edu->pdev->dev,
					&edu_attach_ops, imp);
	if (IS_ERR(attach)) {
		ret = PTR_ERR(attach);
		goto err_put;
	}
	if (imp->pinned) {
		ret = edu_import_pin(attach);
		if (ret)
			goto err_detach;
	}
	edu_import_set(imp, dmabuf, attach);
	return 0;

err_detach:
	dma_buf_detach(dmabuf, attach);
err_put:
	dma_buf_put(dmabuf);
	return ret;
}

void edu_import_detach(struct edu_import *imp)
{
	struct dma_buf_attachment *attach = imp->attach;
	struct dma_buf *dmabuf = imp->dmabuf;

	lockdep_assert_held(&imp->edu->lock);

	if (!dmabuf)
		return;

	/* DMA happens under edu_device.lock: none is going on */
	dma_resv_lock(dmabuf->resv, NULL);
	edu_import_unmap(imp);
	dma_resv_unlock(dmabuf->resv);
	if (imp->pinned)
		edu_import_unpin(attach);
	dma_buf_detach(dmabuf, attach);
	cancel_delayed_work_sync(&imp->let_go);

	edu_import_set(imp, NULL, NULL);
	dma_fence_put(imp->fence);
	imp->fence = NULL;
	dma_buf_put(dmabuf);
}

static int edu_import_map_locked(struct edu_import *imp)
{
	struct sg_table *sgt;
	long left;

	dma_resv_assert_held(imp->dmabuf->resv);

	if (imp->stale)
		return -EBUSY;
	if (imp->sgt)
		return 0;
	if (imp->dead)
		return -ENODEV;

	sgt = dma_buf_map_attachment(imp->attach, imp->dir);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	imp->sgt = sgt;

	/* whoever moves the buffer may not be done */
	left = dma_resv_wait_timeout(imp->dmabuf->resv, DMA_RESV_USAGE_KERNEL,
				     true, MAX_SCHEDULE_TIMEOUT);
	if (left < 0) {
		edu_import_unmap(imp);
		return left;
	}
	return 0;
}

static u32 edu_import_list(struct edu_import *imp,
			   struct peerbar_edu_segment *segments, u32 room)
{
	struct scatterlist *sg;
	u32 i;

	for_each_sgtable_dma_sg(imp->sgt, sg, i) {
		if (i >= room)
			continue;
		segments[i].iova = sg_dma_address(sg);
		segments[i].length = sg_dma_len(sg);
	}
	return i;
}

int edu_import_map(struct edu_import *imp, struct peerbar_edu_map *arg)
{
	struct peerbar_edu_segment *segments;
	u32 room = min(arg->nr, SZ_4K);
	int ret;

	lockdep_assert_held(&imp->edu->lock);

	if (!imp->dmabuf)
		return -ENOENT;

	segments = kvcalloc(room, sizeof(*segments), GFP_KERNEL);
	if (room && !segments)
		return -ENOMEM;

	dma_resv_lock(imp->dmabuf->resv, NULL);
	ret = edu_import_map_locked(imp);
	if (!ret)
		arg->nr = edu_import_list(imp, segments, room);
	dma_resv_unlock(imp->dmabuf->resv);

	if (!ret && copy_to_user(u64_to_user_ptr(arg->segments), segments,
				 min(room, arg->nr) * sizeof(*segments)))
		ret = -EFAULT;
	kvfree(segments);
	return ret;
}

int edu_import_release(struct edu_import *imp)
{
	int ret = -ENXIO;

	lockdep_assert_held(&imp->edu->lock);

	if (!imp->dmabuf)
		return -ENOENT;

	dma_resv_lock(imp->dmabuf->resv, NULL);
	if (imp->stale) {
		edu_import_unmap(imp);
		cancel_delayed_work(&imp->let_go);
		ret = 0;
	}
	dma_resv_unlock(imp->dmabuf->resv);
	return ret;
}

void edu_import_state(struct edu_import *imp, struct peerbar_edu_state *state)
{
	mutex_lock(&imp->state_lock);
	if (imp->dmabuf) {
		dma_resv_lock(imp->dmabuf->resv, NULL);
		state->mapped = !!imp->sgt;
		state->stale = imp->stale;
		state->in_flight = edu_import_in_flight(imp);
		state->invalidations = imp->invalidations;
		dma_resv_unlock(imp->dmabuf->resv);
	}
	mutex_unlock(&imp->state_lock);
}

/* Where @offset is, and how much of @length is there in one piece. */
static int edu_import_find(struct edu_import *imp, u64 offset, u32 *length,
			   dma_addr_t *iova)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(imp->sgt, sg, i) {
		if (offset < sg_dma_len(sg)) {
			*iova = sg_dma_address(sg) + offset;
			*length = min_t(u64, *length, sg_dma_len(sg) - offset);
			return 0;
		}
		offset -= sg_dma_len(sg);
	}
	return -EINVAL;
}

static struct dma_fence *edu_import_fence(struct edu_import *imp)
{
	struct edu_device *edu = imp->edu;
	struct dma_fence *fence;
	int ret;

	ret = dma_resv_reserve_fences(imp->dmabuf->resv, 1);
	if (ret)
		return ERR_PTR(ret);

	fence = kzalloc_obj(*fence);
	if (!fence)
		return ERR_PTR(-ENOMEM);

	dma_fence_init(fence, &edu_fence_ops, NULL, edu->fence_context,
		       ++edu->fence_seqno);
	dma_resv_add_fence(imp->dmabuf->resv, fence, DMA_RESV_USAGE_WRITE);
	dma_fence_put(imp->fence);
	imp->fence = dma_fence_get(fence);
	return fence;
}

/**
 * edu_import_begin - about to do a DMA
 * @imp: import
 * @offset: in the buffer
 * @length: in and out; less if there is less in one piece
 * @to_buffer: direction
 * @iova: where @offset is for the device
 *
 * Return: to be given to edu_import_end() soon, without waiting for anything
 * but the DMA.
 */
struct dma_fence *edu_import_begin(struct edu_import *imp, u64 offset,
				   u32 *length, bool to_buffer,
				   dma_addr_t *iova)
{
	struct dma_fence *fence;
	int ret;

	lockdep_assert_held(&imp->edu->lock);

	if (!imp->dmabuf)
		return ERR_PTR(-ENOENT);
	if (to_buffer && imp->dir != DMA_BIDIRECTIONAL)
		return ERR_PTR(-EACCES);

	dma_resv_lock(imp->dmabuf->resv, NULL);
	if (imp->stale)
		ret = -ESTALE;
	else if (!imp->sgt)
		ret = -ENXIO;
	else
		ret = edu_import_find(imp, offset, length, iova);
	fence = ret ? ERR_PTR(ret) : edu_import_fence(imp);
	dma_resv_unlock(imp->dmabuf->resv);
	return fence;
}

void edu_import_end(struct dma_fence *fence)
{
	dma_fence_signal(fence);
	dma_fence_put(fence);
}
