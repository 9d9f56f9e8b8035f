/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_VERBS_PROBE_H
#define PEERBAR_VERBS_PROBE_H

#include <peerbar/verbs.h>

/*
 * Why did a registration fail with -EOPNOTSUPP?  OK when the NIC registers
 * dma-bufs as such, so that it was the exporter which refused.
 */
int verbs_diagnose(struct ibv_pd *pd, enum peerbar_verbs_support *out);

#endif /* PEERBAR_VERBS_PROBE_H */
