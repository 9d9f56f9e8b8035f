// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

struct copy {
	void *owner;
	_Alignas(max_align_t) unsigned char table[];
};

static struct copy *to_copy(const void *table)
{
	return (struct copy *)((char *)(uintptr_t)table -
			       offsetof(struct copy, table));
}

void *ofi_ops_copy(const void *table, size_t size, void *owner)
{
	struct copy *copy = malloc(sizeof(*copy) + size);

	if (!copy)
		return NULL;
	copy->owner = owner;
	memcpy(copy->table, table, size);
	return copy->table;
}

void ofi_ops_free(void *table)
{
	if (table)
		free(to_copy(table));
}

void *ofi_ops_owner(const void *table)
{
	return to_copy(table)->owner;
}
