// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include <ucs/sys/stubs.h>
#include <ucs/sys/topo/base/topo.h>

#include "copy.h"
#include "iface.h"
#include "md.h"

#define NOTHING(type) ((type)ucs_empty_function)

/* what UCX compares with the other ways to copy; slow is what a BAR is */
#define COPY_BANDWIDTH (200.0 * (1 << 20))
#define COPY_LATENCY   1e-6

typedef struct ucx_iface {
	uct_base_iface_t super;
	uint64_t id;
	bool copies;
} ucx_iface_t;

typedef struct ucx_ep {
	uct_base_ep_t super;
} ucx_ep_t;

static UCS_CLASS_INIT_FUNC(ucx_ep_t, const uct_ep_params_t *params)
{
	UCS_CLASS_CALL_SUPER_INIT(uct_base_ep_t,
				  (uct_base_iface_t *)params->iface);
	return UCS_OK;
}

static UCS_CLASS_CLEANUP_FUNC(ucx_ep_t)
{
}

UCS_CLASS_DEFINE(ucx_ep_t, uct_base_ep_t);
static UCS_CLASS_DEFINE_NEW_FUNC(ucx_ep_t, uct_ep_t, const uct_ep_params_t *);
static UCS_CLASS_DEFINE_DELETE_FUNC(ucx_ep_t, uct_ep_t);

/*
 * "Put" is to BAR memory, "get" from it: UCX has it done for memory whose type
 * it cannot touch itself, on an endpoint to this very interface.
 */
static ucs_status_t ep_put_short(uct_ep_h ep, const void *buffer,
				 unsigned int length, uint64_t remote_addr,
				 uct_rkey_t rkey)
{
	ucx_copy_to_bar((void *)(uintptr_t)remote_addr, buffer, length);
	return UCS_OK;
}

static ucs_status_t ep_get_short(uct_ep_h ep, void *buffer, unsigned int length,
				 uint64_t remote_addr, uct_rkey_t rkey)
{
	ucx_copy_from_bar(buffer, (void *)(uintptr_t)remote_addr, length);
	return UCS_OK;
}

static ucs_status_t ep_put_zcopy(uct_ep_h ep, const uct_iov_t *iov, size_t nr,
				 uint64_t remote_addr, uct_rkey_t rkey,
				 uct_completion_t *completion)
{
	ucx_copy_to_bar((void *)(uintptr_t)remote_addr, iov->buffer,
			iov->length * iov->count);
	return UCS_OK;
}

static ucs_status_t ep_get_zcopy(uct_ep_h ep, const uct_iov_t *iov, size_t nr,
				 uint64_t remote_addr, uct_rkey_t rkey,
				 uct_completion_t *completion)
{
	ucx_copy_from_bar(iov->buffer, (void *)(uintptr_t)remote_addr,
			  iov->length * iov->count);
	return UCS_OK;
}

static void add_copies(uct_iface_attr_t *attr)
{
	attr->cap.flags |= UCT_IFACE_FLAG_PUT_SHORT | UCT_IFACE_FLAG_GET_SHORT |
			   UCT_IFACE_FLAG_PUT_ZCOPY | UCT_IFACE_FLAG_GET_ZCOPY;
	attr->cap.put.max_short = UINT_MAX;
	attr->cap.put.max_zcopy = SIZE_MAX;
	attr->cap.put.opt_zcopy_align = 1;
	attr->cap.put.align_mtu = 1;
	attr->cap.put.max_iov = 1;
	attr->cap.get.max_short = UINT_MAX;
	attr->cap.get.max_zcopy = SIZE_MAX;
	attr->cap.get.opt_zcopy_align = 1;
	attr->cap.get.align_mtu = 1;
	attr->cap.get.max_iov = 1;
	attr->bandwidth.dedicated = COPY_BANDWIDTH;
	attr->latency.c = COPY_LATENCY;
}

static ucs_status_t iface_get_address(uct_iface_h iface, uct_iface_addr_t *addr)
{
	memcpy(addr, &((ucx_iface_t *)iface)->id, sizeof(uint64_t));
	return UCS_OK;
}

static int iface_is_reachable(const uct_iface_h iface,
			      const uct_iface_is_reachable_params_t *params)
{
	return params->field_mask & ABI_REACHABLE_IFACE_ADDR &&
	       params->iface_addr &&
	       !memcmp(params->iface_addr, &((ucx_iface_t *)iface)->id,
		       sizeof(uint64_t));
}

