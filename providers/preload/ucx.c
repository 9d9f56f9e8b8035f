// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UCX before 1.22 loads its own modules only.  So the plug-in comes with the
 * first question which modules there are: programs that never use UCX do not
 * get it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "next.h"
#include "real.h"
#include "say.h"

#define LIBRARY		"libuct.so.0"
#define PLUGIN		"libuct_vfio.so.0"
#define NOT_INSTALLED	PLUGIN ": cannot open shared object file"
#define ERR_UNSUPPORTED (-22)

/* of UCX, whose headers are not needed for it */
typedef signed char ucs_status_t;
typedef ucs_status_t (*query_fn)(void **components, unsigned int *nr);
ucs_status_t uct_query_components(void **components, unsigned int *nr);

/* Its constructor registers it. */
static void load_plugin(void)
{
	const char *why;

	if (dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL)) {
		say("loaded " PLUGIN);
		return;
	}
	why = dlerror();
	if (!strncmp(why, NOT_INSTALLED, sizeof(NOT_INSTALLED) - 1))
		say("%s", why);
	else
		say_failure("UCX goes on without %s", why);
}

EXPORT ucs_status_t uct_query_components(void **components, unsigned int *nr)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Atomic(void *) cache;
	query_fn next = (query_fn)next_function(&cache, LIBRARY, __func__);

	if (!next)
		return ERR_UNSUPPORTED;
	pthread_once(&once, load_plugin);
	return next(components, nr);
}
