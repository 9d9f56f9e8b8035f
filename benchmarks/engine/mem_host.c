// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <json-c/json.h>

#include "error.h"
#include "memory.h"

static int host_open(struct bench_mem *mem, const char *args, uint64_t size)
{
	void *addr;

	if (*args)
		return bench_fail(-EINVAL,
				  "host takes nothing after the colon");
	addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (addr == MAP_FAILED)
		return bench_fail(-errno, "%llu bytes of host memory: %s",
				  (unsigned long long)size, strerror(errno));
	mem->addr = addr;
	mem->size = size;
	return 0;
}

static void host_close(struct bench_mem *mem)
{
	munmap(mem->addr, mem->size);
}

static int host_read(struct bench_mem *mem, uint64_t offset, void *dst, size_t len)
{
	memcpy(dst, (char *)mem->addr + offset, len);
	return 0;
}

static int host_write(struct bench_mem *mem, uint64_t offset, const void *src,
		      size_t len)
{
	memcpy((char *)mem->addr + offset, src, len);
	return 0;
}

static int host_describe(struct bench_mem *mem, struct json_object *into)
{
	return json_object_object_add(into, "kind",
				      json_object_new_string("host"));
}

const struct bench_mem_ops bench_mem_host = {
	.name = "host",
	.open = host_open,
	.close = host_close,
	.read = host_read,
	.write = host_write,
	.describe = host_describe,
};
