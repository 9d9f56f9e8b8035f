/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UCX 1.23, as far as it differs */
#ifndef PEERBAR_UCX_ABI_1_23_H
#define PEERBAR_UCX_ABI_1_23_H

typedef struct uct_md_mem_attr_v2 {
	uint64_t field_mask;
	ucs_memory_type_t mem_type;
	ucs_sys_device_t sys_dev;
	void *base_address;
	size_t alloc_length;
	int dmabuf_fd;
	size_t dmabuf_offset;
	uint8_t mem_flags;
} abi_mem_attr_t;
#define ABI_MEM_ATTR_SIZE 56

static inline void abi_mem_flags_none(abi_mem_attr_t *attr)
{
	attr->mem_flags = 0;
}

static inline void abi_type_is(const void *address, size_t size,
			       ucs_memory_type_t type)
{
	ucs_memtype_cache_update(address, size, type,
				 UCS_SYS_DEVICE_ID_UNKNOWN, 0);
}

/* a parameter that mem_alloc() has since 1.19 */
#define ABI_SYS_DEV ucs_sys_device_t sys_dev,

#define ABI_MD_ATTR_LAST uint8_t required_mem_flags;
#define ABI_MD_ATTR_SIZE 544

#define ABI_MD_OPS_LAST      \
	void *mem_elem_pack; \
	void *mem_elem_release;
#define ABI_MD_OPS_LAST_UNUSED                                          \
	.mem_elem_pack = (void *)ucs_empty_function_return_unsupported, \
	.mem_elem_release = (void *)ucs_empty_function,
#define ABI_MD_OPS_SIZE 104

void uct_iface_base_query_v2(void);

#define ABI_INTERNAL_OPS_FIRST void *iface_query_v2;
#define ABI_INTERNAL_OPS_LAST   \
	void *ep_get_device_ep; \
	void *ep_put_sgl_zcopy; \
	void *ep_get_sgl_zcopy; \
	void *ep_outstanding_purge;
#define ABI_INTERNAL_OPS_MORE_UNUSED                                       \
	.iface_query_v2 = (void *)uct_iface_base_query_v2,                 \
	.ep_get_device_ep = (void *)ucs_empty_function_return_unsupported, \
	.ep_put_sgl_zcopy = (void *)ucs_empty_function_return_unsupported, \
	.ep_get_sgl_zcopy = (void *)ucs_empty_function_return_unsupported, \
	.ep_outstanding_purge = (void *)ucs_empty_function_return_unsupported,
#define ABI_INTERNAL_OPS_SIZE 96

#endif /* PEERBAR_UCX_ABI_1_23_H */
