/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RXE_MAP_SHIM_MINMAX_H
#define RXE_MAP_SHIM_MINMAX_H

#define min(a, b) ((a) < (b) ? (a) : (b))

#endif
