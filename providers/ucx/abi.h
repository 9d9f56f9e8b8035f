/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What UCX's installed headers leave out
 *
 * A plug-in of UCX meets structures that only UCX's own source declares, and
 * they change with the minor version without anything that tells.  As much as
 * we touch is declared here, as distributions build it: release, no statistics.
 * What differs between minor versions stands in a header for each one that is
 * supported: sizes, members that only some have (..._FIRST, ..._LAST) and what
 * fills them.  Nothing else of providers/ucx knows a version.
 *
 * Sizes and offsets are asserted when this is compiled, and compared with the
 * UCX that runs before anything is registered with it: see layout.h.
 */
#ifndef PEERBAR_UCX_ABI_H
#define PEERBAR_UCX_ABI_H

#include <stddef.h>
#include <stdint.h>

#include <ucs/config/parser.h>
#include <ucs/datastruct/list.h>
#include <ucs/memory/memtype_cache.h>
#include <ucs/type/class.h>
#include <uct/api/uct.h>
#include <uct/api/version.h>

#define UCX_ABI(minor) (UCT_VERNO_MAJOR == 1 && UCT_VERNO_MINOR == (minor))

#if UCX_ABI(18)
#include "abi_1_18.h"
#elif UCX_ABI(23)
#include "abi_1_23.h"
#else
#error "no abi_MAJOR_MINOR.h for this UCX; CMakeLists.txt should have said so"
#endif

