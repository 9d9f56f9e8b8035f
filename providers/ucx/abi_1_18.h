/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UCX 1.18 */
#ifndef PEERBAR_UCX_ABI_1_18_H
#define PEERBAR_UCX_ABI_1_18_H

#include "abi_common.h"

struct uct_md_attr_v2 {
	uint64_t field_mask;
	uint64_t max_alloc;
	size_t max_reg;
	uint64_t flags;
	uint64_t reg_mem_types;
	uint64_t reg_nonblock_mem_types;
	uint64_t cache_mem_types;
	uint64_t gva_mem_types;
	uint64_t detect_mem_types;
	uint64_t alloc_mem_types;
	uint64_t access_mem_types;
	uint64_t dmabuf_mem_types;
	ucs_linear_func_t reg_cost;
	char component_name[UCT_COMPONENT_NAME_MAX];
	size_t rkey_packed_size;
	ucs_cpu_set_t local_cpus;
	size_t exported_mkey_packed_size;
	char global_id[UCT_MD_GLOBAL_ID_MAX];
	size_t reg_alignment;
};
ABI_SIZE(uct_md_attr_v2_t, 536);
ABI_OFFSET(uct_md_attr_v2_t, dmabuf_mem_types, 88);
ABI_OFFSET(uct_md_attr_v2_t, component_name, 112);

/* the public one */
typedef uct_md_mem_attr_t abi_mem_attr_t;
ABI_SIZE(abi_mem_attr_t, 48);

static inline void abi_mem_flags_none(abi_mem_attr_t *attr)
{
}

static inline void abi_type_is(const void *address, size_t size,
			       ucs_memory_type_t type)
{
	ucs_memtype_cache_update(address, size, type,
				 UCS_SYS_DEVICE_ID_UNKNOWN);
}

/* a parameter that mem_alloc() does not have yet */
#define ABI_SYS_DEV

struct uct_md_ops {
	void (*close)(uct_md_h md);
	ucs_status_t (*query)(uct_md_h md, uct_md_attr_v2_t *attr);
	ucs_status_t (*mem_alloc)(uct_md_h md, size_t *length, void **address,
				  ucs_memory_type_t type, unsigned int flags,
				  const char *name, uct_mem_h *memh);
	ucs_status_t (*mem_free)(uct_md_h md, uct_mem_h memh);
	void *mem_advise;
	ucs_status_t (*mem_reg)(uct_md_h md, void *address, size_t length,
				const void *params, uct_mem_h *memh);
	ucs_status_t (*mem_dereg)(uct_md_h md, const void *params);
	ucs_status_t (*mem_query)(uct_md_h md, const void *address,
				  size_t length, abi_mem_attr_t *attr);
	ucs_status_t (*mkey_pack)(uct_md_h md, uct_mem_h memh, void *address,
				  size_t length, const void *params,
				  void *buffer);
	void *mem_attach;
	ucs_status_t (*detect_memory_type)(uct_md_h md, const void *address,
					   size_t length,
					   ucs_memory_type_t *type);
};
ABI_SIZE(struct uct_md_ops, 88);

/* slots that are not for us */
#define ABI_MD_OPS_UNUSED                                            \
	.mem_advise = (void *)ucs_empty_function_return_unsupported, \
	.mem_attach = (void *)ucs_empty_function_return_unsupported

struct uct_iface_internal_ops {
	ucs_status_t (*iface_estimate_perf)(uct_iface_h iface,
					    uct_perf_attr_t *attr);
	void (*iface_vfs_refresh)(uct_iface_h iface);
	ucs_status_t (*ep_query)(uct_ep_h ep, uct_ep_attr_t *attr);
	ucs_status_t (*ep_invalidate)(uct_ep_h ep, unsigned int flags);
	ucs_status_t (*ep_connect_to_ep_v2)(uct_ep_h ep,
					    const uct_device_addr_t *device,
					    const uct_ep_addr_t *addr,
					    const void *params);
	int (*iface_is_reachable_v2)(const uct_iface_h iface,
				     const uct_iface_is_reachable_params_t *params);
	int (*ep_is_connected)(uct_ep_h ep, const void *params);
};
ABI_SIZE(uct_iface_internal_ops_t, 56);

#define ABI_INTERNAL_OPS_UNUSED                                         \
	.ep_query = (void *)ucs_empty_function_return_unsupported,      \
	.ep_invalidate = (void *)ucs_empty_function_return_unsupported, \
	.ep_connect_to_ep_v2 = (void *)ucs_empty_function_return_unsupported

#endif /* PEERBAR_UCX_ABI_1_18_H */
