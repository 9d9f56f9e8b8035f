/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_MAPPING_PRIV_H
#define PEERBAR_MAPPING_PRIV_H

#include <peerbar/mapping.h>

/* @fd: of the mapping's own, so that it outlives the buffer */
struct peerbar_mapping {
	void *addr;
	size_t size;
	int fd;
	bool writable;
	bool fallback;
};

#endif /* PEERBAR_MAPPING_PRIV_H */
