/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Buffers in words and in JSON
 */
#ifndef BENCH_DESCRIBE_H
#define BENCH_DESCRIBE_H

#include <stdio.h>

#include <peerbar/buffer.h>

struct json_object;

/** bench_describe_ranges - [{"offset": ..., "length": ...}, ...] */
struct json_object *bench_describe_ranges(const struct peerbar_range *range,
					  unsigned int n);

/**
 * bench_describe_buffer - what the kernel knows about @buf
 *
 * NULL (JSON null) where the kernel does not tell.
 */
struct json_object *bench_describe_buffer(struct peerbar_buffer *buf);

/** bench_describe_print - the lines of one bench_mem_describe() object */
void bench_describe_print(FILE *to, const char *label, struct json_object *mem);

/** bench_describe_counts - the counters of one such object, if it has any */
void bench_describe_counts(FILE *to, const char *label, struct json_object *mem);

/** bench_describe_size - "3.0 MiB" in @text of @len bytes; returns @text */
const char *bench_describe_size(char *text, size_t len, uint64_t bytes);

#endif /* BENCH_DESCRIBE_H */
