/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_UCX_COMPONENT_H
#define PEERBAR_UCX_COMPONENT_H

/*
 * Once, and never undone.  0; what ucx_layout_check() returns, and then UCX is
 * as it was.
 */
int ucx_component_register(void);

#endif /* PEERBAR_UCX_COMPONENT_H */
