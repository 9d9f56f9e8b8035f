/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BAR that UCX_VFIO_DEVICE names, cut into pieces.
 *
 * A process has one pool for each such text, however many contexts of UCX ask
 * for it: a device is opened once.  It is opened when the first piece is cut,
 * since most processes that load the plug-in never want one.
 */
#ifndef PEERBAR_UCX_POOL_H
#define PEERBAR_UCX_POOL_H

#include <stddef.h>

struct ucx_pool;
struct ucx_piece;

/**
 * ucx_pool_get - the pool of a text
 * @text: see <peerbar/spec.h>
 * @out: written on success; release with ucx_pool_put()
 *
 * Return: 0, -EINVAL, -E2BIG, -ENOMEM.
 */
int ucx_pool_get(const char *text, struct ucx_pool **out);

/* The last one closes the device; no piece may be left. */
void ucx_pool_put(struct ucx_pool *pool);

/**
 * ucx_piece_cut - whole pages that nobody else has
 * @len: bytes wanted
 *
 * Return: 0; -ENOSPC; -ENODEV when the BAR was taken back; what opening the
 * device and mapping the BAR return.
 */
int ucx_piece_cut(struct ucx_pool *pool, size_t len, struct ucx_piece **out);
void ucx_piece_return(struct ucx_piece *piece);

void *ucx_piece_addr(const struct ucx_piece *piece);
size_t ucx_piece_len(const struct ucx_piece *piece);

#endif /* PEERBAR_UCX_POOL_H */
