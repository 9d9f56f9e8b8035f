// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ucs/debug/log_def.h>

#include <peerbar/error.h>
#include <peerbar/registry.h>

#include "convert.h"
#include "md.h"
#include "pool.h"

#define HOST UCS_BIT(UCS_MEMORY_TYPE_HOST)
#define RDMA UCS_BIT(UCS_MEMORY_TYPE_RDMA)

static const char *type_names[] = {"host", "rdma", NULL};

ucs_config_field_t ucx_md_config_table[] = {
	{"", "", NULL, ucs_offsetof(struct ucx_md_config, super),
	 UCS_CONFIG_TYPE_TABLE(uct_md_config_table)},

	{"DEVICE", "",
	 "BAR memory that is allocated when UCX_ALLOC_PRIO has md:vfio: "
	 "BDF/BAR[@OFFSET+LENGTH[,...]] of a device bound to vfio-pci.\n"
	 "The device is opened by the first allocation.",
	 ucs_offsetof(struct ucx_md_config, device), UCS_CONFIG_TYPE_STRING},

	{"MEM_TYPE", "host",
	 "Type that BAR memory has in UCX.\n"
	 " host - ordinary memory: the CPU copies short messages through the\n"
	 "        mapping, peers need not know\n"
	 " rdma - memory of a device: UCX copies with I/O accesses of natural\n"
	 "        width, and never by cma; tells it by UCX_MEMTYPE_CACHE=n",
	 ucs_offsetof(struct ucx_md_config, rdma),
	 UCS_CONFIG_TYPE_ENUM(type_names)},

	{NULL},
};

/**
 * struct ucx_md - an open domain
 * @pool: NULL when there is nothing to allocate from
 * @type: of BAR memory
 */
struct ucx_md {
	uct_md_t super;
	struct ucx_pool *pool;
	ucs_memory_type_t type;
};

static struct ucx_md *to_ucx_md(uct_md_h md)
{
	return (struct ucx_md *)md;
}

static void md_close(uct_md_h md)
{
	ucx_pool_put(to_ucx_md(md)->pool);
	free(md);
}

bool ucx_md_is_rdma(uct_md_h md)
{
	return to_ucx_md(md)->type == UCS_MEMORY_TYPE_RDMA;
}

/*
 * A BAR that the CPU maps is used like any memory, unless it has a type of its
 * own.  UCX registers memory with a domain before that domain's transport
 * copies it; there is nothing to do for it.
 */
static ucs_status_t md_query(uct_md_h md, uct_md_attr_v2_t *attr)
{
	uct_md_base_md_query(attr);
	attr->flags = 0;
	attr->access_mem_types = HOST;
	if (ucx_md_is_rdma(md)) {
		attr->flags = UCT_MD_FLAG_REG;
		attr->access_mem_types = attr->reg_mem_types = HOST | RDMA;
		attr->detect_mem_types = RDMA;
	}
	/* what UCX was not told of is of type host, and a BAR all the same */
	attr->dmabuf_mem_types = attr->access_mem_types;
	if (to_ucx_md(md)->pool) {
		attr->flags |= UCT_MD_FLAG_ALLOC;
		attr->alloc_mem_types = UCS_BIT(to_ucx_md(md)->type);
		attr->max_alloc = SIZE_MAX;
	}
	return UCS_OK;
}

/*
 * UCX names what it allocates.  Its own bounce buffers have no business in a
 * BAR, where reads are slow.
 */
static bool is_user_memory(const char *name)
{
	return name && !strcmp(name, "user memory");
}

/* UCX's cache of types, if it is used, is made by the first look into it. */
static bool has_types(uct_md_h md)
{
	ucs_memory_info_t info = {0};

	if (!ucx_md_is_rdma(md))
		return false;
	ucs_memtype_cache_lookup(&info, 1, &info);
	return ucs_memtype_cache_global_instance;
}

static ucs_status_t md_mem_alloc(uct_md_h md, size_t *length, void **address,
				 ucs_memory_type_t type,
				 ABI_SYS_DEV unsigned int flags,
				 const char *name, uct_mem_h *memh)
{
	struct ucx_piece *piece;
	int ret;

	if (type != to_ucx_md(md)->type || flags & UCT_MD_MEM_FLAG_FIXED ||
	    !is_user_memory(name))
		return UCS_ERR_UNSUPPORTED;
	ret = ucx_piece_cut(to_ucx_md(md)->pool, *length, &piece);
	if (ret) {
		/* loud: UCX takes other memory instead, and says nothing */
		ucs_error("UCX_VFIO_DEVICE: no BAR memory for %zu bytes: %s",
			  *length, peerbar_error_detail());
		return ucx_status(ret);
	}
	*length = ucx_piece_len(piece);
	*address = ucx_piece_addr(piece);
	*memh = piece;
	if (has_types(md))
		abi_type_is(*address, *length, type);
	return UCS_OK;
}

static ucs_status_t md_mem_free(uct_md_h md, uct_mem_h memh)
{
	if (has_types(md))
		ucs_memtype_cache_remove(ucx_piece_addr(memh),
					 ucx_piece_len(memh));
	ucx_piece_return(memh);
	return UCS_OK;
}

