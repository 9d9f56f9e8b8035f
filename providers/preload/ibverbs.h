/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libibverbs as the next library after us has it.  A call it does not know
 * fails with EOPNOTSUPP.
 */
#ifndef PRELOAD_IBVERBS_H
#define PRELOAD_IBVERBS_H

#include <stddef.h>
#include <stdint.h>

struct ibv_dmah;
struct ibv_mr;
struct ibv_mr_init_attr;
struct ibv_pd;

/* struct ibv_mr_init_attr of rdma-core 60, whatever the age of the headers */
enum {
	MR_ATTR_IOVA = 1 << 0,
	MR_ATTR_ADDR = 1 << 1,
	MR_ATTR_FD = 1 << 2,
	MR_ATTR_FD_OFFSET = 1 << 3,
	MR_ATTR_DMAH = 1 << 4,
	MR_ATTR_BUF = 1 << 5,
};

struct mr_attr {
	size_t length;
	int access;
	uint64_t comp_mask;
	uint64_t iova;
	void *addr;
	int fd;
	uint64_t fd_offset;
	struct ibv_dmah *dmah;
};

/* newer than the oldest headers this is built with */
struct ibv_mr *ibv_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr);

struct ibv_mr *ibverbs_reg_mr(struct ibv_pd *pd, void *addr, size_t len,
			      int access);
struct ibv_mr *ibverbs_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len,
				   uint64_t iova, int access);
struct ibv_mr *ibverbs_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len,
				    uint64_t iova, unsigned int access);
struct ibv_mr *ibverbs_reg_mr_ex(struct ibv_pd *pd,
				 struct ibv_mr_init_attr *attr);
struct ibv_mr *ibverbs_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset,
				     size_t len, uint64_t iova, int fd,
				     int access);
int ibverbs_dereg_mr(struct ibv_mr *mr);

/* why dma-bufs cannot be registered; NULL when libpeerbar-verbs is not there */
const char *ibverbs_why(struct ibv_pd *pd);

#endif /* PRELOAD_IBVERBS_H */
