// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A BAR without peer-to-peer: the transport has host memory, and the CPU copies
 * between that and the BAR before each send and after each receive.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <json-c/json.h>

#include "error.h"
#include "memory.h"

static struct bench_mem *bar_of(struct bench_mem *mem)
{
	return mem->priv;
}

static int open_host(struct bench_mem *mem, uint64_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (addr == MAP_FAILED)
		return bench_fail(-errno, "%llu bytes of host memory: %s",
				  (unsigned long long)size, strerror(errno));
	mem->addr = addr;
	mem->size = size;
	return 0;
}

static int bounce_open(struct bench_mem *mem, const char *args, uint64_t size)
{
	struct bench_mem *bar = calloc(1, sizeof(*bar));
	int rc;

	if (!bar)
		return bench_fail(-ENOMEM, "out of memory");
	bar->spec = mem->spec;
	rc = bench_mem_bar.open(bar, args, size);
	if (rc)
		goto err_free;
	rc = open_host(mem, size < bar->size ? size : bar->size);
	if (rc)
		goto err_close;
	mem->priv = bar;
	return 0;

err_close:
	bench_mem_bar.close(bar);
err_free:
	free(bar);
	return rc;
}

static void bounce_close(struct bench_mem *mem)
{
	munmap(mem->addr, mem->size);
	bench_mem_bar.close(bar_of(mem));
	free(mem->priv);
}

static int bounce_read(struct bench_mem *mem, uint64_t offset, void *dst,
		       size_t len)
{
	return bench_mem_bar.read(bar_of(mem), offset, dst, len);
}

static int bounce_write(struct bench_mem *mem, uint64_t offset, const void *src,
			size_t len)
{
	return bench_mem_bar.write(bar_of(mem), offset, src, len);
}

static int bounce_pull(struct bench_mem *mem, uint64_t offset, size_t len)
{
	return bounce_read(mem, offset, (char *)mem->addr + offset, len);
}

static int bounce_push(struct bench_mem *mem, uint64_t offset, size_t len)
{
	return bounce_write(mem, offset, (char *)mem->addr + offset, len);
}

static int bounce_describe(struct bench_mem *mem, struct json_object *into)
{
	int rc = bench_mem_bar.describe(bar_of(mem), into);

	if (rc)
		return rc;
	return json_object_object_add(into, "kind",
				      json_object_new_string("bounce"));
}

const struct bench_mem_ops bench_mem_bounce = {
	.name = "bounce",
	.open = bounce_open,
	.close = bounce_close,
	.read = bounce_read,
	.write = bounce_write,
	.pull = bounce_pull,
	.push = bounce_push,
	.describe = bounce_describe,
};
