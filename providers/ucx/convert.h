/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_UCX_CONVERT_H
#define PEERBAR_UCX_CONVERT_H

#include <ucs/type/status.h>

/* 0 or -errno of libpeerbar in, a status of UCX out */
ucs_status_t ucx_status(int ret);

#endif /* PEERBAR_UCX_CONVERT_H */
