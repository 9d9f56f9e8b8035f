/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * /dev/peerbar-eduN - a PCI device that imports dma-bufs and does DMA on request
 *
 * For tests only: RAW_COPY lets whoever may open the device (CAP_SYS_RAWIO)
 * send it to any address.
 *
 * An open file has at most one import.  Closing the file, like unbinding the
 * device, ends it.  All structures must be zero where nothing is said.  Errors
 * of every ioctl: EFAULT for a bad pointer, EINVAL for a value that is out of
 * range, ENODEV when the device was unbound, EINTR when a signal came first.
 */
#ifndef PEERBAR_EDU_H
#define PEERBAR_EDU_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PEERBAR_EDU_MAGIC	0xbb

/* bytes that one DMA moves; a longer copy is several */
#define PEERBAR_EDU_CHUNK	2048

/* the longest copy, and the longest time that an importer may be slow */
#define PEERBAR_EDU_COPY_MAX	65536
#define PEERBAR_EDU_HOLD_MAX_MS	10000

/*
 * ATTACH - become an importer of a dma-buf; nothing is mapped yet
 *
 * @hold_ms: how long a mapping is held after the exporter took the memory back.
 *	With 0 it is let go at once, or with the end of a DMA that is going on.
 * PEERBAR_EDU_PINNED: as importers do that never map twice.  After the first
 *	invalidation MAP fails with ENODEV, even if the memory is back.
 *
 * EBADF or EINVAL: not a dma-buf.  EBUSY: there is an import.  Or what the
 * exporter says.
 */
#define PEERBAR_EDU_ATTACH	_IOW(PEERBAR_EDU_MAGIC, 1, struct peerbar_edu_attach)

#define PEERBAR_EDU_PINNED	(1u << 0)

struct peerbar_edu_attach {
	__s32	dmabuf_fd;
	__u32	flags;
	__u32	hold_ms;
	__u32	reserved;
};

/*
 * MAP - map the whole buffer for this device, and say where
 *
 * @nr: in: room in @segments; out: how many there are, of which the first that
 *	have room were written.  If the buffer is mapped this only says where.
 *	A dma-buf that is open read-only is mapped for reading.
 *
 * ENOENT: no import.  EBUSY: an invalidated mapping is still held.  ENODEV: the
 * memory is away, or away for ever.  EINVAL: also when the kernel does not
 * trust this machine with DMA between the two devices.
 */
#define PEERBAR_EDU_MAP		_IOWR(PEERBAR_EDU_MAGIC, 2, struct peerbar_edu_map)

struct peerbar_edu_segment {
	__u64	iova;
	__u64	length;
};

struct peerbar_edu_map {
	__u64	segments;	/* struct peerbar_edu_segment * */
	__u32	nr;
	__u32	reserved;
};

/*
 * COPY - between the buffer and memory of the caller, by DMA
 *
 * @at: offset in the buffer
 * @done: out: bytes that were copied, also when it fails in the middle
 * PEERBAR_EDU_TO_BUFFER: the direction; else from the buffer to the caller
 *
 * Every DMA has a fence in the buffer's reservation object.  ENXIO: nothing is
 * mapped.  ESTALE: the mapping was invalidated.  EACCES: the dma-buf is open
 * read-only.  EIO: the device does not finish.
 */
#define PEERBAR_EDU_COPY	_IOWR(PEERBAR_EDU_MAGIC, 3, struct peerbar_edu_copy)

/*
 * RAW_COPY - likewise, but @at is an address on the bus and nobody is asked
 *
 * Up to PEERBAR_EDU_CHUNK bytes.  The device does not know whether its DMA went
 * through, and so success means nothing.  No import is needed.
 */
#define PEERBAR_EDU_RAW_COPY	_IOWR(PEERBAR_EDU_MAGIC, 4, struct peerbar_edu_copy)

#define PEERBAR_EDU_TO_BUFFER	(1u << 0)

struct peerbar_edu_copy {
	__u64	at;
	__u64	memory;		/* void * */
	__u32	length;
	__u32	flags;
	__u32	done;
	__u32	reserved;
};

/* RELEASE - let go of a held mapping now.  ENXIO: none is held. */
#define PEERBAR_EDU_RELEASE	_IO(PEERBAR_EDU_MAGIC, 5)

/* DETACH - end the import.  ENOENT: there is none. */
#define PEERBAR_EDU_DETACH	_IO(PEERBAR_EDU_MAGIC, 6)

/*
 * STATE - a look at the import, without waiting for a COPY of another thread
 *
 * All zero while there is no import.
 */
#define PEERBAR_EDU_STATE	_IOR(PEERBAR_EDU_MAGIC, 7, struct peerbar_edu_state)

struct peerbar_edu_state {
	__u32	mapped;		/* the device can reach the buffer */
	__u32	stale;		/* mapped, but invalidated */
	__u32	in_flight;	/* a DMA is going on */
	__u32	invalidations;	/* since ATTACH */
};

#endif /* PEERBAR_EDU_H */
