/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Buffers
 *
 * A peerbar_buffer is a kernel dma-buf over one or more page-aligned pieces of
 * one BAR.  Byte 0 of the buffer is the first byte of the first range; the
 * ranges follow each other in the order given, which need not be the order in
 * the BAR.
 *
 * Revoke: a buffer is in one of three states.  LIVE.  SUSPENDED: the device is
 * in reset, in a low-power state, or its memory is disabled; it heals by
 * itself.  REVOKED: for good, by peerbar_buffer_revoke() or because the device
 * was closed.
 *
 * A buffer does not keep its device open.
 */
#ifndef PEERBAR_BUFFER_H
#define PEERBAR_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <peerbar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_buffer;

/**
 * struct peerbar_range - a piece of a BAR
 * @offset: bytes from the start of the BAR; a multiple of the page size
 * @length: bytes; a multiple of the page size, not 0
 */
struct peerbar_range {
	uint64_t offset;
	uint64_t length;
};

/** most ranges that one buffer can have (kernel/vfio-pci bounds it, too) */
#define PEERBAR_MAX_RANGES 4096

/** room for the name of a buffer that came by a channel, with its NUL */
#define PEERBAR_NAME_SIZE 64

enum peerbar_state {
	PEERBAR_LIVE,
	PEERBAR_SUSPENDED,
	PEERBAR_REVOKED,
};

/** how a CPU mapping of the buffer caches */
enum peerbar_memattr {
	PEERBAR_UNCACHED,
	PEERBAR_WRITE_COMBINING,
};

/**
 * enum peerbar_export_flags - flags of peerbar_buffer_export()
 * @PEERBAR_EXPORT_READ_ONLY: the fd is O_RDONLY, so that no holder can map it
 *	writable.  RDMA access rights are those of the registration: a NIC is
 *	not bound by this flag.
 * @PEERBAR_EXPORT_WRITE_COMBINING: CPUs see it write-combined, in every process:
 *	stores are merged and may wait in the CPU until it meets a fence (sfence
 *	on x86, and what orders all else: locked instructions, stores to
 *	uncached memory).  For memory, not for registers.  The export fails
 *	rather than that the mapping is uncached after all.  While the buffer
 *	lives its pages cannot be mapped uncached, through another buffer or
 *	the device fd, and the other way round.
 */
enum peerbar_export_flags {
	PEERBAR_EXPORT_READ_ONLY = 1u << 0,
	PEERBAR_EXPORT_WRITE_COMBINING = 1u << 1,
};

/**
 * struct peerbar_buffer_info - what the kernel knows about a buffer
 * @state: see enum peerbar_state
 * @memattr: see enum peerbar_memattr
 * @nr_ranges: ranges after adjacent ones were merged
 * @importers: DMA mappings and kernel mappings held by importers right now
 * @faults_4k: CPU page-table entries inserted since export, by page size
 * @faults_2m: likewise
 * @faults_1g: likewise
 * @faults_refused: CPU accesses that ended in SIGBUS
 * @revokes: revokes, temporary and permanent, since export
 * @revoke_ns: duration of the last of them in nanoseconds
 *
 * Source: PEERBAR_VFIO_FEATURE_DMA_BUF_INFO in kernel/uapi/peerbar_vfio.h.
 */
struct peerbar_buffer_info {
	enum peerbar_state state;
	enum peerbar_memattr memattr;
	uint32_t nr_ranges;
	uint32_t importers;
	uint64_t faults_4k;
	uint64_t faults_2m;
	uint64_t faults_1g;
	uint64_t faults_refused;
	uint64_t revokes;
	uint64_t revoke_ns;
};

/**
 * peerbar_buffer_export - export pieces of a BAR as one dma-buf
 * @dev: stays the caller's; must outlive every call on the buffer but close
 * @bar: BAR number, 0 to 5
 * @ranges: @nr_ranges pieces, in buffer order; may overlap; copied
 * @flags: enum peerbar_export_flags
 * @out: written on success; release with peerbar_buffer_close()
 *
 * Source: VFIO_DEVICE_FEATURE_DMA_BUF, drivers/vfio/pci/vfio_pci_dmabuf.c;
 * PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR in kernel/uapi/peerbar_vfio.h.
 *
 * Return: 0, or
 *  -EINVAL     no such BAR number, @nr_ranges is 0, a range is empty, unaligned
 *              or beyond the BAR (the detail text names it), unknown flags
 *  -E2BIG      more than PEERBAR_MAX_RANGES
 *  -ENODEV     the BAR is absent or not mappable, or the device is gone
 *  -EOPNOTSUPP the kernel cannot export dma-bufs from this device; or they
 *              cannot be write-combined: without our kernel modules, on a
 *              machine without PAT, for a BAR that is not prefetchable
 *  -EBUSY      write-combined, but some of the pages are mapped uncached, or an
 *              ioeventfd uses the BAR
 */
