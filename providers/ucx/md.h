/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory domain.  It registers nothing: it tells UCX which dma-buf an
 * address belongs to, so that the NICs' domains register that.
 */
#ifndef PEERBAR_UCX_MD_H
#define PEERBAR_UCX_MD_H

#include "abi.h"

/**
 * struct ucx_md_config - UCX_VFIO_*
 * @device: BAR to allocate from; "" for none
 */
struct ucx_md_config {
	uct_md_config_t super;
	char *device;
};

extern ucs_config_field_t ucx_md_config_table[];

ucs_status_t ucx_md_open(uct_component_h component, const char *name,
			 const uct_md_config_t *config, uct_md_h *out);

#endif /* PEERBAR_UCX_MD_H */
