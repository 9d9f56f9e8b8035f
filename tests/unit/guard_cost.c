// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * guard_cost WAY N - copy 4 KiB N times; the script guard_cost counts what that
 * takes.  WAY: words (8 bytes at a time), plain (as the library copies), write
 * (peerbar_write()), scope (as the library copies, in a scope guard).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "copy.h"
#include "front.h"
#include "mapping_priv.h"

#define BLOCK 4096u

static const uint64_t block[BLOCK / 8];

static void words(struct peerbar_mapping *map)
{
	volatile uint64_t *to = map->addr;
	unsigned int i;

	for (i = 0; i < BLOCK / 8; i++)
		to[i] = ((const volatile uint64_t *)block)[i];
}

static void plain(struct peerbar_mapping *map)
{
	copy_to_io(map->addr, block, BLOCK);
}

static void write_guarded(struct peerbar_mapping *map)
{
	if (peerbar_write(map, 0, block, BLOCK))
		abort();
}

static void scope(struct peerbar_mapping *map)
{
	PEERBAR_GUARD(guard);

	if (peerbar_guard_begin(&guard, map))
		abort();
	copy_to_io(map->addr, block, BLOCK);
	peerbar_guard_end(&guard);
}

static const struct way {
	const char *name;
	void (*copy)(struct peerbar_mapping *map);
} ways[] = {
	{"words", words},
	{"plain", plain},
	{"write", write_guarded},
	{"scope", scope},
	{NULL, NULL},
};

int main(int argc, char **argv)
{
	struct peerbar_mapping map = {.size = BLOCK, .writable = true};
	const struct way *way = ways;
	unsigned long i, nr;

	if (argc != 3)
		return 2;
	while (way->name && strcmp(way->name, argv[1]))
		way++;
	if (!way->name)
		return 2;
	nr = strtoul(argv[2], NULL, 10);
	map.addr = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map.addr == MAP_FAILED)
		return 1;
	guard_to_front();
	for (i = 0; i < nr; i++)
		way->copy(&map);
	return 0;
}
