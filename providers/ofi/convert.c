// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>

#include <rdma/fi_errno.h>

#include <peerbar/error.h>

#include "convert.h"

/* All that libpeerbar returns, and what a revoke does to a system call. */
static const struct {
	int err;
	int fi;
} table[] = {
	{EPERM, FI_EPERM},
	{ENOENT, FI_ENOENT},
	{EINTR, FI_EINTR},
	{EIO, FI_EIO},
	{E2BIG, FI_E2BIG},
	{EBADF, FI_EBADF},
	{EAGAIN, FI_EAGAIN},
	{ENOMEM, FI_ENOMEM},
	{EACCES, FI_EACCES},
	{EFAULT, FI_EFAULT},
	{EBUSY, FI_EBUSY},
	{ENODEV, FI_ENODEV},
	{EINVAL, FI_EINVAL},
	{EMFILE, FI_EMFILE},
	{ENFILE, FI_EMFILE},
	{ENOSPC, FI_ENOSPC},
	{ENOSYS, FI_ENOSYS},
	{EOVERFLOW, FI_EOVERFLOW},
	{EOPNOTSUPP, FI_EOPNOTSUPP},
	{ETIMEDOUT, FI_ETIMEDOUT},
	/* a span that leaves its buffer is a bad argument */
	{ERANGE, FI_EINVAL},
	/* taken back already */
	{EBADFD, FI_EOPBADSTATE},
	{ENXIO, FI_ENODEV},
	{ENOTTY, FI_EOPNOTSUPP},
};

int ofi_from_errno(int ret)
{
	size_t i;

	if (!ret)
		return 0;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].err == -ret)
			return -table[i].fi;
	return -FI_EOTHER;
}

int ofi_reg_error(int ret, const char *provider)
{
	const char *who = provider ? provider : "the provider";

	switch (-ret) {
	case FI_ENODEV:
		return peerbar_error_set(
			ret,
			"%s: the buffer is revoked, for good or while its "
			"device's memory is off",
			who);
	case FI_ENOSYS:
		return peerbar_error_set(
			ret,
			"%s: no FI_MR_DMABUF here; the verbs provider wants "
			"ib_umem_dmabuf_get in /proc/kallsyms and "
			"FI_VERBS_USE_DMABUF not 0",
			who);
	case FI_EOPNOTSUPP:
		return peerbar_error_set(
			ret,
			"%s: the NIC takes no such dma-buf: its rdma-core "
			"provider or kernel driver lacks the call, or the "
			"driver cannot let go of memory that is revoked",
			who);
	default:
		return peerbar_error_set(ret, "%s: registration: %s", who,
					 fi_strerror(-ret));
	}
}
