// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking exported memory back, and giving it again.
 *
 * One buffer goes through vfio_pci_dma_buf_revoke_begin() and _finish(): state,
 * CPU page-table entries, invalidation of importers, their fences, their last
 * mapping.  The state is tested by faults and importers under the same resv
 * under which it changes, so nothing new comes up behind the zap.
 */
#include <linux/mm.h>
#include <linux/ratelimit.h>

#include "vfio_pci_dmabuf_priv.h"

#define CREATE_TRACE_POINTS
#include "vfio_pci_dmabuf_trace.h"

void vfio_pci_dma_buf_importer_get(struct vfio_pci_dma_buf *priv)
{
	dma_resv_assert_held(&priv->resv);
	atomic_inc(&priv->importers);
}

void vfio_pci_dma_buf_importer_put(struct vfio_pci_dma_buf *priv)
{
	dma_resv_assert_held(&priv->resv);
	if (atomic_dec_and_test(&priv->importers))
		wake_up_all(&priv->idle);
}

/*
 * Revoked states are ordered: a revoke never gives back what another one took.
 * Importers hear of the first only, and find out about a permanent one after a
 * temporary one when they ask for the memory again.
 */
static bool vfio_pci_dma_buf_revoke_begin(struct vfio_pci_dma_buf *priv,
					  enum peerbar_vfio_dma_buf_state state)
{
	enum peerbar_vfio_dma_buf_state old;

	dma_resv_lock(&priv->resv, NULL);
	old = priv->state;
	if (old >= state)
		goto out_unlock;

	trace_vfio_pci_dma_buf_revoke_begin(priv, old, state);
	priv->revoke_start = ktime_get();
	WRITE_ONCE(priv->state, state);
	if (old == PEERBAR_VFIO_DMA_BUF_OK) {
		unmap_mapping_range(priv->inode->i_mapping, 0, 0, true);
		trace_vfio_pci_dma_buf_revoke_zapped(priv);
		if (priv->dmabuf)
			dma_buf_invalidate_mappings(priv->dmabuf);
		trace_vfio_pci_dma_buf_revoke_invalidated(priv);
	}
out_unlock:
	dma_resv_unlock(&priv->resv);
	return old < state;
}

/* No importer that keeps to the contract takes so long. */
#define VFIO_PCI_DMA_BUF_DRAIN_WARN	(5 * HZ)

/* All that are attached: which of them holds a mapping only they know. */
static void vfio_pci_dma_buf_name_importers(struct vfio_pci_dma_buf *priv,
					    char *names, size_t size)
{
	struct dma_buf_attachment *attach;
	size_t len = 0;

	/* whoever does not let go of memory may not let go of the lock either */
	if (!dma_resv_trylock(&priv->resv)) {
		strscpy(names, " the holder of its dma_resv", size);
		return;
	}
	names[0] = '\0';
	if (priv->dmabuf)
		list_for_each_entry(attach, &priv->dmabuf->attachments, node)
			len += scnprintf(names + len, size - len, " %s",
					 dev_name(attach->dev));
	dma_resv_unlock(&priv->resv);
}

static void vfio_pci_dma_buf_drain_warn(struct vfio_pci_dma_buf *priv)
{
	static DEFINE_RATELIMIT_STATE(limit, VFIO_PCI_DMA_BUF_DRAIN_WARN, 10);
	char names[160];

	lockdep_assert_held(&priv->vdev->memory_lock);

	if (!__ratelimit(&limit))
		return;
	vfio_pci_dma_buf_name_importers(priv, names, sizeof(names));
	pci_warn(priv->vdev->pdev,
		 "BAR %u: a revoke waits for importers of dma-buf %llu (%zu bytes, %d mappings):%s\n",
		 priv->region_index, (u64)priv->inode->i_ino, priv->size,
		 atomic_read(&priv->importers), names);
}

/*
 * Importers must let go within bounded time, hence no time-out; but whoever
 * wonders why a reset hangs is told who is waited for.
 */
static void vfio_pci_dma_buf_drain(struct vfio_pci_dma_buf *priv)
{
	while (!dma_resv_wait_timeout(&priv->resv, DMA_RESV_USAGE_BOOKKEEP,
				      false, VFIO_PCI_DMA_BUF_DRAIN_WARN))
		vfio_pci_dma_buf_drain_warn(priv);
	while (!wait_event_timeout(priv->idle,
				   !atomic_read_acquire(&priv->importers),
				   VFIO_PCI_DMA_BUF_DRAIN_WARN))
		vfio_pci_dma_buf_drain_warn(priv);

	/* The VMAs that are left never show anything again. */
	if (READ_ONCE(priv->state) == PEERBAR_VFIO_DMA_BUF_PERM_REVOKED)
		vfio_pci_dma_buf_memattr_end(priv);
}

