/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lock order: edu_device.lock, mmap_lock, memory_lock of an exporter, dma_resv.
 * What an exporter calls takes nothing but the dma_resv that it holds.
 */
#ifndef EDU_H
#define EDU_H

#include <linux/dma-buf.h>
#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/workqueue.h>

#include "peerbar_edu.h"

/**
 * struct edu_device - a bound device, and what open files have of it after that
 * @kref: one for the driver, one for each open file
 * @pdev: until @gone
 * @misc: /dev/peerbar-eduN
 * @id: N
 * @name: of @misc
 * @regs: BAR 0
 * @bounce: memory of the host; the device's own buffer is reached by DMA only
 * @bounce_iova: the same for the device
 * @fence_context: of all DMA, which is one at a time
 * @lock: guards all that follows, and everything that uses the device
 * @fence_seqno: the last one
 * @dma_tag: of the last command
 * @imports: of open files
 * @gone: unbound
 * @stuck: a DMA did not end
 */
struct edu_device {
	struct kref kref;
	struct pci_dev *pdev;
	struct miscdevice misc;
	int id;
	char name[24];
	void __iomem *regs;
	void *bounce;
	dma_addr_t bounce_iova;
	u64 fence_context;

	struct mutex lock;
	u64 fence_seqno;
	u16 dma_tag;
	struct list_head imports;
	bool gone;
	bool stuck;
};

/**
 * struct edu_import - what an open file has
 * @edu: its device
 * @elm: on edu_device::imports
 * @state_lock: guards the change of @dmabuf against a look at the state
 * @dmabuf: NULL without an import; this and all up to @let_go change with
 *	    edu_device::lock held
 * @attach: of it
 * @dir: of the mapping
 * @pinned: never map again after an invalidation
 * @hold_ms: how slow to be
 * @let_go: does what an invalidation could not do at once
 * @sgt: the mapping; this and all below is guarded by the dma_resv
 * @stale: @sgt was invalidated
 * @dead: an invalidation was for ever
 * @invalidations: counted
 * @fence: of the last DMA, may be signalled
 */
struct edu_import {
	struct edu_device *edu;
	struct list_head elm;
	struct mutex state_lock;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	enum dma_data_direction dir;
	bool pinned;
	u32 hold_ms;
	struct delayed_work let_go;

	struct sg_table *sgt;
	bool stale;
	bool dead;
	u32 invalidations;
	struct dma_fence *fence;
};

/* edu_main.c */
void edu_device_put(struct edu_device *edu);

/* edu_file.c */
extern const struct file_operations edu_fops;

/* edu_import.c */
void edu_import_init(struct edu_import *imp, struct edu_device *edu);
int edu_import_attach(struct edu_import *imp,
		      const struct peerbar_edu_attach *arg);
void edu_import_detach(struct edu_import *imp);
int edu_import_map(struct edu_import *imp, struct peerbar_edu_map *arg);
int edu_import_release(struct edu_import *imp);
void edu_import_state(struct edu_import *imp, struct peerbar_edu_state *state);
struct dma_fence *edu_import_begin(struct edu_import *imp, u64 offset,
				   u32 *length, bool to_buffer,
				   dma_addr_t *iova);
void edu_import_end(struct dma_fence *fence);

/* edu_dma.c */
enum edu_dma_dir { EDU_DMA_IN, EDU_DMA_OUT };

int edu_dma(struct edu_device *edu, enum edu_dma_dir dir, dma_addr_t iova,
	    u32 length);

#endif /* EDU_H */
