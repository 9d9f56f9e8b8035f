/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DMABUF_RANGES_SHIM_MM_H
#define DMABUF_RANGES_SHIM_MM_H

#include <linux/align.h>
#include <linux/types.h>

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_ALIGNED(addr)	IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)

#endif
