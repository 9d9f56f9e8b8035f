// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <peerbar/error.h>

#include "convert.h"
#include "kernel.h"
#include "probe.h"

#define PROBE_LENGTH 4096

static const char *const texts[] = {
	[PEERBAR_VERBS_OK] = "the NIC registers dma-bufs",
	[PEERBAR_VERBS_NO_PROVIDER] =
		"the rdma-core provider of this NIC has no ibv_reg_dmabuf_mr: "
		"use a newer rdma-core (for rxe: IBV_DRIVERS with the provider "
		"of peerbar)",
	[PEERBAR_VERBS_NO_DRIVER] =
		"the kernel driver of this NIC does not register dma-bufs: use "
		"a newer kernel (for rxe: the rdma_rxe module of peerbar)",
	[PEERBAR_VERBS_NO_REVOKE] =
		"the kernel driver of this NIC registers dma-bufs, but not "
		"ones that can be revoked, which VFIO demands",
};

const char *peerbar_verbs_support_text(enum peerbar_verbs_support support)
{
	if ((size_t)support >= sizeof(texts) / sizeof(texts[0]))
		return "unknown";
	return texts[support];
}

int verbs_diagnose(struct ibv_pd *pd, enum peerbar_verbs_support *out)
{
	struct ibv_mr *mr;
	int ret;

	ret = verbs_reg_dmabuf(pd, 0, PROBE_LENGTH, 0, -1,
			       IBV_ACCESS_LOCAL_WRITE, &mr);
	if (!ret) {
		ibv_dereg_mr(mr);
		return peerbar_error_set(-EIO, "the provider registered fd -1");
	}
	if (ret == -EBADF) {
		*out = PEERBAR_VERBS_OK;
		return 0;
	}
	if (ret != -EOPNOTSUPP)
		return peerbar_error_set(ret, "registration of fd -1: %s",
					 strerror(-ret));
	ret = verbs_kernel_probe(pd);
	if (!ret)
		*out = PEERBAR_VERBS_NO_PROVIDER;
	else if (ret == -EOPNOTSUPP)
		*out = PEERBAR_VERBS_NO_DRIVER;
	else
		return peerbar_error_set(ret, "asking the RDMA driver: %s",
					 strerror(-ret));
	return 0;
}

static int try_buffer(struct ibv_pd *pd, struct peerbar_buffer *buf,
		      enum peerbar_verbs_support *out)
{
	struct ibv_mr *mr;
	int ret;

	ret = verbs_reg_dmabuf(pd, 0, PROBE_LENGTH, 0, peerbar_buffer_fd(buf),
			       IBV_ACCESS_LOCAL_WRITE, &mr);
	if (ret == -EOPNOTSUPP) {
		*out = PEERBAR_VERBS_NO_REVOKE;
		return 0;
	}
	if (ret)
		return peerbar_error_set(ret, "registration of the buffer: %s",
					 strerror(-ret));
	ret = verbs_from_int(ibv_dereg_mr(mr));
	if (ret)
		return peerbar_error_set(ret, "deregistration: %s",
					 strerror(-ret));
	return 0;
}

int peerbar_verbs_probe(struct ibv_pd *pd, struct peerbar_buffer *buf,
			enum peerbar_verbs_support *out)
{
	enum peerbar_verbs_support support;
	int ret;

	ret = verbs_diagnose(pd, &support);
	if (!ret && support == PEERBAR_VERBS_OK && buf)
		ret = try_buffer(pd, buf, &support);
	if (!ret)
		*out = support;
	return ret;
}
