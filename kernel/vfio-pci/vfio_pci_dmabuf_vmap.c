// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel mappings of an exported buffer, for importers that move data with the
 * CPU.  Such an importer does dma_buf_pin(), dma_buf_vmap(), dma_buf_unpin()
 * under one hold of the resv: dma_buf_vmap() warns when an exporter refuses,
 * and a refused pin tells "later" (-EAGAIN) from "never" (-ENODEV), "not while
 * others have it write-combined" (-EBUSY) and "out of memory" (-ENOMEM).  So all
 * that can fail is done by the pin.
 */
#include <linux/dma-direction.h>
#include <linux/io.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "vfio_pci_dmabuf_priv.h"

/* Several pieces take page tables and a list of PFNs: 4 MiB for this much. */
#define VFIO_PCI_DMA_BUF_VMAP_PIECES_MAX	SZ_1G

static unsigned long vfio_pci_dma_buf_fill_pfns(const struct phys_vec *vec,
						unsigned long *pfns)
{
	unsigned long i, nr = vec->len >> PAGE_SHIFT;

	for (i = 0; i < nr; i++)
		pfns[i] = PHYS_PFN(vec->paddr) + i;
	return nr;
}

/* vmap_pfn() warns of memory that has struct pages, even unused ones. */
static bool vfio_pci_dma_buf_any_pfn_valid(const struct phys_vec *vec)
{
	unsigned long i, nr = vec->len >> PAGE_SHIFT;

	for (i = 0; i < nr; i++)
		if (pfn_valid(PHYS_PFN(vec->paddr) + i))
			return true;
	return false;
}

/* To be asked once, at export: see the comment on top about refusals. */
bool vfio_pci_dma_buf_can_vmap(const struct vfio_pci_dma_buf *priv)
{
	u32 i;

	if (!priv->cpu_access)
		return false;
	if (priv->ranges.nr == 1)
		return true;
	if (!IS_ENABLED(CONFIG_VMAP_PFN) ||
	    priv->size > VFIO_PCI_DMA_BUF_VMAP_PIECES_MAX)
		return false;

	for (i = 0; i < priv->ranges.nr; i++)
		if (vfio_pci_dma_buf_any_pfn_valid(&priv->ranges.vec[i]))
			return false;
	return true;
}

static int vfio_pci_dma_buf_usable(struct vfio_pci_dma_buf *priv)
{
	dma_resv_assert_held(&priv->resv);

	switch (priv->state) {
	case PEERBAR_VFIO_DMA_BUF_OK:
		return 0;
	case PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED:
		return -EAGAIN;
	default:
		return -ENODEV;
	}
}

static void __iomem *vfio_pci_dma_buf_map_pieces(struct vfio_pci_dma_buf *priv,
						 pgprot_t prot)
{
	unsigned long *pfns, *next;
	void *va;
	u32 i;

	pfns = kvmalloc_array(priv->size >> PAGE_SHIFT, sizeof(*pfns),
			      GFP_KERNEL_ACCOUNT);
	if (!pfns)
		return NULL;

	next = pfns;
	for (i = 0; i < priv->ranges.nr; i++)
		next += vfio_pci_dma_buf_fill_pfns(&priv->ranges.vec[i], next);
	va = vmap_pfn(pfns, priv->size >> PAGE_SHIFT, pgprot_decrypted(prot));
	kvfree(pfns);
	return (void __iomem *)va;
}

static void __iomem *vfio_pci_dma_buf_kva_map(struct vfio_pci_dma_buf *priv,
					      int memattr)
{
	phys_addr_t paddr = priv->ranges.vec[0].paddr;
	bool wc = memattr == PEERBAR_VFIO_DMA_BUF_WC;

	if (priv->ranges.nr == 1)
		return wc ? ioremap_wc(paddr, priv->size) :
			    ioremap(paddr, priv->size);

	return vfio_pci_dma_buf_map_pieces(priv,
					   wc ? pgprot_writecombine(PAGE_KERNEL) :
						pgprot_noncached(PAGE_KERNEL));
}

static int vfio_pci_dma_buf_kva_get(struct vfio_pci_dma_buf *priv)
{
	int memattr;

	dma_resv_assert_held(&priv->resv);

	if (!priv->kva_users) {
		memattr = vfio_pci_dma_buf_cpu_get(priv);
		if (memattr < 0)
			return memattr;
		priv->kva = vfio_pci_dma_buf_kva_map(priv, memattr);
		if (!priv->kva) {
			vfio_pci_dma_buf_cpu_put(priv);
			return -ENOMEM;
		}
	}
	priv->kva_users++;
	return 0;
}

static void vfio_pci_dma_buf_kva_put(struct vfio_pci_dma_buf *priv)
{
	dma_resv_assert_held(&priv->resv);

	if (--priv->kva_users)
		return;
	if (priv->ranges.nr == 1)
		iounmap(priv->kva);
	else
		vunmap((void __force *)priv->kva);
	priv->kva = NULL;
	vfio_pci_dma_buf_cpu_put(priv);
}

/* What would an importer that does DMA itself want a kernel mapping for? */
static bool vfio_pci_dma_buf_pin_is_for_vmap(struct dma_buf_attachment *attachment)
{
	return attachment->dmabuf->ops->vmap && !attachment->dev->dma_mask;
}

/* Pinned memory is revoked like any other: there is nothing to hold. */
int vfio_pci_dma_buf_pin(struct dma_buf_attachment *attachment)
{
	struct vfio_pci_dma_buf *priv = attachment->dmabuf->priv;
	int ret;

	ret = vfio_pci_dma_buf_usable(priv);
	if (ret || !vfio_pci_dma_buf_pin_is_for_vmap(attachment))
		return ret;

	return vfio_pci_dma_buf_kva_get(priv);
}

void vfio_pci_dma_buf_unpin(struct dma_buf_attachment *attachment)
{
	if (vfio_pci_dma_buf_pin_is_for_vmap(attachment))
		vfio_pci_dma_buf_kva_put(attachment->dmabuf->priv);
}

int vfio_pci_dma_buf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct vfio_pci_dma_buf *priv = dmabuf->priv;
	int ret;

	ret = vfio_pci_dma_buf_usable(priv);
	if (!ret)
		ret = vfio_pci_dma_buf_kva_get(priv);
	if (ret)
		return ret;

	iosys_map_set_vaddr_iomem(map, priv->kva);
	vfio_pci_dma_buf_importer_get(priv);
	return 0;
}

void vfio_pci_dma_buf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct vfio_pci_dma_buf *priv = dmabuf->priv;

	vfio_pci_dma_buf_kva_put(priv);
	vfio_pci_dma_buf_importer_put(priv);
}
