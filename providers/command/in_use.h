/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Would this machine miss a device? */
#ifndef IN_USE_H
#define IN_USE_H

#include <stdbool.h>

/**
 * in_use - a disk of it is mounted or swapped to, a network interface is up
 * @what: for people
 *
 * What stands on a disk indirectly (LVM, RAID) is not seen.
 */
bool in_use(const char *bdf, char what[160]);

#endif /* IN_USE_H */
