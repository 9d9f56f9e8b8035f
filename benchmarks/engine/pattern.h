/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Byte pattern
 *
 * A byte of the pattern depends on a seed and on its offset.  All of them are
 * odd; the poison is even, so that "never written" cannot pass for data.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_POISON 0xaa

/**
 * struct bench_mismatch - the first wrong byte and how many there are
 * @offset: of the first wrong byte, in the pattern
 * @want: what it should be
 * @got: what it is
 * @count: wrong bytes in all; 0 when everything is right
 */
struct bench_mismatch {
	uint64_t offset;
	uint8_t want;
	uint8_t got;
	uint64_t count;
};

/** bench_pattern_seed - a seed of its own for each slot of each run */
uint64_t bench_pattern_seed(uint64_t run, uint64_t slot);

/** bench_pattern_fill - bytes @offset to @offset + @len of the pattern */
void bench_pattern_fill(void *buf, size_t len, uint64_t seed, uint64_t offset);

/** bench_pattern_check - compare, and add what is wrong to @mis */
void bench_pattern_check(const void *buf, size_t len, uint64_t seed,
			 uint64_t offset, struct bench_mismatch *mis);

/** bench_poison_check - likewise: all of it should still be poison */
void bench_poison_check(const void *buf, size_t len, uint64_t offset,
			struct bench_mismatch *mis);

#endif /* BENCH_PATTERN_H */
