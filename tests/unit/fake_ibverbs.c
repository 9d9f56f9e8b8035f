// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <infiniband/verbs.h>

#include "fake_ibverbs.h"
#include "ibverbs.h"

#undef ibv_reg_mr
#undef ibv_reg_mr_iova

#define EXPORT __attribute__((visibility("default")))

static _Thread_local struct fake_reg reg;

EXPORT struct fake_reg *fake_reg(void)
{
	return &reg;
}

static struct ibv_mr *make(const char *call, void *addr, size_t len,
			   uint64_t iova, unsigned int access)
{
	struct ibv_mr *mr;

	if (reg.fail) {
		errno = reg.fail;
		return NULL;
	}
	mr = calloc(1, sizeof(*mr));
	if (!mr)
		return NULL;
	reg.call = call;
	reg.length = len;
	reg.iova = iova;
	reg.access = access;
	reg.mrs++;
	mr->addr = addr;
	mr->length = len;
	return mr;
}

EXPORT struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len,
				 int access)
{
	return make(__func__, addr, len, (uintptr_t)addr, access);
}

EXPORT struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len,
				      uint64_t iova, int access)
{
	return make(__func__, addr, len, iova, access);
}

EXPORT struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len,
				       uint64_t iova, unsigned int access)
{
	return make(__func__, addr, len, iova, access);
}

EXPORT struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset,
					size_t len, uint64_t iova, int fd,
					int access)
{
	struct stat st;

	if (fstat(fd, &st))
		return NULL;
	reg.ino = st.st_ino;
	reg.offset = offset;
	/* as libibverbs has it */
	return make(__func__, (void *)(uintptr_t)offset, len, iova, access);
}

EXPORT struct ibv_mr *ibv_reg_mr_ex(struct ibv_pd *pd,
				    struct ibv_mr_init_attr *init_attr)
{
	const struct mr_attr *attr = (const void *)init_attr;
	struct ibv_mr *mr;

	if (attr->comp_mask & MR_ATTR_FD)
		mr = ibv_reg_dmabuf_mr(pd, attr->fd_offset, attr->length,
				       attr->iova, attr->fd, attr->access);
	else
		mr = make(__func__, attr->addr, attr->length, attr->iova,
			  attr->access);
	if (mr)
		reg.call = __func__;
	return mr;
}

EXPORT int ibv_dereg_mr(struct ibv_mr *mr)
{
	reg.mrs--;
	free(mr);
	return 0;
}
