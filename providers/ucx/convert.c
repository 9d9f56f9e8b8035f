// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stddef.h>

#include "convert.h"

static const struct {
	int err;
	ucs_status_t status;
} table[] = {
	{EINVAL, UCS_ERR_INVALID_PARAM},
	{E2BIG, UCS_ERR_INVALID_PARAM},
	{ENOMEM, UCS_ERR_NO_MEMORY},
	{ENOSPC, UCS_ERR_NO_MEMORY},
	{EMFILE, UCS_ERR_NO_RESOURCE},
	{ENFILE, UCS_ERR_NO_RESOURCE},
	{ENOENT, UCS_ERR_NO_DEVICE},
	{ENODEV, UCS_ERR_NO_DEVICE},
	{ENXIO, UCS_ERR_NO_DEVICE},
	{EBADFD, UCS_ERR_NO_DEVICE},
	{EBUSY, UCS_ERR_BUSY},
	{EOPNOTSUPP, UCS_ERR_UNSUPPORTED},
	{ENOSYS, UCS_ERR_UNSUPPORTED},
	{ENOTTY, UCS_ERR_UNSUPPORTED},
	{ETIMEDOUT, UCS_ERR_TIMED_OUT},
	/* bytes that leave the buffer they touch */
	{ERANGE, UCS_ERR_INVALID_ADDR},
	{EFAULT, UCS_ERR_INVALID_ADDR},
};

ucs_status_t ucx_status(int ret)
{
	size_t i;

	if (!ret)
		return UCS_OK;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].err == -ret)
			return table[i].status;
	return UCS_ERR_IO_ERROR;
}
