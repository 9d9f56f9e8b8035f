// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "kernel.h"

enum {
	ATTR_MR,
	ATTR_PD,
	ATTR_OFFSET,
	ATTR_LENGTH,
	ATTR_IOVA,
	ATTR_FD,
	ATTR_ACCESS,
	ATTR_LKEY,
	ATTR_RKEY,
	NR_ATTRS,
};

struct request {
	struct ib_uverbs_ioctl_hdr header;
	struct ib_uverbs_attr attrs[NR_ATTRS];
};

/* Inputs of up to eight bytes travel inside the attribute. */
static struct ib_uverbs_attr attr_in(uint16_t id, uint16_t len, uint64_t data)
{
	return (struct ib_uverbs_attr){
		.attr_id = id,
		.len = len,
		.flags = UVERBS_ATTR_F_MANDATORY,
		.data = data,
	};
}

static struct ib_uverbs_attr attr_out(uint16_t id, uint32_t *value)
{
	return attr_in(id, sizeof(*value), (uintptr_t)value);
}

static void fill(struct request *req, uint32_t pd, uint32_t keys[2])
{
	const uint64_t page = 4096;

	*req = (struct request){
		.header = {
			.length = sizeof(*req),
			.object_id = UVERBS_OBJECT_MR,
			.method_id = UVERBS_METHOD_REG_DMABUF_MR,
			.num_attrs = NR_ATTRS,
		},
		.attrs = {
			[ATTR_MR] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_HANDLE, 0, 0),
			[ATTR_PD] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE, 0, pd),
			[ATTR_OFFSET] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_OFFSET, 8, 0),
			[ATTR_LENGTH] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_LENGTH, 8, page),
			[ATTR_IOVA] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_IOVA, 8, 0),
			[ATTR_FD] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_FD, 4, (uint32_t)-1),
			[ATTR_ACCESS] = attr_in(UVERBS_ATTR_REG_DMABUF_MR_ACCESS_FLAGS, 4,
						IB_UVERBS_ACCESS_LOCAL_WRITE),
			[ATTR_LKEY] = attr_out(UVERBS_ATTR_REG_DMABUF_MR_RESP_LKEY, &keys[0]),
			[ATTR_RKEY] = attr_out(UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY, &keys[1]),
		},
	};
}

/*
 * With fd -1 it cannot succeed: a driver that looks the fd up says EBADF, and
 * ib_core says EOPNOTSUPP for one without the call.  Kernels before 5.12 do
 * not know the method, which is EPROTONOSUPPORT.
 */
int verbs_kernel_probe(struct ibv_pd *pd)
{
	struct request req;
	uint32_t keys[2];
	int ret;

	fill(&req, pd->handle, keys);
	do
		ret = ioctl(pd->context->cmd_fd, RDMA_VERBS_IOCTL, &req.header);
	while (ret < 0 && errno == EINTR);
	if (ret >= 0)
		return -EIO;
	switch (errno) {
	case EBADF:
		return 0;
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case ENOTTY:
		return -EOPNOTSUPP;
	default:
		return -errno;
	}
}
