// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPU access to a buffer, exported or beneath a BAR mapping.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "vfio_pci_dmabuf_priv.h"
#include "vfio_pci_dmabuf_trace.h"

static void vfio_pci_dma_buf_count_fault(struct vfio_pci_dma_buf *priv,
					 vm_fault_t ret, unsigned int order)
{
	if (ret & VM_FAULT_SIGBUS)
		atomic64_inc(&priv->stats.faults_refused);
	else if (!(ret & VM_FAULT_NOPAGE))
		return;
	else if (!order)
		atomic64_inc(&priv->stats.faults_pte);
	else if (order == PMD_ORDER)
		atomic64_inc(&priv->stats.faults_pmd);
	else
		atomic64_inc(&priv->stats.faults_pud);
}

static vm_fault_t vfio_pci_dma_buf_insert_pfn(struct vfio_pci_dma_buf *priv,
					      struct vfio_pci_core_device *vdev,
					      struct vm_fault *vmf,
					      unsigned int order)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
	unsigned long pfn;

	lockdep_assert_held_read(&vdev->memory_lock);
	dma_resv_assert_held(&priv->resv);

	if (priv->vdev != vdev || priv->state != PEERBAR_VFIO_DMA_BUF_OK)
		return VM_FAULT_SIGBUS;

	if (addr < vma->vm_start || vma->vm_end - addr < PAGE_SIZE << order)
		return VM_FAULT_FALLBACK;

	if (vfio_pci_dma_buf_ranges_find_pfn(&priv->ranges,
					     linear_page_index(vma, addr) -
						     priv->vm_pgoff,
					     order, &pfn))
		return order ? VM_FAULT_FALLBACK : VM_FAULT_SIGBUS;

	return vfio_pci_vmf_insert_pfn(vdev, vmf, pfn, order);
}

/*
 * A reset holds memory_lock: a fault during one waits, and then finds the
 * memory there again.  A revoke of this buffer alone takes its resv: the entry
 * is inserted before its zap, or not at all.
 */
static vm_fault_t vfio_pci_dma_buf_huge_fault(struct vm_fault *vmf,
					      unsigned int order)
{
	struct vfio_pci_dma_buf *priv = vmf->vma->vm_private_data;
	struct vfio_pci_core_device *vdev = vfio_pci_dma_buf_get_vdev(priv);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (vdev) {
		down_read(&vdev->memory_lock);
		dma_resv_lock(&priv->resv, NULL);
		ret = vfio_pci_dma_buf_insert_pfn(priv, vdev, vmf, order);
		dma_resv_unlock(&priv->resv);
		up_read(&vdev->memory_lock);
		vfio_device_put_registration(&vdev->vdev);
	}

	vfio_pci_dma_buf_count_fault(priv, ret, order);
	trace_vfio_pci_dma_buf_fault(priv, vmf, order, ret);
	return ret;
}

static vm_fault_t vfio_pci_dma_buf_fault(struct vm_fault *vmf)
{
	return vfio_pci_dma_buf_huge_fault(vmf, 0);
}

static void vfio_pci_dma_buf_vma_open(struct vm_area_struct *vma)
{
	vfio_pci_dma_buf_cpu_dup(vma->vm_private_data);
}

static void vfio_pci_dma_buf_vma_close(struct vm_area_struct *vma)
{
	vfio_pci_dma_buf_cpu_put(vma->vm_private_data);
}

const struct vm_operations_struct vfio_pci_dma_buf_vm_ops = {
	.open = vfio_pci_dma_buf_vma_open,
	.close = vfio_pci_dma_buf_vma_close,
	.fault = vfio_pci_dma_buf_fault,
#ifdef CONFIG_ARCH_SUPPORTS_HUGE_PFNMAP
	.huge_fault = vfio_pci_dma_buf_huge_fault,
#endif
};

int vfio_pci_dma_buf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct vfio_pci_dma_buf *priv = dmabuf->priv;
	int memattr;

	if (!priv->cpu_access)
		return -EOPNOTSUPP;

	/* VM_SHARED is missing in shared mappings of a read-only descriptor. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	/* A permanent revoke is final; all else is up to the fault. */
	memattr = vfio_pci_dma_buf_cpu_get(priv);
	if (memattr < 0)
		return memattr;

	vma->vm_private_data = priv;
	if (memattr == PEERBAR_VFIO_DMA_BUF_WC)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	else
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_page_prot = pgprot_decrypted(vma->vm_page_prot);
	vm_flags_set(vma, VM_ALLOW_ANY_UNCACHED | VM_IO | VM_PFNMAP |
			  VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vfio_pci_dma_buf_vm_ops;
	return 0;
}
