/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which driver a device had before "bind", for "unbind"; gone with a reboot. */
#ifndef RECORD_H
#define RECORD_H

#include <peerbar/pci.h>

struct record {
	char driver[PEERBAR_DRIVER_SIZE];
	char override[PEERBAR_DRIVER_SIZE];
};

/* 0 or -errno with a detail text; -ENOENT of read: nothing is remembered */
int record_write(const char *bdf, const struct record *record);
int record_read(const char *bdf, struct record *record);
void record_remove(const char *bdf);

#endif /* RECORD_H */
