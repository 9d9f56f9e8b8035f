/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_ENVIRONMENT_H
#define BENCH_ENVIRONMENT_H

#include <stdio.h>

struct json_object;

/**
 * bench_environment - where the numbers come from, a new object
 * @nic: RDMA device, or NULL
 *
 * Kernel, modules (with the build's hash and taint flags), hypervisor or
 * emulator, CPUs, NIC.
 */
struct json_object *bench_environment(const char *nic);

/** bench_environment_print - the same in a few lines */
void bench_environment_print(FILE *to, struct json_object *env);

#endif /* BENCH_ENVIRONMENT_H */
