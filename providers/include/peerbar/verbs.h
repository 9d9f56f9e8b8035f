/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Verbs
 *
 * Registration of buffers with libibverbs.  In libpeerbar-verbs.
 *
 * Revoke: an MR of a dynamic importer (rxe of this project, mlx5 with ODP)
 * survives a temporary revoke; remote access is answered with RNR meanwhile.
 * An MR of a pinned revocable importer (irdma) is dead after any revoke.  After
 * a permanent revoke every MR is dead: access completes in error until it is
 * deregistered.
 */
#ifndef PEERBAR_VERBS_H
#define PEERBAR_VERBS_H

#include <infiniband/verbs.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * enum peerbar_verbs_support - can this NIC register dma-bufs
 *
 * ibv_reg_dmabuf_mr() answers EOPNOTSUPP for three reasons; they are told
 * apart with a registration of fd -1, which reaches the fd look-up (EBADF)
 * only where user-space provider and kernel driver both know dma-bufs.
 */
enum peerbar_verbs_support {
	PEERBAR_VERBS_OK,
	PEERBAR_VERBS_NO_PROVIDER,	/* rdma-core provider lacks the call */
	PEERBAR_VERBS_NO_DRIVER,	/* kernel driver lacks the call */
	PEERBAR_VERBS_NO_REVOKE,	/* importer is not revocable */
};

/**
 * peerbar_verbs_probe - can this NIC register dma-bufs at all
 * @buf: NULL, or a VFIO buffer to try a real registration with, which is the
 *	only way to learn NO_REVOKE
 *
 * Return: 0 or -errno when asking itself failed.
 */
int peerbar_verbs_probe(struct ibv_pd *pd, struct peerbar_buffer *buf,
			enum peerbar_verbs_support *out);

/** peerbar_verbs_support_text - one line: what is missing and what to do */
const char *peerbar_verbs_support_text(enum peerbar_verbs_support support);

/**
 * peerbar_verbs_reg_mr - register a part of a buffer
 * @offset: bytes into the buffer; any alignment
 * @length: bytes, not 0
 * @iova: address by which work requests name the first byte; must be congruent
 *	to @offset modulo the page size (ib_core demands it)
 * @access: IBV_ACCESS_* of LOCAL_WRITE, REMOTE_READ, REMOTE_WRITE,
 *	REMOTE_ATOMIC, RELAXED_ORDERING
 * @out: written on success; release with ibv_dereg_mr().  mr->addr is set to
 *	@iova and mr->length to @length
 *
 * Ownership: the MR holds the dma-buf, not @buf, which may be closed.
 *
 * Return: 0; -EINVAL bounds, congruence or access bits; -ENODEV revoked;
 * -EOPNOTSUPP with the cause in peerbar_error_detail(); -errno.
 */
int peerbar_verbs_reg_mr(struct ibv_pd *pd, struct peerbar_buffer *buf,
			 uint64_t offset, size_t length, uint64_t iova,
			 int access, struct ibv_mr **out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_VERBS_H */
