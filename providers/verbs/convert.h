/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libibverbs has two dialects: functions that return a pointer leave the cause
 * in errno, most others return it as a positive number, and a few set errno and
 * return -1.  Past these functions there is only -errno.
 */
#ifndef PEERBAR_VERBS_CONVERT_H
#define PEERBAR_VERBS_CONVERT_H

#include <stddef.h>
#include <stdint.h>

struct ibv_mr;
struct ibv_pd;

/* @ret: what an int function of libibverbs returned */
int verbs_from_int(int ret);

/* after a function of libibverbs returned NULL */
int verbs_from_errno(void);

/* ibv_reg_dmabuf_mr(), in our dialect */
int verbs_reg_dmabuf(struct ibv_pd *pd, uint64_t offset, size_t length,
		     uint64_t iova, int fd, int access, struct ibv_mr **out);

#endif /* PEERBAR_VERBS_CONVERT_H */
