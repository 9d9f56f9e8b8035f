// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA mappings of an exported buffer: one of every range, and a table of all.
 *
 * dma_buf_phys_vec_to_sgt() could do it in one go, but behind an IOMMU it links
 * all ranges at the same address, so that a second one fails with EADDRINUSE.
 */
#include <linux/dma-buf-mapping.h>
#include <linux/overflow.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "vfio_pci_dmabuf_priv.h"

/**
 * struct vfio_pci_dma_buf_sgt - a mapping
 * @table: what the importer gets
 * @nr: ranges that are mapped
 * @piece: of each range
 */
struct vfio_pci_dma_buf_sgt {
	struct sg_table table;
	u32 nr;
	struct sg_table *piece[];
};

static void vfio_pci_dma_buf_free_pieces(struct dma_buf_attachment *attachment,
					 struct vfio_pci_dma_buf_sgt *sgt,
					 enum dma_data_direction dir)
{
	struct sg_table *piece;

	while (sgt->nr) {
		piece = sgt->piece[--sgt->nr];
		/*
		 * It is 0 to show that there are no pages, but is also what
		 * sg_free_table() goes by: the entries would leak.
		 */
		piece->orig_nents = piece->nents;
		dma_buf_free_sgt(attachment, piece, dir);
	}
}

static int vfio_pci_dma_buf_map_pieces(struct dma_buf_attachment *attachment,
				       struct vfio_pci_dma_buf_sgt *sgt,
				       enum dma_data_direction dir)
{
	struct vfio_pci_dma_buf *priv = attachment->dmabuf->priv;
	struct sg_table *piece;
	struct phys_vec *vec;

	while (sgt->nr < priv->ranges.nr) {
		vec = &priv->ranges.vec[sgt->nr];
		piece = dma_buf_phys_vec_to_sgt(attachment, priv->provider, vec,
						1, vec->len, dir);
		if (IS_ERR(piece)) {
			vfio_pci_dma_buf_free_pieces(attachment, sgt, dir);
			return PTR_ERR(piece);
		}
		sgt->piece[sgt->nr++] = piece;
	}
	return 0;
}

static int vfio_pci_dma_buf_fill_table(struct vfio_pci_dma_buf_sgt *sgt)
{
	struct scatterlist *from, *to;
	unsigned int nents = 0;
	u32 i, j;
	int ret;

	for (i = 0; i < sgt->nr; i++)
		nents += sgt->piece[i]->nents;
	ret = sg_alloc_table(&sgt->table, nents, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;

	to = sgt->table.sgl;
	for (i = 0; i < sgt->nr; i++) {
		for_each_sgtable_dma_sg(sgt->piece[i], from, j) {
			sg_dma_address(to) = sg_dma_address(from);
			sg_dma_len(to) = sg_dma_len(from);
			to = sg_next(to);
		}
	}
	sgt->table.orig_nents = 0;
	return 0;
}

/**
 * vfio_pci_dma_buf_map_ranges - map a buffer for a device
 * @attachment: of the device
 * @dir: of DMA
 *
 * Return: to be given to vfio_pci_dma_buf_unmap_ranges(), or an error pointer.
 */
struct sg_table *
vfio_pci_dma_buf_map_ranges(struct dma_buf_attachment *attachment,
			    enum dma_data_direction dir)
{
	struct vfio_pci_dma_buf *priv = attachment->dmabuf->priv;
	struct vfio_pci_dma_buf_sgt *sgt;
	int ret;

	dma_resv_assert_held(&priv->resv);

	sgt = kvzalloc(struct_size(sgt, piece, priv->ranges.nr),
		       GFP_KERNEL_ACCOUNT);
	if (!sgt)
		return ERR_PTR(-ENOMEM);

	ret = vfio_pci_dma_buf_map_pieces(attachment, sgt, dir);
	if (ret)
		goto err_free;

	ret = vfio_pci_dma_buf_fill_table(sgt);
	if (ret)
		goto err_free_pieces;
	return &sgt->table;

err_free_pieces:
	vfio_pci_dma_buf_free_pieces(attachment, sgt, dir);
err_free:
	kvfree(sgt);
	return ERR_PTR(ret);
}

void vfio_pci_dma_buf_unmap_ranges(struct dma_buf_attachment *attachment,
				   struct sg_table *table,
				   enum dma_data_direction dir)
{
	struct vfio_pci_dma_buf_sgt *sgt =
		container_of(table, struct vfio_pci_dma_buf_sgt, table);

	dma_resv_assert_held(attachment->dmabuf->resv);

	table->orig_nents = table->nents;
	sg_free_table(table);
	vfio_pci_dma_buf_free_pieces(attachment, sgt, dir);
	kvfree(sgt);
}
