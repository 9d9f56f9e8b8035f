/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_REGISTRY_PRIV_H
#define PEERBAR_REGISTRY_PRIV_H

#include <peerbar/registry.h>

/* 0 or -ENOMEM; [addr, addr + size) overlaps no registered mapping */
int registry_add(void *addr, size_t size, int fd, uint64_t offset);

/* cannot fail: see registry.c */
void registry_remove(void *addr);

#endif /* PEERBAR_REGISTRY_PRIV_H */
