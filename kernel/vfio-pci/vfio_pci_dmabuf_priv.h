/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VFIO_PCI_DMABUF_PRIV_H
#define VFIO_PCI_DMABUF_PRIV_H

#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/wait.h>

#include "peerbar_vfio.h"
#include "vfio_pci_dmabuf_ranges.h"
#include "vfio_pci_priv.h"

/* Counted since export, for PEERBAR_VFIO_FEATURE_DMA_BUF_INFO. */
struct vfio_pci_dma_buf_stats {
	atomic64_t faults_pte;
	atomic64_t faults_pmd;
	atomic64_t faults_pud;
	atomic64_t faults_refused;
	atomic64_t revokes;
	atomic64_t revoke_ns;
};

/* A range, in a tree of all that CPUs see in the same way. */
struct vfio_pci_dma_buf_claim {
	struct rb_node rb;
	u64 start;
	u64 last;
	u64 subtree_last;
};

/**
 * struct vfio_pci_dma_buf - memory of a device, exported
 * @kref: one for the dma-buf until its release, one for whoever works on the
 *	  buffer without holding its file
 * @ranges: the memory
 * @provider: for peer-to-peer mappings of it
 * @size: bytes
 * @region_index: VFIO region it was exported from
 * @cpu_access: mmap() and vmap() are offered
 * @vfile: the device's file, of a buffer beneath a BAR mapping; NULL for all
 *	   others
 * @vm_pgoff: that the first page of the buffer has in a VMA
 * @inode: of the dma-buf's file; every VMA of the buffer is in its address
 *	   space.  A reference of our own: the file can be gone while the
 *	   dma-buf is still there, because O_PATH descriptors keep only the
 *	   dentry.
 * @dmabufs_elm: on vfio_pci_core_device::dmabufs, guarded by a lock of that
 *		 list
 * @memattr: how CPUs see it; like the next three guarded by a lock of
 *	     vfio_pci_dmabuf_memattr.c
 * @claimed: @claims are in a tree
 * @cpu_users: VMAs, and one for the kernel mapping
 * @claims: one for each range
 * @walk_elm: for the holder of memory_lock for write who takes all buffers of
 *	      the device through a change
 * @resv: the dma-buf's; guards all that follows
 * @dmabuf: NULL once it was released
 * @vdev: NULL once the device was closed, before that with a registration; for
 *	  whoever holds a file of the dma-buf changed under memory_lock only
 * @state: with memory_lock, too, for changes; OK means that the memory can be
 *	   reached, TEMP that it cannot, PERM is for ever
 * @importers: DMA mappings and vmaps that exist
 * @kva: kernel mapping, NULL while there is none
 * @kva_users: pins by importers without DMA, and one for all vmaps
 * @idle: woken when @importers becomes 0
 * @revoke_start: when the last revoke began
 * @stats: counters
 */
struct vfio_pci_dma_buf {
	struct kref kref;
	struct vfio_pci_dma_buf_ranges ranges;
	struct p2pdma_provider *provider;
	size_t size;
	u32 region_index;
	bool cpu_access;
	struct file *vfile;
	unsigned long vm_pgoff;
	struct inode *inode;
	struct list_head dmabufs_elm;
	struct list_head walk_elm;

	enum peerbar_vfio_dma_buf_memattr memattr;
	bool claimed;
	unsigned int cpu_users;
	struct vfio_pci_dma_buf_claim *claims;

	struct dma_resv resv;
	struct dma_buf *dmabuf;
	struct vfio_pci_core_device *vdev;
	enum peerbar_vfio_dma_buf_state state;
	atomic_t importers;
	void __iomem *kva;
	unsigned int kva_users;
	wait_queue_head_t idle;
	ktime_t revoke_start;
	struct vfio_pci_dma_buf_stats stats;
};

/* vfio_pci_dmabuf.c */
bool vfio_pci_is_dma_buf(const struct dma_buf *dmabuf);
int vfio_pci_dma_buf_export(struct vfio_pci_dma_buf *priv,
			    struct vfio_pci_core_device *vdev, int open_flags);

/* vfio_pci_dmabuf_object.c */
struct vfio_pci_dma_buf *vfio_pci_dma_buf_alloc(u32 nr_ranges);
void vfio_pci_dma_buf_put(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_link(struct vfio_pci_dma_buf *priv,
			   struct vfio_pci_core_device *vdev);
void vfio_pci_dma_buf_unlink(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_collect(struct vfio_pci_core_device *vdev,
			      struct list_head *walk);
struct vfio_pci_core_device *
vfio_pci_dma_buf_get_vdev(struct vfio_pci_dma_buf *priv);
struct dma_buf *vfio_pci_dma_buf_get(struct vfio_pci_core_device *vdev, int fd);

/* vfio_pci_dmabuf_revoke.c */
void vfio_pci_dma_buf_importer_get(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_importer_put(struct vfio_pci_dma_buf *priv);
int vfio_pci_dma_buf_revoke(struct vfio_pci_core_device *vdev, int fd);

/* vfio_pci_dmabuf_memattr.c */
int vfio_pci_dma_buf_cpu_get(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_cpu_dup(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_cpu_put(struct vfio_pci_dma_buf *priv);
bool vfio_pci_wc_possible(void);
int vfio_pci_dma_buf_set_wc(struct vfio_pci_dma_buf *priv);
int vfio_pci_dma_buf_set_uc(struct vfio_pci_dma_buf *priv);
void vfio_pci_dma_buf_memattr_end(struct vfio_pci_dma_buf *priv);

/* vfio_pci_dmabuf_sgt.c */
struct sg_table *
vfio_pci_dma_buf_map_ranges(struct dma_buf_attachment *attachment,
			    enum dma_data_direction dir);
void vfio_pci_dma_buf_unmap_ranges(struct dma_buf_attachment *attachment,
				   struct sg_table *table,
				   enum dma_data_direction dir);

/* vfio_pci_dmabuf_mmap.c */
extern const struct vm_operations_struct vfio_pci_dma_buf_vm_ops;
int vfio_pci_dma_buf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma);

/* vfio_pci_dmabuf_vmap.c */
bool vfio_pci_dma_buf_can_vmap(const struct vfio_pci_dma_buf *priv);
int vfio_pci_dma_buf_pin(struct dma_buf_attachment *attachment);
void vfio_pci_dma_buf_unpin(struct dma_buf_attachment *attachment);
int vfio_pci_dma_buf_vmap(struct dma_buf *dmabuf, struct iosys_map *map);
void vfio_pci_dma_buf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map);

#endif /* VFIO_PCI_DMABUF_PRIV_H */
