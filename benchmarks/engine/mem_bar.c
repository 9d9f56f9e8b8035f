// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include <peerbar/peerbar.h>

#include "bar.h"
#include "describe.h"
#include "error.h"
#include "memory.h"

struct bar {
	struct bench_bar at;
	struct peerbar_mapping *map;
};

static int export_and_map(struct bench_mem *mem, struct bar *bar)
{
	int rc;

	rc = peerbar_spec_export(bar->at.dev, &bar->at.spec, 0, &mem->buffer);
	if (rc)
		return bench_fail_lib(rc, "export of %s", mem->spec);
	rc = peerbar_buffer_map(mem->buffer, 0, 0, 0, &bar->map);
	if (rc) {
		peerbar_buffer_close(mem->buffer);
		mem->buffer = NULL;
		return bench_fail_lib(rc, "mapping of %s", mem->spec);
	}
	return 0;
}

static int bar_open(struct bench_mem *mem, const char *args, uint64_t size)
{
	struct bar *bar = calloc(1, sizeof(*bar));
	int rc;

	if (!bar)
		return bench_fail(-ENOMEM, "out of memory");
	rc = bench_bar_open(&bar->at, args);
	if (rc)
		goto err_free;
	rc = export_and_map(mem, bar);
	if (rc)
		goto err_close;
	mem->size = peerbar_buffer_size(mem->buffer);
	mem->addr = peerbar_mapping_addr(bar->map);
	mem->priv = bar;
	return 0;

err_close:
	bench_bar_close(&bar->at);
err_free:
	free(bar);
	return rc;
}

static void bar_close(struct bench_mem *mem)
{
	struct bar *bar = mem->priv;

	peerbar_mapping_close(bar->map);
	peerbar_buffer_close(mem->buffer);
	bench_bar_close(&bar->at);
	free(bar);
}

static int bar_read(struct bench_mem *mem, uint64_t offset, void *dst, size_t len)
{
	struct bar *bar = mem->priv;
	int rc = peerbar_read(bar->map, offset, dst, len);

	return rc ? bench_fail_lib(rc, "reading %s", mem->spec) : 0;
}

static int bar_write(struct bench_mem *mem, uint64_t offset, const void *src,
		     size_t len)
{
	struct bar *bar = mem->priv;
	int rc = peerbar_write(bar->map, offset, src, len);

	return rc ? bench_fail_lib(rc, "writing %s", mem->spec) : 0;
}

static int bar_describe(struct bench_mem *mem, struct json_object *into)
{
	struct bar *bar = mem->priv;
	struct peerbar_buffer_attr attr;

	peerbar_buffer_attr(mem->buffer, &attr);
	json_object_object_add(into, "kind", json_object_new_string("bar"));
	json_object_object_add(
		into, "device",
		json_object_new_string(peerbar_device_bdf(bar->at.dev)));
	json_object_object_add(into, "bar",
			       json_object_new_int((int)bar->at.spec.bar));
	json_object_object_add(into, "ranges",
			       bench_describe_ranges(attr.ranges, attr.nr_ranges));
	json_object_object_add(
		into, "mapped_by",
		json_object_new_string(peerbar_mapping_is_fallback(bar->map)
					       ? "device fd"
					       : "dma-buf"));
	return json_object_object_add(into, "info",
				      bench_describe_buffer(mem->buffer));
}

const struct bench_mem_ops bench_mem_bar = {
	.name = "bar",
	.open = bar_open,
	.close = bar_close,
	.read = bar_read,
	.write = bar_write,
	.describe = bar_describe,
};
