// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include <peerbar/error.h>
#include <peerbar/registry.h>

#include "attr.h"

static int make_room(struct ofi_rewrite *out, size_t count)
{
	if (out->spans)
		return 0;
	out->spans = count <= OFI_FEW_SPANS ? out->few
					    : calloc(count, sizeof(*out->spans));
	return out->spans ? 0 : peerbar_error_set(-ENOMEM, "out of memory");
}

static int find_span(const struct iovec *iov, struct peerbar_hit *hit)
{
	int ret;

	/* nothing to register: the provider has its own idea of that */
	if (!iov->iov_len)
		return -ENOENT;
	ret = peerbar_registry_find(iov->iov_base, iov->iov_len, hit);
	if (ret == -ERANGE)
		return peerbar_error_set(
			ret, "%zu bytes at %p leave the BAR mapping they touch",
			iov->iov_len, iov->iov_base);
	return ret;
}

/* base_addr is such that FI_MR_VIRT_ADDR names bytes by their real addresses. */
static void fill_span(struct fi_mr_dmabuf *span, const struct iovec *iov,
		      const struct peerbar_hit *hit)
{
	*span = (struct fi_mr_dmabuf){
		.fd = hit->fd,
		.offset = hit->offset,
		.len = iov->iov_len,
		.base_addr = (void *)((uintptr_t)iov->iov_base - hit->offset),
	};
}

static int find_spans(const struct iovec *iov, size_t count,
		      struct ofi_rewrite *out)
{
	struct peerbar_hit hit;
	size_t i, hits = 0;
	int ret;

	for (i = 0; i < count; i++) {
		ret = find_span(&iov[i], &hit);
		if (ret == -ENOENT)
			continue;
		if (!ret)
			ret = make_room(out, count);
		if (ret)
			return ret;
		fill_span(&out->spans[i], &iov[i], &hit);
		hits++;
	}
	if (!hits)
		return -ENOENT;
	if (hits < count)
		return peerbar_error_set(
			-EINVAL,
			"%zu of %zu spans are BAR memory: a "
			"registration has one kind or the other",
			hits, count);
	return 0;
}

/* What the headers that we are built with do not know is not passed on. */
#define HEADERS FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION)

static void copy_page_size(struct fi_mr_attr *to, const struct fi_mr_attr *from)
{
#if FI_VERSION_GE(HEADERS, FI_VERSION(1, 22))
	to->page_size = from->page_size;
#endif
}

static bool has_base(const struct fi_mr_attr *attr)
{
#if FI_VERSION_GE(HEADERS, FI_VERSION(2, 0))
	return attr->base_mr;
#else
	return false;
#endif
}

static void copy_attr(struct fi_mr_attr *to, const struct fi_mr_attr *from,
		      uint32_t version)
{
	to->iov_count = from->iov_count;
	to->access = from->access;
	to->offset = from->offset;
	to->requested_key = from->requested_key;
	to->context = from->context;
	if (FI_VERSION_GE(version, FI_VERSION(1, 5))) {
		to->auth_key_size = from->auth_key_size;
		to->auth_key = from->auth_key;
	}
	/* iface, device and hmem_data: a BAR that the CPU maps is SYSTEM */
	to->iface = FI_HMEM_SYSTEM;
	if (FI_VERSION_GE(version, FI_VERSION(1, 22)))
		copy_page_size(to, from);
}

/* Memory of another device, or a part of what is registered already. */
static bool is_foreign(const struct fi_mr_attr *attr, uint32_t version, bool hmem)
{
	if (hmem && FI_VERSION_GE(version, FI_VERSION(1, 9)) &&
	    attr->iface != FI_HMEM_SYSTEM)
		return true;
	return FI_VERSION_GE(version, FI_VERSION(2, 0)) && has_base(attr);
}

int ofi_rewrite(const struct fi_mr_attr *attr, uint32_t version, bool hmem,
		struct ofi_rewrite *out)
{
	int ret;

	if (!attr->mr_iov || is_foreign(attr, version, hmem))
		return -ENOENT;
	out->spans = NULL;
	ret = find_spans(attr->mr_iov, attr->iov_count, out);
	if (ret) {
		ofi_rewrite_done(out);
		return ret;
	}
	memset(&out->room, 0, sizeof(out->room));
	copy_attr(&out->room.attr, attr, version);
	out->room.attr.dmabuf = out->spans;
	return 0;
}

void ofi_rewrite_done(struct ofi_rewrite *rewrite)
{
	if (rewrite->spans != rewrite->few)
		free(rewrite->spans);
}
