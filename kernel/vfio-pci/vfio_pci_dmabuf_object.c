// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of an exported buffer: allocated, linked to its device, unlinked by
 * whichever comes first of the device's close and the dma-buf's release, freed.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "vfio_pci_dmabuf_priv.h"
#include "vfio_pci_dmabuf_trace.h"

/*
 * Guards vfio_pci_core_device::dmabufs of all devices, and is innermost: it is
 * never held over anything that waits.
 */
static DEFINE_SPINLOCK(vfio_pci_dma_buf_list_lock);

static void vfio_pci_dma_buf_free(struct kref *kref)
{
	struct vfio_pci_dma_buf *priv =
		container_of(kref, struct vfio_pci_dma_buf, kref);

	iput(priv->inode);
	if (priv->vfile)
		fput(priv->vfile);
	dma_resv_fini(&priv->resv);
	kvfree(priv->claims);
	kvfree(priv->ranges.start);
	kvfree(priv->ranges.vec);
	kfree(priv);
}

struct vfio_pci_dma_buf *vfio_pci_dma_buf_alloc(u32 nr_ranges)
{
	struct vfio_pci_dma_buf *priv;

	priv = kzalloc_obj(*priv, GFP_KERNEL_ACCOUNT);
	if (!priv)
		return NULL;

	kref_init(&priv->kref);
	INIT_LIST_HEAD(&priv->dmabufs_elm);
	dma_resv_init(&priv->resv);
	init_waitqueue_head(&priv->idle);

	priv->ranges.nr = nr_ranges;
	priv->ranges.vec = kvcalloc(nr_ranges, sizeof(*priv->ranges.vec),
				    GFP_KERNEL_ACCOUNT);
	priv->ranges.start = kvcalloc(nr_ranges + 1,
				      sizeof(*priv->ranges.start),
				      GFP_KERNEL_ACCOUNT);
	priv->claims = kvcalloc(nr_ranges, sizeof(*priv->claims),
				GFP_KERNEL_ACCOUNT);
	if (!priv->ranges.vec || !priv->ranges.start || !priv->claims) {
		vfio_pci_dma_buf_put(priv);
		return NULL;
	}
	return priv;
}

void vfio_pci_dma_buf_put(struct vfio_pci_dma_buf *priv)
{
	kref_put(&priv->kref, vfio_pci_dma_buf_free);
}

/*
 * The caller's registration of @vdev goes to the buffer.
 *
 * A BAR mapping comes here under mmap_lock, held for write, beneath which
 * memory_lock must not be taken.  It need not be: only CPUs reach the buffer,
 * and their faults look at the device under memory_lock.
 */
void vfio_pci_dma_buf_link(struct vfio_pci_dma_buf *priv,
			   struct vfio_pci_core_device *vdev)
{
	dma_resv_lock(&priv->resv, NULL);
	priv->vdev = vdev;
	priv->state = priv->vfile || vfio_pci_bars_reachable(vdev) ?
			      PEERBAR_VFIO_DMA_BUF_OK :
			      PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED;
	trace_vfio_pci_dma_buf_export(priv);
	dma_resv_unlock(&priv->resv);

	spin_lock(&vfio_pci_dma_buf_list_lock);
	list_add_tail(&priv->dmabufs_elm, &vdev->dmabufs);
	spin_unlock(&vfio_pci_dma_buf_list_lock);
}

/*
 * Both the close of the device and the release of the dma-buf come here.  When
 * it returns the buffer is off the list, whoever did it.
 */
void vfio_pci_dma_buf_unlink(struct vfio_pci_dma_buf *priv)
{
	struct vfio_pci_core_device *vdev;

	vfio_pci_dma_buf_memattr_end(priv);

	dma_resv_lock(&priv->resv, NULL);
	vdev = priv->vdev;
	priv->vdev = NULL;
	spin_lock(&vfio_pci_dma_buf_list_lock);
	list_del_init(&priv->dmabufs_elm);
	spin_unlock(&vfio_pci_dma_buf_list_lock);
	dma_resv_unlock(&priv->resv);

	if (vdev)
		vfio_device_put_registration(&vdev->vdev);
}

/**
 * vfio_pci_dma_buf_collect - reference all buffers of a device
 * @vdev: device, its memory_lock held for write
 * @walk: list head to link them to by walk_elm; the caller puts each
 *
 * A change takes a buffer's resv and can wait for its importers.  Meanwhile
 * other buffers come and go, and so can this one.
 */
void vfio_pci_dma_buf_collect(struct vfio_pci_core_device *vdev,
			      struct list_head *walk)
{
	struct vfio_pci_dma_buf *priv;

	lockdep_assert_held_write(&vdev->memory_lock);

	spin_lock(&vfio_pci_dma_buf_list_lock);
	list_for_each_entry(priv, &vdev->dmabufs, dmabufs_elm) {
		kref_get(&priv->kref);
		list_add_tail(&priv->walk_elm, walk);
	}
	spin_unlock(&vfio_pci_dma_buf_list_lock);
}

/*
 * The device with a registration, or NULL once it was closed.  memory_lock,
 * which lives in the device, can then be taken; after that priv->vdev must be
 * looked at again.
 */
struct vfio_pci_core_device *
vfio_pci_dma_buf_get_vdev(struct vfio_pci_dma_buf *priv)
{
	struct vfio_pci_core_device *vdev;

	dma_resv_lock(&priv->resv, NULL);
	vdev = priv->vdev;
	if (vdev && !vfio_device_try_get_registration(&vdev->vdev))
		vdev = NULL;
	dma_resv_unlock(&priv->resv);
	return vdev;
}

/**
 * vfio_pci_dma_buf_get - the buffer of a device behind a file descriptor
 * @vdev: device
 * @fd: file descriptor
 *
 * Return: to be dropped with dma_buf_put(); -EBADF for no file, -EINVAL for no
 * dma-buf, -ENODEV for a dma-buf of somebody else.
 */
struct dma_buf *vfio_pci_dma_buf_get(struct vfio_pci_core_device *vdev, int fd)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct vfio_pci_dma_buf *priv;
	bool ours;

	if (IS_ERR(dmabuf))
		return dmabuf;
	if (!vfio_pci_is_dma_buf(dmabuf))
		goto err_put;

	priv = dmabuf->priv;
	dma_resv_lock(&priv->resv, NULL);
	ours = priv->vdev == vdev;
	dma_resv_unlock(&priv->resv);
	if (ours)
		return dmabuf;

err_put:
	dma_buf_put(dmabuf);
	return ERR_PTR(-ENODEV);
}
