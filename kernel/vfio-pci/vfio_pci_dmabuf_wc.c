// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device feature that says how CPUs see a buffer; kernel/uapi/peerbar_vfio.h has
 * its contract.
 */
#include <linux/uaccess.h>

#include "vfio_pci_dmabuf_priv.h"

/*
 * Combining is for memory without side effects, which PCI calls prefetchable.
 * A driver that reads and writes BARs itself may have kept an address in the
 * kernel's mapping of one.
 */
static bool vfio_pci_dma_buf_can_wc(struct vfio_pci_core_device *vdev,
				    struct vfio_pci_dma_buf *priv)
{
	unsigned long flags = pci_resource_flags(vdev->pdev,
						 priv->region_index);

	return priv->cpu_access && flags & IORESOURCE_PREFETCH &&
	       vdev->vdev.ops->read == vfio_pci_core_read &&
	       vdev->vdev.ops->write == vfio_pci_core_write;
}

static int vfio_pci_dma_buf_make_wc(struct vfio_pci_core_device *vdev,
				    struct vfio_pci_dma_buf *priv)
{
	int ret;

	if (!vfio_pci_dma_buf_can_wc(vdev, priv))
		return -EOPNOTSUPP;

	ret = vfio_pci_bar_split(vdev, priv->region_index);
	if (ret)
		return ret;
	return vfio_pci_dma_buf_set_wc(priv);
}

static int vfio_pci_dma_buf_set_memattr(struct vfio_pci_core_device *vdev,
					struct vfio_pci_dma_buf *priv,
					u32 memattr)
{
	int ret;

	guard(mutex)(&vdev->ioeventfds_lock);
	guard(rwsem_write)(&vdev->memory_lock);

	if (priv->state == PEERBAR_VFIO_DMA_BUF_PERM_REVOKED)
		return -EBADFD;
	if (priv->memattr == memattr)
		return 0;

	if (memattr == PEERBAR_VFIO_DMA_BUF_WC)
		ret = vfio_pci_dma_buf_make_wc(vdev, priv);
	else
		ret = vfio_pci_dma_buf_set_uc(priv);
	vfio_pci_bar_join(vdev, priv->region_index);
	return ret;
}

int vfio_pci_core_feature_dma_buf_memattr(struct vfio_pci_core_device *vdev,
					  u32 flags, void __user *arg,
					  size_t argsz)
{
	struct peerbar_vfio_dma_buf_set_memattr memattr;
	struct dma_buf *dmabuf;
	int ret;

	if (!vdev->pci_ops || !vdev->pci_ops->get_dmabuf_phys ||
	    !vfio_pci_wc_possible())
		return -EOPNOTSUPP;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET,
				 sizeof(memattr));
	if (ret != 1)
		return ret;

	if (copy_from_user(&memattr, arg, sizeof(memattr)))
		return -EFAULT;

	dmabuf = vfio_pci_dma_buf_get(vdev, memattr.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);

	ret = -ENOENT;
	if (memattr.memattr <= PEERBAR_VFIO_DMA_BUF_WC)
		ret = vfio_pci_dma_buf_set_memattr(vdev, dmabuf->priv,
						   memattr.memattr);
	dma_buf_put(dmabuf);
	return ret;
}
