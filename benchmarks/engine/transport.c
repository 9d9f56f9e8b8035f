// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#ifdef BENCH_OFI
#include "ofi.h"
#endif
#include "transport.h"

static const struct bench_transport_ops *const transports[] = {
	&bench_verbs,
#ifdef BENCH_OFI
	&bench_ofi,
	&bench_ofi_tcp,
#endif
#ifdef BENCH_UCX
	&bench_ucx,
	&bench_ucx_plain,
#endif
};

#define NR_TRANSPORTS (sizeof(transports) / sizeof(*transports))

const struct bench_transport_ops *bench_transport_find(const char *name)
{
	char names[128] = "";
	size_t i, used = 0;

	for (i = 0; i < NR_TRANSPORTS; i++) {
		if (!strcmp(transports[i]->name, name))
			return transports[i];
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%s", i ? ", " : "",
					 transports[i]->name);
	}
	bench_fail(-EINVAL, "no transport \"%s\"; this build has %s", name,
		   names);
	return NULL;
}
