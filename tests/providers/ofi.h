/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: libfabric under test
 *
 * Two reliable datagram endpoints of one domain, which know each other's address.
 */
#ifndef TEST_OFI_H
#define TEST_OFI_H

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_rma.h>

#include "provider.h"

/** struct ofi_end - an endpoint and what it completes to */
struct ofi_end {
	struct fid_ep *ep;
	struct fid_cq *cq;
	struct fid_av *av;
	fi_addr_t peer;
};

#define OFI_DEPTH 8

/**
 * struct ofi_slot - an operation under way
 * @context: libfabric's, to which it adds on some providers; first
 */
struct ofi_slot {
	struct fi_context2 context;
	uint64_t id;
	bool busy;
};

/**
 * struct ofi - the provider
 * @how: one of ofi_kinds
 * @key: to ask for, where the provider does not choose keys
 */
struct ofi {
	struct prov prov;
	const struct ofi_kind *how;
	struct fi_info *info;
	struct fid_fabric *fabric;
	struct fid_domain *domain;
	struct ofi_end end[2];
	struct ofi_slot slots[OFI_DEPTH];
	uint64_t key;
};

/**
 * struct ofi_kind - a stack of libfabric's providers
 * @stack: its name for fi_getinfo()
 * @domain: NULL: any
 * @node: address of both ends
 * @helper: register by peerbar_ofi_mr_reg(), not by fi_mr_reg() and the hook
 * @op_flags: which make a completion mean that the bytes are there
 */
struct ofi_kind {
	const char *stack;
	const char *(*domain)(void);
	const char *node;
	bool helper;
	uint64_t op_flags;
};

/** ofi_call - end the test unless @ret is 0 */
#define ofi_call(call) ofi_check((call), #call)
void ofi_check(int ret, const char *what);

/** ofi_setup, ofi_teardown - from fi_getinfo() to the domain, and back */
void ofi_setup(struct ofi *o);
void ofi_teardown(struct ofi *o);

/** ofi_connect, ofi_disconnect - the ends */
void ofi_connect(struct ofi *o);
void ofi_disconnect(struct ofi *o);

#endif /* TEST_OFI_H */
