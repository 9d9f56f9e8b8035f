// SPDX-License-Identifier: GPL-2.0-only
/*
 * BAR mappings of the device's own file.
 *
 * Each has a dma-buf of its own beneath, which nobody gets a descriptor of: it
 * faults and is revoked as those are that are shared.  The mapping keeps the
 * device open, as if it still were one of the device's file.
 */
#include <linux/fcntl.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "vfio_pci_dmabuf_priv.h"

/* mmap_lock is held for write: no memory_lock here, see _link(). */
static struct vfio_pci_dma_buf *
vfio_pci_dma_buf_create_bar(struct vfio_pci_core_device *vdev,
			    struct vm_area_struct *vma, unsigned int index,
			    phys_addr_t start)
{
	struct vfio_pci_dma_buf *priv;
	int ret;

	priv = vfio_pci_dma_buf_alloc(1);
	if (!priv)
		return ERR_PTR(-ENOMEM);

	priv->size = vma->vm_end - vma->vm_start;
	priv->region_index = index;
	priv->vfile = get_file(vma->vm_file);
	priv->vm_pgoff = vma->vm_pgoff;
	priv->ranges.vec[0].paddr = start;
	priv->ranges.vec[0].len = priv->size;
	ret = vfio_pci_dma_buf_ranges_init(&priv->ranges);
	if (!ret)
		ret = vfio_pci_dma_buf_export(priv, vdev, O_RDWR);
	if (ret) {
		vfio_pci_dma_buf_put(priv);
		return ERR_PTR(ret);
	}
	return priv;
}

/* What /proc/PID/maps shows; "/dmabuf:" comes before it. */
static void vfio_pci_dma_buf_set_name(struct dma_buf *dmabuf, char *name)
{
	spin_lock(&dmabuf->name_lock);
	dmabuf->name = name;
	spin_unlock(&dmabuf->name_lock);
}

/**
 * vfio_pci_dma_buf_mmap_bar - have a dma-buf beneath a BAR mapping
 * @vdev: device
 * @vma: of the device's file, checked, with its flags and protection set
 * @index: of the BAR
 * @start: physical address of the first byte
 *
 * Return: 0; -EBUSY if a dma-buf has some of the pages write-combined; or -errno
 */
int vfio_pci_dma_buf_mmap_bar(struct vfio_pci_core_device *vdev,
			      struct vm_area_struct *vma, unsigned int index,
			      phys_addr_t start)
{
	struct vfio_pci_dma_buf *priv;
	char *name;
	int ret;

	name = kasprintf(GFP_KERNEL_ACCOUNT, "%s:%s/%u",
			 dev_name(&vdev->vdev.device), pci_name(vdev->pdev),
			 index);
	if (!name)
		return -ENOMEM;

	priv = vfio_pci_dma_buf_create_bar(vdev, vma, index, start);
	if (IS_ERR(priv)) {
		kfree(name);
		return PTR_ERR(priv);
	}
	vfio_pci_dma_buf_set_name(priv->dmabuf, name);
	vfio_pci_dma_buf_link(priv, vdev);

	ret = vfio_pci_dma_buf_cpu_get(priv);
	if (ret < 0) {
		dma_buf_put(priv->dmabuf);
		return ret;
	}

	vma_set_file(vma, priv->dmabuf->file);
	dma_buf_put(priv->dmabuf);
	vma->vm_private_data = priv;
	vma->vm_ops = &vfio_pci_dma_buf_vm_ops;
	return 0;
}
