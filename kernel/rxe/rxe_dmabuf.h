/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory regions on a dma-buf
 */
#ifndef RXE_DMABUF_H
#define RXE_DMABUF_H

#include "rxe_verbs.h"

struct uverbs_attr_bundle;

static inline bool is_dmabuf_mr(const struct rxe_mr *mr)
{
	return mr->dmabuf;
}

struct ib_mr *rxe_reg_user_mr_dmabuf(struct ib_pd *ibpd, u64 offset,
				     u64 length, u64 iova, int fd, int access,
				     struct ib_dmah *dmah,
				     struct uverbs_attr_bundle *attrs);
void rxe_dmabuf_mr_cleanup(struct rxe_mr *mr);

/* -EAGAIN: the memory is away for a while; -EFAULT: it is gone for good */
int rxe_dmabuf_mr_copy(struct rxe_mr *mr, u64 iova, void *addr,
		       unsigned int length, enum rxe_mr_copy_dir dir);
enum resp_states rxe_dmabuf_do_atomic_op(struct rxe_mr *mr, u64 iova,
					 int opcode, u64 compare, u64 swap_add,
					 u64 *orig_val);
enum resp_states rxe_dmabuf_do_atomic_write(struct rxe_mr *mr, u64 iova,
					    u64 value);

#endif /* RXE_DMABUF_H */
