/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libofi_hook_vfio: fabric, then domain, then registrations.  Everything that
 * is not a registration goes where it always went.
 */
#ifndef PEERBAR_OFI_HOOK_H
#define PEERBAR_OFI_HOOK_H

#include <stdbool.h>

#include <rdma/fabric.h>
#include <rdma/providers/fi_log.h>
#include <rdma/providers/fi_prov.h>

extern struct fi_provider hook_provider;

/**
 * struct hook_target - what is known of a fabric whose domains are hooked
 * @provider: the name of its core provider; libfabric's
 * @version: API version of the application
 * @dmabuf: the provider understands FI_MR_DMABUF
 */
struct hook_target {
	const char *provider;
	uint32_t version;
	bool dmabuf;
};

/**
 * hook_domain_install - hook the registrations of a domain, once
 * @info: what it was opened with
 *
 * Lasts until the domain is closed.
 * Return: 0, -FI_ENOMEM.
 */
int hook_domain_install(struct fid_domain *domain,
			const struct hook_target *target,
			const struct fi_info *info);

#endif /* PEERBAR_OFI_HOOK_H */