/* A key is packed for each domain that memory was allocated from. */
static ucs_status_t md_mkey_pack(uct_md_h md, uct_mem_h memh, void *address,
				 size_t length, const void *params, void *buffer)
{
	return UCS_OK;
}

/*
 * UCX's registration cache asks about ranges that it merged: they may begin in
 * other memory and run across a BAR.  Such a range has no dma-buf, and is no
 * ordinary memory either.  UCX then leaves it in pieces.
 */
static ucs_status_t find(const void *address, size_t length,
			 struct peerbar_hit *hit)
{
	switch (peerbar_registry_find(address, length, hit)) {
	case 0:
		return UCS_OK;
	case -ENOENT:
		*hit = (struct peerbar_hit){
			.fd = UCT_DMABUF_FD_INVALID,
			.base = (void *)(uintptr_t)address,
			.size = length,
		};
		return UCS_OK;
	default:
		ucs_debug("%zu bytes at %p begin or end amid BAR memory",
			  length, address);
		return UCS_ERR_INVALID_ADDR;
	}
}

/* UCX closes what it is given. */
static ucs_status_t dup_fd(int fd, int *out)
{
	*out = fd;
	if (fd == UCT_DMABUF_FD_INVALID)
		return UCS_OK;
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (*out >= 0)
		return UCS_OK;
	ucs_error("dma-buf fd %d: dup: %s", fd, strerror(errno));
	return ucx_status(-errno);
}

static ucs_status_t md_mem_query(uct_md_h md, const void *address,
				 size_t length, abi_mem_attr_t *attr)
{
	const uint64_t mask = attr->field_mask;
	struct peerbar_hit hit;
	ucs_status_t status = find(address, length, &hit);

	/* whose memory is it?  Not ours, when it is no BAR. */
	if (status == UCS_OK && mask & UCT_MD_MEM_ATTR_FIELD_MEM_TYPE &&
	    ucx_md_is_rdma(md) && hit.fd == UCT_DMABUF_FD_INVALID)
		status = UCS_ERR_INVALID_ADDR;
	if (status != UCS_OK)
		return status;
	if (mask & UCT_MD_MEM_ATTR_FIELD_DMABUF_FD)
		status = dup_fd(hit.fd, &attr->dmabuf_fd);
	if (status != UCS_OK)
		return status;
	if (mask & UCT_MD_MEM_ATTR_FIELD_DMABUF_OFFSET)
		attr->dmabuf_offset = hit.offset;
	if (mask & UCT_MD_MEM_ATTR_FIELD_MEM_TYPE)
		attr->mem_type = to_ucx_md(md)->type;
	if (mask & UCT_MD_MEM_ATTR_FIELD_SYS_DEV)
		attr->sys_dev = UCS_SYS_DEVICE_ID_UNKNOWN;
	if (mask & UCT_MD_MEM_ATTR_FIELD_BASE_ADDRESS)
		attr->base_address = hit.base;
	if (mask & UCT_MD_MEM_ATTR_FIELD_ALLOC_LENGTH)
		attr->alloc_length = hit.size;
	abi_mem_flags_none(attr);
	return UCS_OK;
}

static ucs_status_t md_detect(uct_md_h md, const void *address, size_t length,
			      ucs_memory_type_t *type)
{
	abi_mem_attr_t attr = {.field_mask = UCT_MD_MEM_ATTR_FIELD_MEM_TYPE};
	ucs_status_t status = UCS_ERR_INVALID_ADDR;

	if (ucx_md_is_rdma(md))
		status = md_mem_query(md, address, length, &attr);
	if (status == UCS_OK)
		*type = attr.mem_type;
	return status;
}

static uct_md_ops_t md_ops = {
	.close = md_close,
	.query = md_query,
	.mem_alloc = md_mem_alloc,
	.mem_free = md_mem_free,
	.mem_reg = uct_md_dummy_mem_reg,
	.mem_dereg = uct_md_dummy_mem_dereg,
	.mem_query = md_mem_query,
	.mkey_pack = md_mkey_pack,
	.detect_memory_type = md_detect,
	ABI_MD_OPS_UNUSED,
};

ucs_status_t ucx_md_open(uct_component_h component, const char *name,
			 const uct_md_config_t *config, uct_md_h *out)
{
	const struct ucx_md_config *ours = (const void *)config;
	struct ucx_md *md;
	int ret;

	md = calloc(1, sizeof(*md));
	if (!md)
		return UCS_ERR_NO_MEMORY;
	md->super.ops = &md_ops;
	md->super.component = component;
	md->type = ours->rdma ? UCS_MEMORY_TYPE_RDMA : UCS_MEMORY_TYPE_HOST;
	if (*ours->device) {
		ret = ucx_pool_get(ours->device, &md->pool);
		if (ret) {
			ucs_error("UCX_VFIO_DEVICE=%s: %s", ours->device,
				  peerbar_error_detail());
			free(md);
			return ucx_status(ret);
		}
	}
	*out = &md->super;
	return UCS_OK;
}