int peerbar_buffer_export(struct peerbar_device *dev, unsigned int bar,
			  const struct peerbar_range *ranges,
			  unsigned int nr_ranges, unsigned int flags,
			  struct peerbar_buffer **out);

/**
 * peerbar_buffer_import - make a buffer of a dma-buf fd from somewhere else
 * @fd: any dma-buf; duplicated, stays the caller's
 * @out: written on success; release with peerbar_buffer_close()
 *
 * An imported buffer maps and registers like an exported one.  It cannot be
 * revoked through, and its state is known only as far as
 * peerbar_buffer_state() says.
 *
 * Return: 0, -EBADF, -EINVAL when @fd is not a dma-buf.
 */
int peerbar_buffer_import(int fd, struct peerbar_buffer **out);

/**
 * peerbar_buffer_close - drop the buffer and its descriptor
 *
 * The kernel's object lives on while a mapping, an MR or another descriptor
 * of it does: closing revokes nothing.  Mappings made from it stay valid.
 * NULL is allowed.
 */
void peerbar_buffer_close(struct peerbar_buffer *buf);

/** peerbar_buffer_fd - the dma-buf fd; stays the buffer's */
int peerbar_buffer_fd(const struct peerbar_buffer *buf);

/** peerbar_buffer_size - bytes, the sum of all ranges */
uint64_t peerbar_buffer_size(const struct peerbar_buffer *buf);

/**
 * struct peerbar_buffer_attr - what a buffer is
 * @bdf: PCI address of the device; "" when not known
 * @name: given by the sender of a buffer that came by a channel, else ""
 * @bar: BAR number, 0 when not known
 * @nr_ranges: ranges after adjacent ones were merged; 0 when not known
 * @ranges: @nr_ranges pieces of the BAR in buffer order; the buffer's, valid
 *	until it is closed
 * @memattr: see enum peerbar_memattr
 * @read_only: cannot be mapped writable
 * @exported: by this process, so that it can be revoked and inspected
 *
 * Of a buffer that came by a channel all but @read_only is the sender's word;
 *of peerbar_buffer_import() nothing but @read_only is known.
 */
struct peerbar_buffer_attr {
	char bdf[24];
	char name[PEERBAR_NAME_SIZE];
	unsigned int bar;
	unsigned int nr_ranges;
	const struct peerbar_range *ranges;
	enum peerbar_memattr memattr;
	bool read_only;
	bool exported;
};

/** peerbar_buffer_attr - describe a buffer; asks nobody and cannot fail */
void peerbar_buffer_attr(const struct peerbar_buffer *buf,
			 struct peerbar_buffer_attr *out);

/**
 * peerbar_buffer_state - is the memory there
 *
 * For an imported buffer the kernel tells only whether it is revoked for good:
 * LIVE then stands for "LIVE or SUSPENDED".  The answer is a snapshot.
 *
 * Return: 0; -EOPNOTSUPP without our kernel modules.
 */
int peerbar_buffer_state(struct peerbar_buffer *buf, enum peerbar_state *out);

/**
 * peerbar_buffer_info - counters and attributes, for the exporter only
 *
 * Return: 0; -EOPNOTSUPP without our kernel modules or for an imported buffer;
 * -ENODEV when the device is closed.
 */
int peerbar_buffer_info(struct peerbar_buffer *buf,
			struct peerbar_buffer_info *out);

/**
 * peerbar_buffer_revoke - take the memory back from everybody, for good
 *
 * When it returns 0 nobody, in no process and on no NIC, reaches the BAR
 * through this buffer.  Other buffers of the device are left alone.  It waits
 * for importers to let go, without a time limit of its own.
 *
 * Source: PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE in kernel/uapi/peerbar_vfio.h.
 *
 * Return: 0, -EOPNOTSUPP without our kernel modules or for an imported buffer,
 * -EBADFD when it is revoked already, -ENODEV when the device is closed.
 */
int peerbar_buffer_revoke(struct peerbar_buffer *buf);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_BUFFER_H */
