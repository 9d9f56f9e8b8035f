// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include <infiniband/verbs.h>

#include "convert.h"

/* A failure that names no cause is still a failure. */
int verbs_from_errno(void)
{
	return errno > 0 ? -errno : -EIO;
}

int verbs_from_int(int ret)
{
	if (ret > 0)
		return -ret;
	return ret ? verbs_from_errno() : 0;
}

int verbs_reg_dmabuf(struct ibv_pd *pd, uint64_t offset, size_t length,
		     uint64_t iova, int fd, int access, struct ibv_mr **out)
{
	struct ibv_mr *mr;

	errno = 0;
	mr = ibv_reg_dmabuf_mr(pd, offset, length, iova, fd, access);
	if (!mr)
		return verbs_from_errno();
	*out = mr;
	return 0;
}
