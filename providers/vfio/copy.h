/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copies between memory and device memory.  On the device side every byte is
 * accessed once, none beside them, with the widest naturally aligned accesses
 * in ascending order: of up to 8 bytes, and in copies of 128 bytes and more of
 * whatever vectors this CPU has, with streaming loads.
 */
#ifndef PEERBAR_COPY_H
#define PEERBAR_COPY_H

#include <stddef.h>

void copy_from_io(void *dst, const volatile void *src, size_t len);
void copy_to_io(volatile void *dst, const void *src, size_t len);

#endif /* PEERBAR_COPY_H */
