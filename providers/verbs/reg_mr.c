// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "convert.h"
#include "probe.h"

#define ALLOWED_ACCESS                                        \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ |    \
	 IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC | \
	 IBV_ACCESS_RELAXED_ORDERING)

static int check_access(int access)
{
	const int remote = IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC;

	if (access & ~ALLOWED_ACCESS)
		return peerbar_error_set(
			-EINVAL, "access bits 0x%x are not for dma-bufs",
			access & ~ALLOWED_ACCESS);
	if (access & remote && !(access & IBV_ACCESS_LOCAL_WRITE))
		return peerbar_error_set(
			-EINVAL,
			"REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE");
	return 0;
}

static int check_arguments(const struct peerbar_buffer *buf, uint64_t offset,
			   size_t length, uint64_t iova, int access)
{
	uint64_t size = peerbar_buffer_size(buf);

	if (!length || offset > size || length > size - offset)
		return peerbar_error_set(-EINVAL,
					 "offset 0x%" PRIx64
					 ", length 0x%zx is empty or beyond "
					 "the buffer of 0x%" PRIx64 " bytes",
					 offset, length, size);
	if ((offset ^ iova) & (sysconf(_SC_PAGESIZE) - 1))
		return peerbar_error_set(-EINVAL,
					 "iova 0x%" PRIx64
					 " and offset 0x%" PRIx64
					 " differ within the page",
					 iova, offset);
	return check_access(access);
}

static int reg_error(struct ibv_pd *pd, int err)
{
	enum peerbar_verbs_support support;

	if (err == -ENODEV)
		return peerbar_error_set(
			err, "registration: the buffer is revoked, for good or "
			     "while its device's memory is off");
	if (err != -EOPNOTSUPP)
		return peerbar_error_set(err, "registration: %s", strerror(-err));
	if (verbs_diagnose(pd, &support))
		return peerbar_error_set(
			err,
			"registration: not supported, and asking why failed");
	if (support == PEERBAR_VERBS_OK)
		support = PEERBAR_VERBS_NO_REVOKE;
	return peerbar_error_set(err, "%s", peerbar_verbs_support_text(support));
}

int peerbar_verbs_reg_mr(struct ibv_pd *pd, struct peerbar_buffer *buf,
			 uint64_t offset, size_t length, uint64_t iova,
			 int access, struct ibv_mr **out)
{
	struct ibv_mr *mr;
	int ret;

	ret = check_arguments(buf, offset, length, iova, access);
	if (ret)
		return ret;
	ret = verbs_reg_dmabuf(pd, offset, length, iova, peerbar_buffer_fd(buf),
			       access, &mr);
	if (ret)
		return reg_error(pd, ret);
	mr->addr = (void *)(uintptr_t)iova;
	mr->length = length;
	*out = mr;
	return 0;
}
