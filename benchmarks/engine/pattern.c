// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <endian.h>
#include <string.h>

#include "pattern.h"

#define ODD_BYTES 0x0101010101010101ull

/* the finaliser of splitmix64: every input bit reaches every output bit */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

static uint64_t pattern_word(uint64_t seed, uint64_t index)
{
	return mix(seed + index * 0x9e3779b97f4a7c15ull) | ODD_BYTES;
}

static uint8_t pattern_byte(uint64_t seed, uint64_t offset)
{
	return (uint8_t)(pattern_word(seed, offset / 8) >> (offset % 8 * 8));
}

uint64_t bench_pattern_seed(uint64_t run, uint64_t slot)
{
	return mix(mix(run + 1) + slot);
}

void bench_pattern_fill(void *buf, size_t len, uint64_t seed, uint64_t offset)
{
	uint8_t *p = buf;
	uint64_t word;

	for (; len && offset % 8; len--, offset++)
		*p++ = pattern_byte(seed, offset);
	for (; len >= 8; len -= 8, offset += 8, p += 8) {
		word = htole64(pattern_word(seed, offset / 8));
		memcpy(p, &word, 8);
	}
	for (; len; len--, offset++)
		*p++ = pattern_byte(seed, offset);
}

static void note(struct bench_mismatch *mis, uint64_t offset, uint8_t want,
		 uint8_t got)
{
	if (want == got)
		return;
	if (!mis->count++) {
		mis->offset = offset;
		mis->want = want;
		mis->got = got;
	}
}

void bench_pattern_check(const void *buf, size_t len, uint64_t seed,
			 uint64_t offset, struct bench_mismatch *mis)
{
	const uint8_t *p = buf;
	uint64_t word;
	int i;

	for (; len && offset % 8; len--, offset++, p++)
		note(mis, offset, pattern_byte(seed, offset), *p);
	for (; len >= 8; len -= 8, offset += 8, p += 8) {
		word = htole64(pattern_word(seed, offset / 8));
		if (!memcmp(p, &word, 8))
			continue;
		for (i = 0; i < 8; i++)
			note(mis, offset + i, ((uint8_t *)&word)[i], p[i]);
	}
	for (; len; len--, offset++, p++)
		note(mis, offset, pattern_byte(seed, offset), *p);
}

void bench_poison_check(const void *buf, size_t len, uint64_t offset,
			struct bench_mismatch *mis)
{
	const uint8_t *p = buf;

	for (; len; len--, offset++, p++)
		note(mis, offset, BENCH_POISON, *p);
}
