/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Registration with libfabric
 *
 * For programs written for peerbar.  Others need none of this: with
 * FI_HOOK=vfio a plain fi_mr_reg() of a BAR pointer does the same
 * (fi_vfio(7)).
 *
 * Needs libfabric 1.20 and an application that asked for API 1.20 or later.
 * Do not ask for FI_HMEM: the memory is FI_HMEM_SYSTEM, since CPUs see it, and
 * the verbs provider offers FI_HMEM on few NICs.
 *
 * Revoke: see <peerbar/verbs.h>; operations end with an error completion.
 */
#ifndef PEERBAR_OFI_H
#define PEERBAR_OFI_H

#include <rdma/fi_domain.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * peerbar_ofi_mr_attr - fill what fi_mr_regattr(..., FI_MR_DMABUF, ...) takes
 * @offset: bytes into the buffer; any alignment
 * @length: bytes, not 0
 * @addr: address by which this process names the first byte, which is how
 *	peers name it where the domain has FI_MR_VIRT_ADDR; congruent to @offset
 *	modulo the page size (ib_core demands it).  NULL: the byte's address is
 *	@offset
 * @access: FI_SEND, FI_RECV, FI_READ, FI_WRITE, FI_REMOTE_READ, FI_REMOTE_WRITE
 * @requested_key: see fi_mr(3)
 * @dmabuf: written on success; @attr points to it
 * @attr: written on success; other fields are 0 and may be changed
 * @attr_size: sizeof(*attr); the structure grows with libfabric
 *
 * Ownership: the fd in @dmabuf stays the buffer's.
 * Return: 0, -FI_EINVAL.
 */
int peerbar_ofi_mr_attr(const struct peerbar_buffer *buf, uint64_t offset,
			size_t length, const void *addr, uint64_t access,
			uint64_t requested_key, struct fi_mr_dmabuf *dmabuf,
			struct fi_mr_attr *attr, size_t attr_size);

/**
 * peerbar_ofi_mr_reg - register a part of a buffer
 * @out: written on success; release with fi_close()
 *
 * Parameters as above.
 *
 * Providers that move bytes with the CPU (tcp, sockets, shm) gain nothing from
 * it: give them the pointer.  They take it, but of a domain without
 * FI_MR_VIRT_ADDR libfabric up to 2.6 computes addresses of dma-bufs wrongly,
 * and RMA fails.
 *
 * Ownership: the MR holds the dma-buf, not @buf, which may be closed.
 *
 * Return: 0 or -FI_E*, whose values below 256 are those of errno, with the
 * cause in peerbar_error_detail(): -FI_EINVAL bounds or congruence;
 * -FI_ENODEV revoked; -FI_EOPNOTSUPP, -FI_ENOSYS no dma-bufs on this NIC.
 */
int peerbar_ofi_mr_reg(struct fid_domain *domain, struct peerbar_buffer *buf,
		       uint64_t offset, size_t length, const void *addr,
		       uint64_t access, uint64_t requested_key,
		       struct fid_mr **out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_OFI_H */
