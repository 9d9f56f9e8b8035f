/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Memory back ends
 *
 * A run moves bytes between two memories.  What kind they are is decided by
 * the word before the colon of a SPEC, and known to nobody but its back end
 * and, by @addr or @buffer, to the transport that registers it.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

struct json_object;
struct peerbar_buffer;
struct bench_mem;

/**
 * struct bench_mem_ops - a back end; every slot but pull and push is filled
 * @name: the word before the colon
 * @open: @args is what follows the colon, "" without one; @size is how many
 *	bytes the run would like: set mem->size to what there is, at least 1
 * @read: copy out with the CPU, -ENODEV when the memory was taken back
 * @write: copy in with the CPU, likewise
 * @pull: bring bytes to where the transport sends them from, before it does;
 *	NULL when they are there
 * @push: take bytes that the transport received to where they belong;
 *	likewise
 * @describe: what to tell the reader; may have counters
 */
struct bench_mem_ops {
	const char *name;
	int (*open)(struct bench_mem *mem, const char *args, uint64_t size);
	void (*close)(struct bench_mem *mem);
	int (*read)(struct bench_mem *mem, uint64_t offset, void *dst,
		    size_t len);
	int (*write)(struct bench_mem *mem, uint64_t offset, const void *src,
		     size_t len);
	int (*pull)(struct bench_mem *mem, uint64_t offset, size_t len);
	int (*push)(struct bench_mem *mem, uint64_t offset, size_t len);
	int (*describe)(struct bench_mem *mem, struct json_object *into);
};

/**
 * struct bench_mem - a memory in use
 * @ops: its back end
 * @spec: as on the command line
 * @size: bytes
 * @addr: where the CPU sees what the transport sends and receives
 * @buffer: registered by dma-buf when set, by @addr when NULL
 * @priv: the back end's
 */
struct bench_mem {
	const struct bench_mem_ops *ops;
	const char *spec;
	uint64_t size;
	void *addr;
	struct peerbar_buffer *buffer;
	void *priv;
};

extern const struct bench_mem_ops bench_mem_host;
extern const struct bench_mem_ops bench_mem_bar;
extern const struct bench_mem_ops bench_mem_bounce;
extern const struct bench_mem_ops bench_mem_udmabuf;

/** bench_mem_open - by its SPEC; release with bench_mem_close() */
int bench_mem_open(struct bench_mem *mem, const char *spec, uint64_t size);

/** bench_mem_close - a zeroed @mem is allowed */
void bench_mem_close(struct bench_mem *mem);

/** bench_mem_describe - a new JSON object, or NULL */
struct json_object *bench_mem_describe(struct bench_mem *mem);

#endif /* BENCH_MEMORY_H */
