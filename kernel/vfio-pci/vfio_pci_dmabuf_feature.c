// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device features that name one exported buffer; kernel/uapi/peerbar_vfio.h has
 * their contract.
 */
#include <linux/uaccess.h>

#include "vfio_pci_dmabuf_priv.h"

static int vfio_pci_dma_buf_check_feature(struct vfio_pci_core_device *vdev,
					  u32 flags, size_t argsz, u32 op,
					  size_t minsz)
{
	if (!vdev->pci_ops || !vdev->pci_ops->get_dmabuf_phys)
		return -EOPNOTSUPP;

	return vfio_check_feature(flags, argsz, op, minsz);
}

int vfio_pci_core_feature_dma_buf_revoke(struct vfio_pci_core_device *vdev,
					 u32 flags, void __user *arg,
					 size_t argsz)
{
	struct peerbar_vfio_dma_buf_revoke revoke;
	int ret;

	ret = vfio_pci_dma_buf_check_feature(vdev, flags, argsz,
					     VFIO_DEVICE_FEATURE_SET,
					     sizeof(revoke));
	if (ret != 1)
		return ret;

	if (copy_from_user(&revoke, arg, sizeof(revoke)))
		return -EFAULT;

	return vfio_pci_dma_buf_revoke(vdev, revoke.dmabuf_fd);
}

static void vfio_pci_dma_buf_fill_info(struct vfio_pci_dma_buf *priv,
				       struct peerbar_vfio_dma_buf_info *info)
{
	struct vfio_pci_dma_buf_stats *stats = &priv->stats;

	info->state = READ_ONCE(priv->state);
	info->memattr = READ_ONCE(priv->memattr);
	info->nr_ranges = priv->ranges.nr;
	info->size = priv->size;
	info->importers = atomic_read(&priv->importers);
	info->region_index = priv->region_index;
	info->faults_pte = atomic64_read(&stats->faults_pte);
	info->faults_pmd = atomic64_read(&stats->faults_pmd);
	info->faults_pud = atomic64_read(&stats->faults_pud);
	info->faults_refused = atomic64_read(&stats->faults_refused);
	info->revokes = atomic64_read(&stats->revokes);
	info->revoke_ns = atomic64_read(&stats->revoke_ns);
}

int vfio_pci_core_feature_dma_buf_info(struct vfio_pci_core_device *vdev,
				       u32 flags, void __user *arg,
				       size_t argsz)
{
	struct peerbar_vfio_dma_buf_info info;
	struct dma_buf *dmabuf;
	int ret;

	ret = vfio_pci_dma_buf_check_feature(vdev, flags, argsz,
					     VFIO_DEVICE_FEATURE_GET,
					     sizeof(info));
	if (ret != 1)
		return ret;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;

	dmabuf = vfio_pci_dma_buf_get(vdev, info.dmabuf_fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	vfio_pci_dma_buf_fill_info(dmabuf->priv, &info);
	dma_buf_put(dmabuf);

	if (copy_to_user(arg, &info, sizeof(info)))
		return -EFAULT;
	return 0;
}
