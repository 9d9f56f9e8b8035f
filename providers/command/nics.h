/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* RDMA NICs, and whether they can register BAR memory. */
#ifndef NICS_H
#define NICS_H

#include <stdbool.h>
#include <stddef.h>
#include <json-c/json.h>

#include <peerbar/buffer.h>

/**
 * struct nic - an RDMA device
 * @name: as libibverbs has it
 * @bdf: of the PCI function, "" of a software NIC
 * @driver: of that function, "" of a software NIC
 * @registers: BAR memory; meaningful with @asked
 * @asked: @registers is known
 * @reason: why not, or why it is not known; else ""
 */
struct nic {
	char name[64];
	char bdf[24];
	char driver[32];
	bool registers;
	bool asked;
	char reason[512];
};

/**
 * nics_list - all of them
 * @buf: NULL, or a buffer to try a registration with: without it a NIC that
 *	refuses memory which can be revoked is not found out
 * @out: to be freed with free()
 *
 * Return: 0; -ENOSYS built without libibverbs; -errno with a detail text.
 */
int nics_list(struct peerbar_buffer *buf, struct nic **out, size_t *nr);

/** nics_print, nics_json - for people and programs; ask for the list */
void nics_print(struct peerbar_buffer *buf);
json_object *nics_json(struct peerbar_buffer *buf);

#endif /* NICS_H */
