// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include <peerbar/error.h>

#include "component.h"

/* Past UCX's log, of which we know nothing when it is another UCX. */
__attribute__((constructor)) static void load(void)
{
	if (ucx_component_register())
		fprintf(stderr, "libuct_vfio: %s\n", peerbar_error_detail());
}
