/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UCX 1.18, as far as it differs */
#ifndef PEERBAR_UCX_ABI_1_18_H
#define PEERBAR_UCX_ABI_1_18_H

/* the public one */
typedef uct_md_mem_attr_t abi_mem_attr_t;
#define ABI_MEM_ATTR_SIZE 48

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

#define ABI_MD_ATTR_LAST
#define ABI_MD_ATTR_SIZE 536

#define ABI_MD_OPS_LAST
#define ABI_MD_OPS_LAST_UNUSED
#define ABI_MD_OPS_SIZE 88

#define ABI_INTERNAL_OPS_FIRST
#define ABI_INTERNAL_OPS_LAST
#define ABI_INTERNAL_OPS_MORE_UNUSED
#define ABI_INTERNAL_OPS_SIZE 56

#endif /* PEERBAR_UCX_ABI_1_18_H */
