/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What UCX's installed headers leave out
 *
 * A plug-in of UCX meets structures that only UCX's own source declares, and
 * they change with the minor version without anything that tells.  So each
 * minor version that is supported has a header here, made for it alone, which
 * declares as much as we touch.  Nothing else of providers/ucx knows a version.
 *
 * Sizes and offsets are asserted when this is compiled, and compared with the
 * UCX that runs before anything is registered with it: see layout.h.
 */
#ifndef PEERBAR_UCX_ABI_H
#define PEERBAR_UCX_ABI_H

#include <uct/api/version.h>

#define UCX_ABI(minor) (UCT_VERNO_MAJOR == 1 && UCT_VERNO_MINOR == (minor))

#if UCX_ABI(18)
#include "abi_1_18.h"
#elif UCX_ABI(23)
#include "abi_1_23.h"
#else
#error "no abi_MAJOR_MINOR.h for this UCX; CMakeLists.txt should have said so"
#endif

#endif /* PEERBAR_UCX_ABI_H */
