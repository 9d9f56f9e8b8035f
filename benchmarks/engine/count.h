/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Counted instructions
 *
 * Counts are the same on every machine, busy or not, emulated or not.
 */
#ifndef BENCH_COUNT_H
#define BENCH_COUNT_H

#include <stdint.h>

/**
 * bench_count_instructions - of user space, between entry and return of @fn
 * @fn: called twice, in a child process: once for what is done only once
 *
 * One step at a time under ptrace(2): nothing for long loops.
 *
 * Return: 0; -EFAULT when @fn died; -errno.
 */
int bench_count_instructions(void (*fn)(void *arg), void *arg, uint64_t *out);

#endif /* BENCH_COUNT_H */
