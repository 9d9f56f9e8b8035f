/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: CPU time
 */
#ifndef BENCH_CPU_H
#define BENCH_CPU_H

#include <stdint.h>

/**
 * struct bench_cpu - CPU time in nanoseconds
 * @thread: of the calling thread, in the kernel, too
 * @busy: of all CPUs of this machine: whatever was not idle, interrupts and
 *	the kernel's workers included; in steps of 10 ms
 */
struct bench_cpu {
	uint64_t thread;
	uint64_t busy;
};

/** bench_cpu_now - since some point in the past */
void bench_cpu_now(struct bench_cpu *out);

/** bench_cpu_since - how much since @start */
void bench_cpu_since(const struct bench_cpu *start, struct bench_cpu *out);

#endif /* BENCH_CPU_H */
