/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_VERBS_KERNEL_H
#define PEERBAR_VERBS_KERNEL_H

struct ibv_pd;

/*
 * Does the kernel driver register dma-bufs?  Asks it past the user-space
 * provider.  0, -EOPNOTSUPP when not, another -errno when asking failed.
 */
int verbs_kernel_probe(struct ibv_pd *pd);

#endif /* PEERBAR_VERBS_KERNEL_H */
