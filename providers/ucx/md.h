/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory domain.  It registers nothing: it tells UCX which dma-buf an
 * address belongs to, so that the NICs' domains register that.
 */
#ifndef PEERBAR_UCX_MD_H
#define PEERBAR_UCX_MD_H

#include <stdbool.h>

#include "abi.h"

/**
 * struct ucx_md_config - UCX_VFIO_*
 * @device: BAR to allocate from; "" for none
 * @rdma: BAR memory has the type UCS_MEMORY_TYPE_RDMA
 */
struct ucx_md_config {
	uct_md_config_t super;
	char *device;
	unsigned int rdma;
};

extern ucs_config_field_t ucx_md_config_table[];

/* Does BAR memory have a type of its own, so that the transport copies it? */
bool ucx_md_is_rdma(uct_md_h md);

ucs_status_t ucx_md_open(uct_component_h component, const char *name,
			 const uct_md_config_t *config, uct_md_h *out);

#endif /* PEERBAR_UCX_MD_H */
