/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A fid is hooked in place: it gets copies of the provider's tables of
 * operations, with some of them replaced.  A copy has what a later libfabric
 * may have added to the table, and leads back to who made it: no global
 * variable, no look-up.
 */
#ifndef PEERBAR_OFI_OPS_H
#define PEERBAR_OFI_OPS_H

#include <stddef.h>

/* @size: of the table, its own first member; NULL without memory */
void *ofi_ops_copy(const void *table, size_t size, void *owner);
void ofi_ops_free(void *copy);

/* of a table that ofi_ops_copy() returned */
void *ofi_ops_owner(const void *copy);

#endif /* PEERBAR_OFI_OPS_H */
