// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The mappings of this process in a sorted table, which is replaced, not
 * changed, so that readers need no lock.  A replaced table is freed once no
 * reader can have it (two epochs later); neither side ever waits for the
 * other.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "registry_priv.h"

/* @fd: -1 once removed: the one field that changes in a published table */
struct entry {
	uintptr_t start;
	uintptr_t end;
	uint64_t offset;
	atomic_int fd;
};

struct table {
	struct table *next_retired;
	size_t nr;
	struct entry entries[];
};

static _Atomic(struct table *) current;
static pthread_mutex_t writer = PTHREAD_MUTEX_INITIALIZER;
static size_t nr_live;

/*
 * Readers of epoch e are counted in readers[e & 1].  The epoch advances only
 * while nobody is left in the one before, so that a table retired in epoch e
 * can be freed when e + 1 ends.
 */
static _Atomic(uint64_t) epoch;
static atomic_uint readers[2];
static struct table *retired[2];

static unsigned int reader_enter(void)
{
	for (;;) {
		uint64_t now = atomic_load(&epoch);

		atomic_fetch_add(&readers[now & 1], 1);
		/* else the writer may have missed us */
		if (atomic_load(&epoch) == now)
			return now & 1;
		atomic_fetch_sub(&readers[now & 1], 1);
	}
}

static void reader_exit(unsigned int slot)
{
	atomic_fetch_sub(&readers[slot], 1);
}

static void free_retired(unsigned int slot)
{
	struct table *table;

	while ((table = retired[slot])) {
		retired[slot] = table->next_retired;
		free(table);
	}
}

/* Caller holds writer. */
static void replace_table(struct table *table)
{
	struct table *old = atomic_exchange(&current, table);
	uint64_t now = atomic_load(&epoch);
	unsigned int i;

	if (old) {
		old->next_retired = retired[now & 1];
		retired[now & 1] = old;
	}
	/* twice is enough to get at what was retired just now */
	for (i = 0; i < 2; i++, now++) {
		unsigned int before = (now + 1) & 1;

		if (atomic_load(&readers[before]))
			return;
		free_retired(before);
		atomic_store(&epoch, now + 1);
	}
}

static void copy_entry(struct entry *to, struct entry *from)
{
	to->start = from->start;
	to->end = from->end;
	to->offset = from->offset;
	atomic_init(&to->fd, atomic_load(&from->fd));
}

static struct table *table_alloc(size_t nr)
{
	struct table *table;

	table = malloc(sizeof(*table) + nr * sizeof(table->entries[0]));
	if (table)
		table->nr = 0;
	return table;
}

/* The live entries of @old and, in its place, @added (may be NULL). */
static void table_fill(struct table *table, struct table *old, struct entry *added)
{
	size_t i;

	for (i = 0; old && i < old->nr; i++) {
		if (atomic_load(&old->entries[i].fd) < 0)
			continue;
		if (added && added->start < old->entries[i].start) {
			copy_entry(&table->entries[table->nr++], added);
			added = NULL;
		}
		copy_entry(&table->entries[table->nr++], &old->entries[i]);
	}
	if (added)
		copy_entry(&table->entries[table->nr++], added);
}

int registry_add(void *addr, size_t size, int fd, uint64_t offset)
{
	struct entry added = {
		.start = (uintptr_t)addr,
		.end = (uintptr_t)addr + size,
		.offset = offset,
		.fd = fd,
	};
	struct table *table;
	int ret = -ENOMEM;

	pthread_mutex_lock(&writer);
	table = table_alloc(nr_live + 1);
	if (table) {
		table_fill(table, atomic_load(&current), &added);
		nr_live++;
		replace_table(table);
		ret = 0;
	}
	pthread_mutex_unlock(&writer);
	return ret;
}

/* First entry that ends above @addr. */
static size_t first_above(const struct table *table, uintptr_t addr)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * The entry dies in place, which takes no memory; the table is made smaller
 * when half of it is dead, if there is memory for that.
 */
void registry_remove(void *addr)
{
	struct table *table, *smaller = NULL;

	pthread_mutex_lock(&writer);
	table = atomic_load(&current);
	atomic_store(&table->entries[first_above(table, (uintptr_t)addr)].fd, -1);
	nr_live--;
	if (nr_live <= table->nr / 2) {
		if (nr_live)
			smaller = table_alloc(nr_live);
		if (smaller)
			table_fill(smaller, table, NULL);
		if (smaller || !nr_live)
			replace_table(smaller);
	}
	pthread_mutex_unlock(&writer);
}

static int table_find(struct table *table, uintptr_t start, uintptr_t end,
		      struct peerbar_hit *out)
{
	size_t i;

	for (i = first_above(table, start); i < table->nr; i++) {
		struct entry *entry = &table->entries[i];
		int fd = atomic_load(&entry->fd);

		if (entry->start >= end)
			break;
		if (fd < 0)
			continue;
		if (entry->start > start || entry->end < end)
			return -ERANGE;
		*out = (struct peerbar_hit){
			.fd = fd,
			.offset = entry->offset + (start - entry->start),
			.base = (void *)entry->start,
			.size = entry->end - entry->start,
		};
		return 0;
	}
	return -ENOENT;
}

int peerbar_registry_find(const void *addr, size_t len, struct peerbar_hit *out)
{
	uintptr_t start = (uintptr_t)addr, end;
	struct table *table;
	unsigned int slot;
	int ret = -ENOENT;

	/* an empty range is asked for by its first byte */
	if (__builtin_add_overflow(start, len ? len : 1, &end))
		end = UINTPTR_MAX;
	slot = reader_enter();
	table = atomic_load(&current);
	if (table)
		ret = table_find(table, start, end, out);
	reader_exit(slot);
	return ret;
}
