/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mappings of files of ours. */
#ifndef PRELOAD_AREA_H
#define PRELOAD_AREA_H

struct file;

/* locked: the file mapped at @addr, NULL when the mapping is not of our making */
struct file *area_file(const void *addr);

#endif /* PRELOAD_AREA_H */