static ucs_status_t iface_query(uct_iface_h iface, uct_iface_attr_t *attr)
{
	uct_base_iface_query((uct_base_iface_t *)iface, attr);
	attr->iface_addr_len = sizeof(uint64_t);
	attr->cap.flags =
		UCT_IFACE_FLAG_CONNECT_TO_IFACE | UCT_IFACE_FLAG_PENDING;
	/* peers do not take an address with none at all */
	attr->bandwidth.dedicated = 1 << 20;
	if (((ucx_iface_t *)iface)->copies)
		add_copies(attr);
	return UCS_OK;
}

static UCS_CLASS_DECLARE_DELETE_FUNC(ucx_iface_t, uct_iface_t);

static uct_iface_ops_t iface_ops = {
	.ep_put_short = ep_put_short,
	.ep_put_zcopy = ep_put_zcopy,
	.ep_get_short = ep_get_short,
	.ep_get_zcopy = ep_get_zcopy,
	.ep_pending_add = (void *)ucs_empty_function_return_busy,
	.ep_pending_purge = NOTHING(uct_ep_pending_purge_func_t),
	.ep_flush = uct_base_ep_flush,
	.ep_fence = uct_base_ep_fence,
	.ep_create = UCS_CLASS_NEW_FUNC_NAME(ucx_ep_t),
	.ep_destroy = UCS_CLASS_DELETE_FUNC_NAME(ucx_ep_t),
	.iface_flush = uct_base_iface_flush,
	.iface_fence = uct_base_iface_fence,
	.iface_progress_enable = NOTHING(uct_iface_progress_enable_func_t),
	.iface_progress_disable = NOTHING(uct_iface_progress_disable_func_t),
	.iface_progress = (void *)ucs_empty_function_return_zero,
	.iface_close = UCS_CLASS_DELETE_FUNC_NAME(ucx_iface_t),
	.iface_query = iface_query,
	.iface_get_device_address = (void *)ucs_empty_function_return_success,
	.iface_get_address = iface_get_address,
	.iface_is_reachable = uct_base_iface_is_reachable,
};

static uct_iface_internal_ops_t internal_ops = {
	.iface_estimate_perf = uct_base_iface_estimate_perf,
	.iface_vfs_refresh = (void *)ucs_empty_function,
	.iface_is_reachable_v2 = iface_is_reachable,
	.ep_is_connected = uct_base_ep_is_connected,
	ABI_INTERNAL_OPS_UNUSED,
};

static UCS_CLASS_INIT_FUNC(ucx_iface_t, uct_md_h md, uct_worker_h worker,
			   const uct_iface_params_t *params,
			   const uct_iface_config_t *config)
{
	UCS_CLASS_CALL_SUPER_INIT(uct_base_iface_t, &iface_ops, &internal_ops,
				  md, worker, params, config);
	self->copies = ucx_md_is_rdma(md);
	/* among all processes of all nodes */
	if (getrandom(&self->id, sizeof(self->id), 0) != sizeof(self->id))
		return UCS_ERR_IO_ERROR;
	return UCS_OK;
}

static UCS_CLASS_CLEANUP_FUNC(ucx_iface_t)
{
}

UCS_CLASS_DEFINE(ucx_iface_t, uct_base_iface_t);
static UCS_CLASS_DEFINE_NEW_FUNC(ucx_iface_t, uct_iface_t, uct_md_h,
				 uct_worker_h, const uct_iface_params_t *,
				 const uct_iface_config_t *);
static UCS_CLASS_DEFINE_DELETE_FUNC(ucx_iface_t, uct_iface_t);

static ucs_status_t query_devices(uct_md_h md, uct_tl_device_resource_t **devices,
				  unsigned int *nr)
{
	return uct_single_device_resource(md, "vfio", UCT_DEVICE_TYPE_ACC,
					  UCS_SYS_DEVICE_ID_UNKNOWN, devices, nr);
}

struct uct_tl ucx_tl = {
	.name = "vfio",
	.query_devices = query_devices,
	.iface_open = UCS_CLASS_NEW_FUNC_NAME(ucx_iface_t),
	.config =
		{
			.name = "vfio transport",
			.prefix = "VFIO_",
			.table = uct_iface_config_table,
			.size = sizeof(uct_iface_config_t),
		},
};
