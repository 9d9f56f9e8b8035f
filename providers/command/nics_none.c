// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Built without libibverbs. */
#include <errno.h>

#include <peerbar/error.h>

#include "nics.h"

int nics_list(struct peerbar_buffer *buf, struct nic **out, size_t *nr)
{
	return peerbar_error_set(-ENOSYS, "built without libibverbs");
}
