/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside of the libfabric transports; everybody else includes transport.h. */
#ifndef BENCH_OFI_H
#define BENCH_OFI_H

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>

#include "transport.h"

/** registrations of an end */
#define OFI_MRS_MAX (BENCH_MEMS_MAX * BENCH_QPS_MAX)

/**
 * struct ofi_stack - providers of libfabric
 * @ops: the transport that it is
 * @providers: as fi_getinfo() names them
 * @dmabuf: BAR memory is registered by dma-buf, else by its address
 * @delivered: what makes the completion of a write mean that it has arrived
 */
struct ofi_stack {
	const struct bench_transport_ops *ops;
	const char *providers;
	bool dmabuf;
	uint64_t delivered;
};

/** struct ofi_op - an operation in flight; libfabric uses @context */
struct ofi_op {
	struct fi_context2 context;
	struct ofi_op *next;
	uint32_t qp;
	uint32_t id;
	bool signaled;
	bool received;
};

/** struct ofi_base - how the far end names byte 0 of a registration */
struct ofi_base {
	uint32_t key;
	uint64_t addr;
	uint64_t base;
};

/**
 * struct ofi - the transport
 * @info: what libfabric gave
 * @ep: endpoints, in place of queue pairs
 * @far_ep: the far end's, by the same number
 * @ops, @free_op: room for all operations, and what of it is not in flight
 * @mr: registrations; lkey is their index
 * @near: of this end, @nr_near of them, for @far of the other one
 */
struct ofi {
	struct bench_transport base;
	const struct ofi_stack *stack;
	struct fi_info *info;
	struct fid_fabric *fabric;
	struct fid_domain *domain;
	struct fid_cq *cq;
	struct fid_av *av;
	struct fid_ep *ep[BENCH_QPS_MAX];
	fi_addr_t far_ep[BENCH_QPS_MAX];
	uint32_t nr_eps;
	struct ofi_op *ops;
	struct ofi_op *free_op;
	uint32_t nr_ops;
	struct fid_mr *mr[OFI_MRS_MAX];
	struct ofi_base near[OFI_MRS_MAX];
	struct ofi_base far[OFI_MRS_MAX];
	uint32_t nr_far;
	uint64_t key;
};

extern const struct bench_transport_ops bench_ofi;
extern const struct bench_transport_ops bench_ofi_tcp;

/** ofi_fail - libfabric's words for @ret */
int ofi_fail(int ret, const char *what);

/** ofi_open - info to domain */
int ofi_open(struct ofi *o, const struct bench_transport_config *config);
void ofi_close(struct ofi *o);

/** ofi_ends_open - queue, addresses and endpoints */
int ofi_ends_open(struct ofi *o);
void ofi_ends_close(struct ofi *o);

struct json_object *ofi_describe(const struct ofi *o);
int ofi_connect(struct ofi *o, struct json_object *far);

/** ofi_far_addr - how a peer has to name what is @addr of the key's memory */
uint64_t ofi_far_addr(const struct ofi *o, uint32_t key, uint64_t addr);

#endif /* BENCH_OFI_H */
