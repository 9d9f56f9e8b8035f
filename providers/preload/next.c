// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>

#include "next.h"

void *next_function(_Atomic(void *) *cache, const char *library, const char *name)
{
	void *fn = atomic_load(cache), *handle;

	if (fn)
		return fn;
	fn = dlsym(RTLD_NEXT, name);
	if (!fn) {
		handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
		fn = handle ? dlsym(handle, name) : NULL;
	}
	atomic_store(cache, fn);
	return fn;
}
