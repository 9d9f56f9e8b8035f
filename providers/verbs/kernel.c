// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_ioctl_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "kernel.h"

#define NR_ATTRS (UVERBS_ATTR_REG_DMABUF_MR_RESP_RKEY + 1)
/* enum rdma_driver_id has half as many so far */
#define MAX_DRIVERS 64
#define ATTR(name)  UVERBS_ATTR_REG_DMABUF_MR_##name

struct request {
	struct ib_uverbs_ioctl_hdr header;
	struct ib_uverbs_attr attrs[NR_ATTRS];
};

/* Inputs of up to eight bytes travel inside the attribute. */
static void set_attr(struct request *req, uint16_t id, uint16_t len, uint64_t data)
{
	req->attrs[id] = (struct ib_uverbs_attr){
		.attr_id = id,
		.len = len,
		.flags = UVERBS_ATTR_F_MANDATORY,
		.data = data,
	};
}

static void fill(struct request *req, uint32_t pd, uint32_t keys[2])
{
	memset(req, 0, sizeof(*req));
	req->header.length = sizeof(*req);
	req->header.object_id = UVERBS_OBJECT_MR;
	req->header.method_id = UVERBS_METHOD_REG_DMABUF_MR;
	req->header.num_attrs = NR_ATTRS;
	set_attr(req, ATTR(HANDLE), 0, 0);
	set_attr(req, ATTR(PD_HANDLE), 0, pd);
	set_attr(req, ATTR(OFFSET), sizeof(uint64_t), 0);
	set_attr(req, ATTR(LENGTH), sizeof(uint64_t), 4096);
	set_attr(req, ATTR(IOVA), sizeof(uint64_t), 0);
	set_attr(req, ATTR(FD), sizeof(uint32_t), UINT32_MAX);
	set_attr(req, ATTR(ACCESS_FLAGS), sizeof(uint32_t),
		 IB_UVERBS_ACCESS_LOCAL_WRITE);
	set_attr(req, ATTR(RESP_LKEY), sizeof(keys[0]), (uintptr_t)&keys[0]);
	set_attr(req, ATTR(RESP_RKEY), sizeof(keys[1]), (uintptr_t)&keys[1]);
}

/* What the driver numbered @driver_id says; there is no success. */
static int ask(struct ibv_pd *pd, uint32_t driver_id)
{
	struct request req;
	uint32_t keys[2];
	int ret;

	fill(&req, pd->handle, keys);
	req.header.driver_id = driver_id;
	do
		ret = ioctl(pd->context->cmd_fd, RDMA_VERBS_IOCTL, &req.header);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? errno : EIO;
}

/*
 * With fd -1 it cannot succeed: a driver that looks the fd up says EBADF, and
 * ib_core says EOPNOTSUPP for one without the call.  Kernels before 5.12 do
 * not know the method, which is EPROTONOSUPPORT.
 *
 * A request names the driver by its number, which libibverbs keeps to itself.
 * The wrong number is EINVAL before anything else is looked at, and there are
 * few.
 */
int verbs_kernel_probe(struct ibv_pd *pd)
{
	uint32_t driver_id = 0;
	int err;

	do
		err = ask(pd, driver_id);
	while (err == EINVAL && ++driver_id < MAX_DRIVERS);
	switch (err) {
	case EBADF:
		return 0;
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case ENOTTY:
		return -EOPNOTSUPP;
	default:
		return -err;
	}
}
