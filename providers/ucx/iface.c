// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>
#include <sys/random.h>

#include <ucs/sys/stubs.h>
#include <ucs/sys/topo/base/topo.h>

#include "iface.h"

#define NOTHING(type) ((type)ucs_empty_function)
#define UNSUPPORTED   ((void *)ucs_empty_function_return_unsupported)

typedef struct ucx_iface {
	uct_base_iface_t super;
	uint64_t id;
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
	return UCS_OK;
}

static UCS_CLASS_DECLARE_DELETE_FUNC(ucx_iface_t, uct_iface_t);

static uct_iface_ops_t iface_ops = {
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
	.ep_query = UNSUPPORTED,
	.ep_invalidate = UNSUPPORTED,
	.ep_connect_to_ep_v2 = UNSUPPORTED,
	.iface_is_reachable_v2 = iface_is_reachable,
	.ep_is_connected = uct_base_ep_is_connected,
};

static UCS_CLASS_INIT_FUNC(ucx_iface_t, uct_md_h md, uct_worker_h worker,
			   const uct_iface_params_t *params,
			   const uct_iface_config_t *config)
{
	UCS_CLASS_CALL_SUPER_INIT(uct_base_iface_t, &iface_ops, &internal_ops,
				  md, worker, params, config);
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
