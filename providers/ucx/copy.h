/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies to and from BAR memory as a device wants them: loads and stores of
 * natural width, each byte touched once and none beyond.  The other side is
 * ordinary memory, aligned anyhow.
 */
#ifndef PEERBAR_UCX_COPY_H
#define PEERBAR_UCX_COPY_H

#include <stddef.h>

void ucx_copy_to_bar(void *bar, const void *src, size_t len);
void ucx_copy_from_bar(void *dst, const void *bar, size_t len);

#endif /* PEERBAR_UCX_COPY_H */
