// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "memory.h"

static const struct bench_mem_ops *const backends[] = {
	&bench_mem_host,
	&bench_mem_bar,
	&bench_mem_bounce,
	&bench_mem_udmabuf,
};

int bench_mem_open(struct bench_mem *mem, const char *spec, uint64_t size)
{
	const char *colon = strchrnul(spec, ':');
	size_t len = (size_t)(colon - spec), i;
	int rc;

	memset(mem, 0, sizeof(*mem));
	mem->spec = spec;
	for (i = 0; i < sizeof(backends) / sizeof(*backends); i++) {
		if (strlen(backends[i]->name) != len ||
		    memcmp(backends[i]->name, spec, len))
			continue;
		rc = backends[i]->open(mem, *colon ? colon + 1 : colon, size);
		if (!rc)
			mem->ops = backends[i];
		return rc;
	}
	return bench_fail(
		-EINVAL,
		"no memory \"%s\"; there are host, udmabuf, bar:BDF/BAR and "
		"bounce:BDF/BAR, both with [@OFFSET+LENGTH,...]",
		spec);
}

void bench_mem_close(struct bench_mem *mem)
{
	if (mem->ops)
		mem->ops->close(mem);
	memset(mem, 0, sizeof(*mem));
}

struct json_object *bench_mem_describe(struct bench_mem *mem)
{
	struct json_object *obj = json_object_new_object();

	if (!obj)
		return NULL;
	json_object_object_add(obj, "spec", json_object_new_string(mem->spec));
	json_object_object_add(obj, "size",
			       json_object_new_int64((int64_t)mem->size));
	if (mem->ops->describe(mem, obj)) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}
