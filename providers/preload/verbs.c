// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ibv_reg_mr() and its relatives: an address in the registry is registered as
 * the dma-buf it belongs to.
 *
 * Nothing of libibverbs is linked: it is looked up when a program that has it
 * calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include <peerbar/registry.h>

#include "area.h"
#include "file.h"
#include "ibverbs.h"
#include "real.h"
#include "say.h"

#undef ibv_reg_mr
#undef ibv_reg_mr_iova

/* what the kernel takes for dma-bufs */
#define DMABUF_ACCESS                                         \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |    \
	 IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC | \
	 IBV_ACCESS_RELAXED_ORDERING)

/**
 * struct region - an MR of ours
 * @file: NULL when the program mapped the memory itself, with libpeerbar
 * @fd: of the registry; our own while the registration is under way
 */
struct region {
	struct region *next;
	struct ibv_mr *mr;
	struct file *file;
	int fd;
	uint64_t offset;
};

static struct region *regions;
static atomic_uint nr_regions;

/* What may be ignored is; anything else is for the kernel to refuse. */
static unsigned int dmabuf_access(unsigned int access)
{
	return access & ~((IBV_ACCESS_OPTIONAL_RANGE | IBV_ACCESS_HUGETLB) &
			  ~IBV_ACCESS_RELAXED_ORDERING);
}

enum verdict { PASS, OURS, REFUSE };

/*
 * An MR that is resolved page by page at access, such as one over the whole
 * address space, may have BAR memory in it: the kernel gives none of it away.
 */
static enum verdict judge(const void *addr, size_t len, unsigned int access)
{
	struct peerbar_hit hit;

	switch (peerbar_registry_find(addr, len, &hit)) {
	case 0:
		return len ? OURS : PASS;
	case -ERANGE:
		return access & IBV_ACCESS_ON_DEMAND ? PASS : REFUSE;
	default:
		return PASS;
	}
}

static struct ibv_mr *refuse(const char *call, const void *addr, size_t len)
{
	say_failure("%s of %zu bytes at %p: they begin or end amid BAR memory",
		    call, len, addr);
	errno = ERANGE;
	return NULL;
}

/* The mapping may go meanwhile, the file and the descriptor stay. */
static struct region *begin(const void *addr, size_t len)
{
	struct region *region = calloc(1, sizeof(*region));
	struct peerbar_hit hit;
	int err = 0;

	if (!region) {
		errno = ENOMEM;
		return NULL;
	}
	file_lock();
	if (peerbar_registry_find(addr, len, &hit))
		err = EFAULT;
	else if ((region->fd = fcntl(hit.fd, F_DUPFD_CLOEXEC, 0)) < 0)
		err = errno;
	if (!err) {
		region->offset = hit.offset;
		region->file = area_file(addr);
		if (region->file) {
			file_hold(region->file);
			file_own_fd(region->file, 1);
		}
	}
	file_unlock();
	if (err) {
		free(region);
		errno = err;
		return NULL;
	}
	return region;
}

static void release(struct region *region)
{
	if (region->file) {
		file_release(region->file);
		file_settle();
	}
	free(region);
}

/* @mr: what became of it, NULL when nothing did */
static void end(struct region *region, struct ibv_mr *mr)
{
	int saved_errno = errno;

	file_lock();
	real_close(region->fd);
	if (region->file)
		file_own_fd(region->file, -1);
	if (mr) {
		region->mr = mr;
		region->next = regions;
		regions = region;
		atomic_fetch_add(&nr_regions, 1);
	} else {
		release(region);
	}
	file_unlock();
	errno = saved_errno;
}

static struct ibv_mr *finish(struct region *region, struct ibv_mr *mr,
			     const char *call, void *addr, size_t len)
{
	if (mr) {
		mr->addr = addr;
		mr->length = len;
		say("%s of %zu bytes at %p: dma-buf, offset %llu, lkey 0x%x",
		    call, len, addr, (unsigned long long)region->offset,
		    mr->lkey);
	}
	end(region, mr);
	return mr;
}

static void explain(struct ibv_pd *pd, const char *call, const void *addr,
		    size_t len, unsigned int access)
{
	int err = errno;
	const char *why = NULL;

	if (err == EOPNOTSUPP)
		why = ibverbs_why(pd);
	if (access & ~(unsigned int)DMABUF_ACCESS)
		why = "access bits that are not for dma-bufs";
	say_failure("%s of %zu bytes at %p, access 0x%x, as a dma-buf: %s",
		    call, len, addr, access, why ? why : strerror(err));
	errno = err;
}

