/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * UAPI that the peerbar build of vfio-pci adds to <linux/vfio.h>.
 *
 * VFIO_DEVICE_FEATURE numbers are handed out one by one upstream (13 was
 * claimed twice while the revoke series was on the list), so that an
 * out-of-tree kernel must not take "the next one".  These live at the far end
 * of the 16-bit space.  User space never assumes that they are there: it sends
 * VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_{SET,GET} first, and a
 * kernel without them answers ENOTTY.
 */
#ifndef _UAPI_PEERBAR_VFIO_H
#define _UAPI_PEERBAR_VFIO_H

#include <linux/types.h>

#define PEERBAR_VFIO_FEATURE_BASE		0xbb00

/*
 * More ranges than this in one VFIO_DEVICE_FEATURE_DMA_BUF fail with E2BIG.
 * Ranges that are neighbours in the list and in the BAR are merged afterwards.
 */
#define PEERBAR_VFIO_DMA_BUF_RANGES_MAX		4096

/*
 * PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE - take one exported dma-buf back for good
 *
 * VFIO_DEVICE_FEATURE_SET (and PROBE).  The buffer behind @dmabuf_fd, which
 * must have been exported from this device, is revoked permanently: when the
 * call returns no CPU page-table entry and no importer mapping of it is left,
 * mmap() of it fails with ENODEV, a touch of an old mapping raises SIGBUS, and
 * neither a reset nor memory enable brings it back.  Other buffers of the
 * device, overlapping ones included, are left alone.  Export again to use the
 * memory again.
 *
 * Errors, in the order in which they are tested:
 *   EOPNOTSUPP  this device cannot export dma-bufs
 *   EINVAL      argsz or flags are wrong, or the fd is not a dma-buf
 *   EBADF       @dmabuf_fd is not an open file descriptor
 *   ENODEV      a dma-buf, but not one of this device (or the device was
 *               closed since)
 *   EBADFD      already revoked permanently
 */
#define PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE	(PEERBAR_VFIO_FEATURE_BASE + 1)

struct peerbar_vfio_dma_buf_revoke {
	__s32	dmabuf_fd;
};

/*
 * PEERBAR_VFIO_FEATURE_DMA_BUF_INFO - what the kernel knows about one buffer
 *
 * VFIO_DEVICE_FEATURE_GET (and PROBE).  @dmabuf_fd is read, everything else is
 * written.  Counters count since export and never go back; they are a snapshot,
 * not a consistent cut.  Errors are those of the revoke feature, less EBADFD.
 */
#define PEERBAR_VFIO_FEATURE_DMA_BUF_INFO	(PEERBAR_VFIO_FEATURE_BASE + 2)

enum peerbar_vfio_dma_buf_state {
	PEERBAR_VFIO_DMA_BUF_OK = 0,
	/* memory disabled, low-power state or reset: heals by itself */
	PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED = 1,
	PEERBAR_VFIO_DMA_BUF_PERM_REVOKED = 2,
};

enum peerbar_vfio_dma_buf_memattr {
	PEERBAR_VFIO_DMA_BUF_UC = 0,
	PEERBAR_VFIO_DMA_BUF_WC = 1,
};

struct peerbar_vfio_dma_buf_info {
	__s32	dmabuf_fd;
	__u32	state;		/* enum peerbar_vfio_dma_buf_state */
	__u32	memattr;	/* enum peerbar_vfio_dma_buf_memattr */
	__u32	nr_ranges;	/* as kept: adjacent ranges are merged */
	__u64	size;		/* bytes */
	__u32	importers;	/* DMA mappings right now, +1 for any vmaps */
	__u32	region_index;	/* VFIO region (BAR) it was exported from */
	__u64	faults_pte;	/* PTEs inserted: 4 KiB */
	__u64	faults_pmd;	/* huge entries inserted: 2 MiB */
	__u64	faults_pud;	/* huge entries inserted: 1 GiB */
	__u64	faults_refused;	/* ended in SIGBUS */
	__u64	revokes;	/* temporary and permanent, that changed state */
	__u64	revoke_ns;	/* duration of the last of them */
};

/*
 * PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR - how CPUs see one exported dma-buf
 *
 * VFIO_DEVICE_FEATURE_SET (and PROBE).  A buffer is exported uncached.  With
 * PEERBAR_VFIO_DMA_BUF_WC the mappings of it are write-combined, really: what
 * the page tables and the kernel's list of memory types say is that, or the
 * call fails.  It is about CPUs: mmap() of the dma-buf, in any process, and
 * kernel mappings of importers that move data with the CPU.  DMA and the
 * reads and writes of the device's file do not change, except that the
 * latter, of that BAR, get slower (pages are mapped as they are needed).
 *
 * A buffer can be changed while no CPU has it mapped, and no page has two
 * attributes at once: while a buffer is write-combined an uncached mapping of
 * any of its pages, through another dma-buf or the device's file, is refused
 * with EBUSY, and the other way round.  Uncached and write-combined buffers of
 * a BAR that do not overlap live side by side, and write-combined ones may
 * overlap.  VFIO_DEVICE_IOEVENTFD in that BAR fails with EBUSY meanwhile.
 *
 * The attribute lasts through resets, memory disable and low power.  It ends,
 * the pages free for other uses, when it is set back, when the dma-buf is
 * revoked for good (by the feature or by closing the device), or released.
 *
 * Errors, in the order in which they are tested:
 *   EOPNOTSUPP  this device cannot export dma-bufs, or this machine has no
 *               write-combining that the kernel controls (x86 with PAT has);
 *               PROBE says so, too
 *   EINVAL      argsz or flags are wrong, or the fd is not a dma-buf
 *   EBADF       @dmabuf_fd is not an open file descriptor
 *   ENODEV      a dma-buf, but not one of this device (or the device was
 *               closed since)
 *   ENOENT      no such attribute
 *   EBADFD      revoked permanently
 *   EOPNOTSUPP  write-combining is not for this buffer: CPUs cannot map it, the
 *               BAR is not prefetchable, or a variant driver uses it itself
 *   EBUSY       an ioeventfd uses the BAR; the buffer is mapped; or some of its
 *               pages are, otherwise, by whomever
 *   ENOMEM
 */
#define PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR	(PEERBAR_VFIO_FEATURE_BASE + 3)

struct peerbar_vfio_dma_buf_set_memattr {
	__s32	dmabuf_fd;
	__u32	memattr;	/* enum peerbar_vfio_dma_buf_memattr */
};

#endif /* _UAPI_PEERBAR_VFIO_H */