static void vfio_pci_dma_buf_revoke_finish(struct vfio_pci_dma_buf *priv)
{
	u64 ns;

	vfio_pci_dma_buf_drain(priv);
	ns = ktime_to_ns(ktime_sub(ktime_get(), priv->revoke_start));
	atomic64_set(&priv->stats.revoke_ns, ns);
	atomic64_inc(&priv->stats.revokes);
	trace_vfio_pci_dma_buf_revoke_end(priv, ns);
}

/* All begin before the first is waited for: importers let go in parallel. */
static void vfio_pci_dma_buf_revoke_all(struct vfio_pci_core_device *vdev,
					enum peerbar_vfio_dma_buf_state state)
{
	struct vfio_pci_dma_buf *priv, *tmp;
	LIST_HEAD(walk);

	vfio_pci_dma_buf_collect(vdev, &walk);
	list_for_each_entry_safe(priv, tmp, &walk, walk_elm) {
		if (vfio_pci_dma_buf_revoke_begin(priv, state))
			continue;
		list_del(&priv->walk_elm);
		vfio_pci_dma_buf_put(priv);
	}
	list_for_each_entry_safe(priv, tmp, &walk, walk_elm) {
		vfio_pci_dma_buf_revoke_finish(priv);
		vfio_pci_dma_buf_put(priv);
	}
}

/*
 * No word to anybody: CPU accesses fault, and importers that want the memory
 * again ask for it.
 */
static void vfio_pci_dma_buf_restore_all(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_dma_buf *priv, *tmp;
	LIST_HEAD(walk);

	vfio_pci_dma_buf_collect(vdev, &walk);
	list_for_each_entry_safe(priv, tmp, &walk, walk_elm) {
		dma_resv_lock(&priv->resv, NULL);
		if (priv->state == PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED) {
			WRITE_ONCE(priv->state, PEERBAR_VFIO_DMA_BUF_OK);
			trace_vfio_pci_dma_buf_restore(priv);
		}
		dma_resv_unlock(&priv->resv);
		vfio_pci_dma_buf_put(priv);
	}
}

/**
 * vfio_pci_dma_buf_move - the memory of a device goes away or is back
 * @vdev: device, its memory_lock held for write
 * @revoked: goes away
 *
 * When it went away nobody reaches it through a dma-buf any more, neither a CPU
 * nor an importer.  The device must be in D0 before: importers may touch it
 * until they have let go.
 */
void vfio_pci_dma_buf_move(struct vfio_pci_core_device *vdev, bool revoked)
{
	if (revoked)
		vfio_pci_dma_buf_revoke_all(vdev,
					    PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED);
	else
		vfio_pci_dma_buf_restore_all(vdev);
}

/* The device is being closed; its buffers live on without it. */
void vfio_pci_dma_buf_cleanup(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_dma_buf *priv, *tmp;
	LIST_HEAD(walk);

	down_write(&vdev->memory_lock);
	vfio_pci_dma_buf_revoke_all(vdev, PEERBAR_VFIO_DMA_BUF_PERM_REVOKED);
	vfio_pci_dma_buf_collect(vdev, &walk);
	list_for_each_entry_safe(priv, tmp, &walk, walk_elm) {
		vfio_pci_dma_buf_unlink(priv);
		vfio_pci_dma_buf_put(priv);
	}
	up_write(&vdev->memory_lock);
}

/**
 * vfio_pci_dma_buf_revoke - take one buffer back for good
 * @vdev: device
 * @fd: descriptor of the dma-buf
 *
 * memory_lock is held so that a hot reset, which only tries it, fails instead
 * of waiting for the importers of this buffer with its whole dev_set locked.
 * For read, so that faults in other buffers go on.
 *
 * Return: 0, -EBADF, -EINVAL or -ENODEV for a wrong descriptor, -EBADFD if that
 * was done before.
 */
int vfio_pci_dma_buf_revoke(struct vfio_pci_core_device *vdev, int fd)
{
	struct dma_buf *dmabuf = vfio_pci_dma_buf_get(vdev, fd);
	struct vfio_pci_dma_buf *priv;
	int ret = 0;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	priv = dmabuf->priv;

	down_read(&vdev->memory_lock);
	if (vfio_pci_dma_buf_revoke_begin(priv,
					  PEERBAR_VFIO_DMA_BUF_PERM_REVOKED)) {
		vfio_pci_dma_buf_revoke_finish(priv);
	} else {
		/* whoever was first may still be at it */
		vfio_pci_dma_buf_drain(priv);
		ret = -EBADFD;
	}
	up_read(&vdev->memory_lock);

	dma_buf_put(dmabuf);
	return ret;
}
