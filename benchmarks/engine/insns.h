/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Instructions of the whole machine
 *
 * The emulator of the lab counts them for all CPUs, in kernel and user space
 * (tests/lab/insns.c); elsewhere nobody does.
 */
#ifndef BENCH_INSNS_H
#define BENCH_INSNS_H

#include <stdint.h>

/** bench_insns_mark - from here, or until here */
void bench_insns_mark(void);

/**
 * bench_insns_between - the last two marks
 * @insns: instructions; 0 where nobody counts
 * @cpu_ns: CPU time of the emulator; likewise
 */
void bench_insns_between(uint64_t *insns, uint64_t *cpu_ns);

#endif /* BENCH_INSNS_H */
