/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RXE_MAP_SHIM_IOSYS_MAP_H
#define RXE_MAP_SHIM_IOSYS_MAP_H

#include <linux/io.h>

struct iosys_map {
	union {
		void __iomem *vaddr_iomem;
		void *vaddr;
	};
	bool is_iomem;
};

#endif