#define ABI_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), "size of " #type)
#define ABI_OFFSET(type, member, offset)                   \
	_Static_assert(offsetof(type, member) == (offset), \
		       "offset of " #member " in " #type)

/* Components and transports. */

struct uct_component {
	const char name[UCT_COMPONENT_NAME_MAX];
	ucs_status_t (*query_md_resources)(uct_component_h component,
					   uct_md_resource_desc_t **resources,
					   unsigned int *nr);
	ucs_status_t (*md_open)(uct_component_h component, const char *name,
				const uct_md_config_t *config, uct_md_h *md);
	void *cm_open;
	ucs_status_t (*rkey_unpack)(uct_component_h component, const void *buf,
				    uct_rkey_t *rkey, void **handle);
	void *rkey_ptr;
	ucs_status_t (*rkey_release)(uct_component_h component, uct_rkey_t rkey,
				     void *handle);
	ucs_status_t (*rkey_compare)(uct_component_h component, uct_rkey_t a,
				     uct_rkey_t b, const void *params,
				     int *result);
	ucs_config_global_list_entry_t md_config;
	ucs_config_global_list_entry_t cm_config;
	ucs_list_link_t tl_list;
	ucs_list_link_t list;
	uint64_t flags;
	void (*md_vfs_init)(uct_md_h md);
};
ABI_SIZE(struct uct_component, 232);

typedef struct uct_tl_device_resource uct_tl_device_resource_t;

struct uct_tl {
	char name[UCT_TL_NAME_MAX];
	ucs_status_t (*query_devices)(uct_md_h md,
				      uct_tl_device_resource_t **devices,
				      unsigned int *nr);
	ucs_status_t (*iface_open)(uct_md_h md, uct_worker_h worker,
				   const uct_iface_params_t *params,
				   const uct_iface_config_t *config,
				   uct_iface_h *iface);
	ucs_config_global_list_entry_t config;
	ucs_list_link_t list;
};
ABI_SIZE(struct uct_tl, 104);

extern ucs_list_link_t uct_components_list;
extern ucs_config_field_t uct_md_config_table[];
extern ucs_config_field_t uct_iface_config_table[];

void uct_component_register(struct uct_component *component);
void uct_tl_register(struct uct_component *component, struct uct_tl *tl);

ucs_status_t uct_md_query_single_md_resource(uct_component_h component,
					     uct_md_resource_desc_t **resources,
					     unsigned int *nr);
ucs_status_t uct_single_device_resource(uct_md_h md, const char *name,
					uct_device_type_t type,
					ucs_sys_device_t sys_device,
					uct_tl_device_resource_t **devices,
					unsigned int *nr);
ucs_status_t uct_md_stub_rkey_unpack(uct_component_h component, const void *buf,
				     uct_rkey_t *rkey, void **handle);
ucs_status_t uct_base_rkey_compare(uct_component_h component, uct_rkey_t a,
				   uct_rkey_t b, const void *params, int *result);

/* Memory domains. */

struct uct_md_config {
	char unused;
};

/* bits of field_mask */
enum {
	ABI_MD_ATTR_FLAGS = 1 << 2,
	ABI_MD_ATTR_COMPONENT_NAME = 1 << 11,
};

struct uct_md {
	uct_md_ops_t *ops;
	uct_component_h component;
};
ABI_SIZE(struct uct_md, 16);

ucs_status_t uct_md_dummy_mem_reg(uct_md_h md, void *address, size_t length,
				  const void *params, uct_mem_h *memh);
ucs_status_t uct_md_dummy_mem_dereg(uct_md_h md, const void *params);

ABI_SIZE(abi_mem_attr_t, ABI_MEM_ATTR_SIZE);

typedef struct uct_md_attr_v2 {
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
	ABI_MD_ATTR_LAST
} uct_md_attr_v2_t;
ABI_SIZE(uct_md_attr_v2_t, ABI_MD_ATTR_SIZE);
ABI_OFFSET(uct_md_attr_v2_t, dmabuf_mem_types, 88);
ABI_OFFSET(uct_md_attr_v2_t, component_name, 112);

struct uct_md_ops {
	void (*close)(uct_md_h md);
	ucs_status_t (*query)(uct_md_h md, uct_md_attr_v2_t *attr);
	ucs_status_t (*mem_alloc)(uct_md_h md, size_t *length, void **address,
				  ucs_memory_type_t type,
				  ABI_SYS_DEV unsigned int flags,
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
	ABI_MD_OPS_LAST
};
ABI_SIZE(struct uct_md_ops, ABI_MD_OPS_SIZE);

/* slots that are not for us */
#define ABI_MD_OPS_UNUSED                                      \
	ABI_MD_OPS_LAST_UNUSED.mem_advise =                    \
		(void *)ucs_empty_function_return_unsupported, \
	.mem_attach = (void *)ucs_empty_function_return_unsupported

ucs_status_t uct_md_query_v2(uct_md_h md, uct_md_attr_v2_t *attr);
void uct_md_base_md_query(uct_md_attr_v2_t *attr);

/* Interfaces. */

typedef struct uct_perf_attr uct_perf_attr_t;

/* which of the following are there */
enum {
	ABI_REACHABLE_IFACE_ADDR = 1 << 1,
};

typedef struct uct_iface_is_reachable_params {
	uint64_t field_mask;
	const uct_device_addr_t *device_addr;
	const uct_iface_addr_t *iface_addr;
	char *info_string;
	size_t info_string_length;
	unsigned int scope;
	size_t device_addr_length;
	size_t iface_addr_length;
} uct_iface_is_reachable_params_t;
ABI_SIZE(uct_iface_is_reachable_params_t, 64);

/* What follows the operations is UCX's. */
typedef struct uct_base_iface {
	uct_iface_t super;
	char priv[1280 - sizeof(uct_iface_t)];
} uct_base_iface_t;
ABI_SIZE(uct_base_iface_t, 1280);

typedef struct uct_base_ep {
	uct_ep_t super;
} uct_base_ep_t;
ABI_SIZE(uct_base_ep_t, 8);

typedef struct uct_iface_internal_ops {
	ABI_INTERNAL_OPS_FIRST
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
	ABI_INTERNAL_OPS_LAST
} uct_iface_internal_ops_t;
ABI_SIZE(uct_iface_internal_ops_t, ABI_INTERNAL_OPS_SIZE);

#define ABI_INTERNAL_OPS_UNUSED                                         \
	ABI_INTERNAL_OPS_MORE_UNUSED.ep_query =                         \
		(void *)ucs_empty_function_return_unsupported,          \
	.ep_invalidate = (void *)ucs_empty_function_return_unsupported, \
	.ep_connect_to_ep_v2 = (void *)ucs_empty_function_return_unsupported

UCS_CLASS_DECLARE(uct_base_iface_t, uct_iface_ops_t *,
		  uct_iface_internal_ops_t *, uct_md_h, uct_worker_h,
		  const uct_iface_params_t *, const uct_iface_config_t *);
UCS_CLASS_DECLARE(uct_base_ep_t, uct_base_iface_t *);

struct uct_iface_config {
	struct {
		uct_alloc_method_t *methods;
		unsigned int count;
	} alloc_methods;
	int failure;
	size_t max_num_eps;
};
ABI_SIZE(struct uct_iface_config, 32);

void uct_base_iface_query(uct_base_iface_t *iface, uct_iface_attr_t *attr);
ucs_status_t uct_base_iface_estimate_perf(uct_iface_h iface,
					  uct_perf_attr_t *attr);
ucs_status_t uct_base_iface_flush(uct_iface_h iface, unsigned int flags,
				  uct_completion_t *completion);
ucs_status_t uct_base_iface_fence(uct_iface_h iface, unsigned int flags);
int uct_base_iface_is_reachable(const uct_iface_h iface,
				const uct_device_addr_t *device,
				const uct_iface_addr_t *addr);
ucs_status_t uct_base_ep_flush(uct_ep_h ep, unsigned int flags,
			       uct_completion_t *completion);
ucs_status_t uct_base_ep_fence(uct_ep_h ep, unsigned int flags);
int uct_base_ep_is_connected(uct_ep_h ep, const void *params);

#endif /* PEERBAR_UCX_ABI_H */
