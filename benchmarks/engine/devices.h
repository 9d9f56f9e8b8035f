/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Devices shared within the process
 *
 * VFIO lets a device be open once, yet two memories of one run may lie in the
 * same device.
 */
#ifndef BENCH_DEVICES_H
#define BENCH_DEVICES_H

#include <peerbar/device.h>

/** bench_device_get - open, or use the open one; return with bench_device_put() */
int bench_device_get(const char *bdf, struct peerbar_device **out);
void bench_device_put(struct peerbar_device *dev);

#endif /* BENCH_DEVICES_H */
