/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DMABUF_RANGES_SHIM_ALIGN_H
#define DMABUF_RANGES_SHIM_ALIGN_H

#define IS_ALIGNED(x, a)	(((x) & ((a) - 1)) == 0)

#endif
