/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of exported buffers.  A buffer is told by the inode number of its
 * dma-buf, which fstat(), /proc/PID/fdinfo and debugfs show as well.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vfio_pci

#if !defined(VFIO_PCI_DMABUF_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VFIO_PCI_DMABUF_TRACE_H

#include <linux/mm.h>
#include <linux/tracepoint.h>

#include "vfio_pci_dmabuf_priv.h"

#define vfio_pci_dma_buf_show_state(state)				\
	__print_symbolic(state,						\
		{ PEERBAR_VFIO_DMA_BUF_OK,		"ok" },		\
		{ PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED,	"temporary" },	\
		{ PEERBAR_VFIO_DMA_BUF_PERM_REVOKED,	"permanent" })

/* A buffer of a device is complete, in the state that the device is in. */
TRACE_EVENT(vfio_pci_dma_buf_export,
	TP_PROTO(const struct vfio_pci_dma_buf *priv),
	TP_ARGS(priv),

	TP_STRUCT__entry(
		__string(device, pci_name(priv->vdev->pdev))
		__field(u64, ino)
		__field(u64, size)
		__field(u32, region)
		__field(u32, ranges)
		__field(u32, state)
	),

	TP_fast_assign(
		__assign_str(device);
		__entry->ino = priv->inode->i_ino;
		__entry->size = priv->size;
		__entry->region = priv->region_index;
		__entry->ranges = priv->ranges.nr;
		__entry->state = priv->state;
	),

	TP_printk("ino=%llu device=%s region=%u size=%llu ranges=%u state=%s",
		  __entry->ino, __get_str(device), __entry->region,
		  __entry->size, __entry->ranges,
		  vfio_pci_dma_buf_show_state(__entry->state))
);

/* A CPU touched a page of it; one try with each order that may fit. */
TRACE_EVENT(vfio_pci_dma_buf_fault,
	TP_PROTO(const struct vfio_pci_dma_buf *priv,
		 const struct vm_fault *vmf, unsigned int order,
		 vm_fault_t ret),
	TP_ARGS(priv, vmf, order, ret),

	TP_STRUCT__entry(
		__field(u64, ino)
		__field(unsigned long, address)
		__field(u64, offset)
		__field(u32, order)
		__field(unsigned int, ret)
	),

	TP_fast_assign(
		__entry->ino = priv->inode->i_ino;
		__entry->address = vmf->address;
		__entry->offset = (u64)(vmf->pgoff - priv->vm_pgoff)
				  << PAGE_SHIFT;
		__entry->order = order;
		__entry->ret = (__force unsigned int)ret;
	),

	TP_printk("ino=%llu address=%#lx offset=%#llx order=%u result=%s",
		  __entry->ino, __entry->address, __entry->offset,
		  __entry->order,
		  __print_flags(__entry->ret, "|", VM_FAULT_RESULT_TRACE))
);

TRACE_EVENT(vfio_pci_dma_buf_revoke_begin,
	TP_PROTO(const struct vfio_pci_dma_buf *priv, u32 old, u32 state),
	TP_ARGS(priv, old, state),

	TP_STRUCT__entry(
		__field(u64, ino)
		__field(u64, size)
		__field(u32, old)
		__field(u32, state)
		__field(int, importers)
	),

	TP_fast_assign(
		__entry->ino = priv->inode->i_ino;
		__entry->size = priv->size;
		__entry->old = old;
		__entry->state = state;
		__entry->importers = atomic_read(&priv->importers);
	),

	TP_printk("ino=%llu size=%llu old=%s state=%s importers=%d",
		  __entry->ino, __entry->size,
		  vfio_pci_dma_buf_show_state(__entry->old),
		  vfio_pci_dma_buf_show_state(__entry->state),
		  __entry->importers)
);

DECLARE_EVENT_CLASS(vfio_pci_dma_buf,
	TP_PROTO(const struct vfio_pci_dma_buf *priv),
	TP_ARGS(priv),

	TP_STRUCT__entry(
		__field(u64, ino)
		__field(int, importers)
	),

	TP_fast_assign(
		__entry->ino = priv->inode->i_ino;
		__entry->importers = atomic_read(&priv->importers);
	),

	TP_printk("ino=%llu importers=%d", __entry->ino, __entry->importers)
);

/* No CPU has it mapped any more. */
DEFINE_EVENT(vfio_pci_dma_buf, vfio_pci_dma_buf_revoke_zapped,
	TP_PROTO(const struct vfio_pci_dma_buf *priv),
	TP_ARGS(priv)
);

/* All importers have been told; some of them may still have it mapped. */
DEFINE_EVENT(vfio_pci_dma_buf, vfio_pci_dma_buf_revoke_invalidated,
	TP_PROTO(const struct vfio_pci_dma_buf *priv),
	TP_ARGS(priv)
);

TRACE_EVENT(vfio_pci_dma_buf_revoke_end,
	TP_PROTO(const struct vfio_pci_dma_buf *priv, u64 ns),
	TP_ARGS(priv, ns),

	TP_STRUCT__entry(
		__field(u64, ino)
		__field(u64, ns)
		__field(int, importers)
	),

	TP_fast_assign(
		__entry->ino = priv->inode->i_ino;
		__entry->ns = ns;
		__entry->importers = atomic_read(&priv->importers);
	),

	TP_printk("ino=%llu ns=%llu importers=%d", __entry->ino, __entry->ns,
		  __entry->importers)
);

/* The memory is back. */
DEFINE_EVENT(vfio_pci_dma_buf, vfio_pci_dma_buf_restore,
	TP_PROTO(const struct vfio_pci_dma_buf *priv),
	TP_ARGS(priv)
);

#endif /* VFIO_PCI_DMABUF_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE vfio_pci_dmabuf_trace

#include <trace/define_trace.h>
