/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The device of fake_kernel.h with descriptors of the real kernel: every node
 * is an empty memory file, every export a memory file of its own.  For code
 * that looks at descriptors itself.
 */
#ifndef NATIVE_KERNEL_H
#define NATIVE_KERNEL_H

/* after fake_reset() */
void native_kernel(void);

/* how often the device was opened; descriptors that are open in this process */
unsigned int native_device_opens(void);
unsigned int native_fds(void);

#endif /* NATIVE_KERNEL_H */
