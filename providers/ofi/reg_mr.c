// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>
#include <peerbar/ofi.h>

#include "attr.h"
#include "convert.h"

/* What every version of the structure has that knows FI_MR_DMABUF. */
#define ATTR_SIZE_MIN (offsetof(struct fi_mr_attr, hmem_data) + sizeof(void *))

static int check_arguments(const struct peerbar_buffer *buf, uint64_t offset,
			   size_t length, const void *addr, size_t attr_size)
{
	uint64_t size = peerbar_buffer_size(buf);

	if (attr_size < ATTR_SIZE_MIN)
		return peerbar_error_set(-EINVAL,
					 "a struct fi_mr_attr of %zu bytes is "
					 "older than FI_MR_DMABUF",
					 attr_size);
	if (!length || offset > size || length > size - offset)
		return peerbar_error_set(-EINVAL,
					 "offset 0x%" PRIx64
					 ", length 0x%zx is empty or beyond "
					 "the buffer of 0x%" PRIx64 " bytes",
					 offset, length, size);
	if (addr && (offset ^ (uintptr_t)addr) & (sysconf(_SC_PAGESIZE) - 1))
		return peerbar_error_set(-EINVAL,
					 "address %p and offset 0x%" PRIx64
					 " differ within the page",
					 addr, offset);
	return 0;
}

int peerbar_ofi_mr_attr(const struct peerbar_buffer *buf, uint64_t offset,
			size_t length, const void *addr, uint64_t access,
			uint64_t requested_key, struct fi_mr_dmabuf *dmabuf,
			struct fi_mr_attr *attr, size_t attr_size)
{
	int ret = check_arguments(buf, offset, length, addr, attr_size);

	if (ret)
		return ofi_from_errno(ret);
	*dmabuf = (struct fi_mr_dmabuf){
		.fd = peerbar_buffer_fd(buf),
		.offset = offset,
		.len = length,
		.base_addr = addr ? (char *)addr - offset : NULL,
	};
	memset(attr, 0, attr_size);
	attr->dmabuf = dmabuf;
	attr->iov_count = 1;
	attr->access = access;
	attr->requested_key = requested_key;
	attr->iface = FI_HMEM_SYSTEM;
	return 0;
}

int peerbar_ofi_mr_reg(struct fid_domain *domain, struct peerbar_buffer *buf,
		       uint64_t offset, size_t length, const void *addr,
		       uint64_t access, uint64_t requested_key,
		       struct fid_mr **out)
{
	struct fi_mr_dmabuf dmabuf;
	union ofi_attr room;
	struct fid_mr *mr;
	int ret;

	ret = peerbar_ofi_mr_attr(buf, offset, length, addr, access,
				  requested_key, &dmabuf, &room.attr,
				  sizeof(room));
	if (ret)
		return ret;
	ret = fi_mr_regattr(domain, &room.attr, FI_MR_DMABUF, &mr);
	if (ret)
		return ofi_reg_error(ret, NULL);
	*out = mr;
	return 0;
}