static struct ibv_mr *reg_ours(const char *call, struct ibv_pd *pd, void *addr,
			       size_t len, uint64_t iova, unsigned int access)
{
	struct region *region;
	struct ibv_mr *mr;

	region = begin(addr, len);
	if (!region)
		return NULL;
	access = dmabuf_access(access);
	mr = ibverbs_reg_dmabuf_mr(pd, region->offset, len, iova, region->fd,
				   (int)access);
	if (!mr)
		explain(pd, call, addr, len, access);
	return finish(region, mr, call, addr, len);
}

EXPORT struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len,
				 int access)
{
	switch (judge(addr, len, access)) {
	case OURS:
		return reg_ours(__func__, pd, addr, len, (uintptr_t)addr, access);
	case REFUSE:
		return refuse(__func__, addr, len);
	default:
		return ibverbs_reg_mr(pd, addr, len, access);
	}
}

EXPORT struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len,
				      uint64_t iova, int access)
{
	switch (judge(addr, len, access)) {
	case OURS:
		return reg_ours(__func__, pd, addr, len, iova, access);
	case REFUSE:
		return refuse(__func__, addr, len);
	default:
		return ibverbs_reg_mr_iova(pd, addr, len, iova, access);
	}
}

EXPORT struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len,
				       uint64_t iova, unsigned int access)
{
	switch (judge(addr, len, access)) {
	case OURS:
		return reg_ours(__func__, pd, addr, len, iova, access);
	case REFUSE:
		return refuse(__func__, addr, len);
	default:
		return ibverbs_reg_mr_iova2(pd, addr, len, iova, access);
	}
}

/* The other fields, as far as the mask says that they are there, are kept. */
static struct ibv_mr *reg_ex_ours(struct ibv_pd *pd, const struct mr_attr *attr)
{
	const bool has_iova = attr->comp_mask & MR_ATTR_IOVA;
	struct mr_attr ours = {
		.length = attr->length,
		.access = (int)dmabuf_access(attr->access),
		.comp_mask = (attr->comp_mask & ~MR_ATTR_ADDR) | MR_ATTR_IOVA |
			     MR_ATTR_FD | MR_ATTR_FD_OFFSET,
		.iova = has_iova ? attr->iova : (uintptr_t)attr->addr,
		.dmah = attr->comp_mask & MR_ATTR_DMAH ? attr->dmah : NULL,
	};
	struct region *region;
	struct ibv_mr *mr;

	region = begin(attr->addr, attr->length);
	if (!region)
		return NULL;
	ours.fd = region->fd;
	ours.fd_offset = region->offset;
	mr = ibverbs_reg_mr_ex(pd, (void *)&ours);
	if (!mr)
		explain(pd, "ibv_reg_mr_ex", attr->addr, attr->length,
			ours.access);
	return finish(region, mr, "ibv_reg_mr_ex", attr->addr, attr->length);
}

EXPORT struct ibv_mr *ibv_reg_mr_ex(struct ibv_pd *pd,
				    struct ibv_mr_init_attr *init_attr)
{
	const struct mr_attr *attr = (const void *)init_attr;
	const uint64_t kind = MR_ATTR_ADDR | MR_ATTR_FD | MR_ATTR_BUF;

	if ((attr->comp_mask & kind) != MR_ATTR_ADDR)
		return ibverbs_reg_mr_ex(pd, init_attr);
	switch (judge(attr->addr, attr->length, attr->access)) {
	case OURS:
		return reg_ex_ours(pd, attr);
	case REFUSE:
		return refuse(__func__, attr->addr, attr->length);
	default:
		return ibverbs_reg_mr_ex(pd, init_attr);
	}
}

/* Forgotten before, since the next MR may have the same address. */
static struct region *forget(const struct ibv_mr *mr)
{
	struct region **link, *region = NULL;

	file_lock();
	for (link = &regions; *link; link = &(*link)->next) {
		if ((*link)->mr != mr)
			continue;
		region = *link;
		*link = region->next;
		atomic_fetch_sub(&nr_regions, 1);
		break;
	}
	file_unlock();
	return region;
}

EXPORT int ibv_dereg_mr(struct ibv_mr *mr)
{
	struct region *region = atomic_load(&nr_regions) ? forget(mr) : NULL;
	int ret = ibverbs_dereg_mr(mr);
	int saved_errno = errno;

	if (!region)
		return ret;
	say("ibv_dereg_mr: %s", ret ? "failed" : "a dma-buf MR is gone");
	file_lock();
	if (ret) {
		region->next = regions;
		regions = region;
		atomic_fetch_add(&nr_regions, 1);
	} else {
		release(region);
	}
	file_unlock();
	errno = saved_errno;
	return ret;
}
