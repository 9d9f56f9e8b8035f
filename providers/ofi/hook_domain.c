// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Domains of a hooked fabric: registrations on their way to the provider. */
#include <errno.h>
#include <stdlib.h>

#include <rdma/fi_domain.h>
#include <rdma/fi_errno.h>

#include <peerbar/error.h>
#include <peerbar/registry.h>

#include "attr.h"
#include "convert.h"
#include "hook.h"
#include "ops.h"

/**
 * struct hook_domain - a domain that is hooked
 * @fid_ops: its provider's
 * @mr: its provider's
 * @our_fid_ops: copies of them, in use
 * @our_mr: likewise
 * @hmem: the application asked for FI_HMEM
 */
struct hook_domain {
	struct hook_target target;
	struct fi_ops *fid_ops;
	struct fi_ops_mr *mr;
	struct fi_ops *our_fid_ops;
	struct fi_ops_mr *our_mr;
	bool hmem;
};

static struct hook_domain *domain_of(struct fid *fid)
{
	return ofi_ops_owner(((struct fid_domain *)fid)->mr);
}

/* An unmodified program knows no detail text: to libfabric's log, too. */
static int complain(int ret)
{
	FI_WARN(&hook_provider, FI_LOG_MR, "%s\n", peerbar_error_detail());
	return ret;
}

static void tell(const struct hook_domain *d, const struct ofi_rewrite *rewrite,
		 const char *what)
{
	const struct fi_mr_dmabuf *span = rewrite->spans;

	FI_INFO(&hook_provider, FI_LOG_MR,
		"%s: BAR memory, %zu bytes at %p, %s\n", d->target.provider,
		span->len, (void *)((uintptr_t)span->base_addr + span->offset),
		what);
}

static int register_dmabuf(struct hook_domain *d, struct fid *fid,
			   struct ofi_rewrite *rewrite, uint64_t flags,
			   struct fid_mr **mr)
{
	int ret = d->mr->regattr(fid, &rewrite->room.attr, flags | FI_MR_DMABUF,
				 mr);

	if (ret)
		return complain(ofi_reg_error(ret, d->target.provider));
	tell(d, rewrite, "registered by dma-buf");
	return 0;
}

/*
 * 0: registered or, with *@result set, refused; -ENOENT: up to the provider.
 */
static int intercept(struct hook_domain *d, struct fid *fid,
		     const struct fi_mr_attr *attr, uint64_t flags,
		     struct fid_mr **mr, int *result)
{
	struct ofi_rewrite rewrite;
	int ret;

	ret = ofi_rewrite(attr, d->target.version, d->hmem, &rewrite);
	if (ret == -ENOENT)
		return ret;
	if (ret) {
		*result = complain(ofi_from_errno(ret));
		return 0;
	}
	if (d->target.dmabuf) {
		*result = register_dmabuf(d, fid, &rewrite, flags, mr);
	} else {
		tell(d, &rewrite, "left to the provider as a pointer");
		ret = -ENOENT;
	}
	ofi_rewrite_done(&rewrite);
	return ret;
}

static int mr_regattr(struct fid *fid, const struct fi_mr_attr *attr,
		      uint64_t flags, struct fid_mr **mr)
{
	struct hook_domain *d = domain_of(fid);
	int result;

	if (attr && !(flags & FI_MR_DMABUF) &&
	    !intercept(d, fid, attr, flags, mr, &result))
		return result;
	return d->mr->regattr(fid, attr, flags, mr);
}

static int mr_regv(struct fid *fid, const struct iovec *iov, size_t count,
		   uint64_t access, uint64_t offset, uint64_t requested_key,
		   uint64_t flags, struct fid_mr **mr, void *context)
{
	struct hook_domain *d = domain_of(fid);
	struct fi_mr_attr attr = {
		.mr_iov = iov,
		.iov_count = count,
		.access = access,
		.offset = offset,
		.requested_key = requested_key,
		.context = context,
	};
	int result;

	if (!(flags & FI_MR_DMABUF) &&
	    !intercept(d, fid, &attr, flags, mr, &result))
		return result;
	return d->mr->regv(fid, iov, count, access, offset, requested_key,
			   flags, mr, context);
}

static int mr_reg(struct fid *fid, const void *buf, size_t len, uint64_t access,
		  uint64_t offset, uint64_t requested_key, uint64_t flags,
		  struct fid_mr **mr, void *context)
{
	struct hook_domain *d = domain_of(fid);
	struct iovec iov = {.iov_base = (void *)(uintptr_t)buf, .iov_len = len};
	struct fi_mr_attr attr = {
		.mr_iov = &iov,
		.iov_count = 1,
		.access = access,
		.offset = offset,
		.requested_key = requested_key,
		.context = context,
	};
	int result;

	if (!(flags & FI_MR_DMABUF) &&
	    !intercept(d, fid, &attr, flags, mr, &result))
		return result;
	return d->mr->reg(fid, buf, len, access, offset, requested_key, flags,
			  mr, context);
}

static void domain_free(struct hook_domain *d)
{
	ofi_ops_free(d->our_fid_ops);
	ofi_ops_free(d->our_mr);
	free(d);
}

/* see fabric_close() */
static int domain_close(struct fid *fid)
{
	struct hook_domain *d = ofi_ops_owner(fid->ops);
	struct fid_domain *domain = (struct fid_domain *)fid;
	int ret;

	fid->ops = d->fid_ops;
	domain->mr = d->mr;
	ret = fi_close(fid);
	if (ret) {
		fid->ops = d->our_fid_ops;
		domain->mr = d->our_mr;
		return ret;
	}
	domain_free(d);
	return 0;
}

static bool asks_for_hmem(const struct fi_info *info, uint32_t version)
{
	uint64_t caps = info->caps;

	if (info->domain_attr && FI_VERSION_GE(version, FI_VERSION(1, 5)))
		caps |= info->domain_attr->caps;
	return caps & FI_HMEM;
}

int hook_domain_install(struct fid_domain *domain,
			const struct hook_target *target,
			const struct fi_info *info)
{
	struct hook_domain *d;

	/* a provider's domain() may have come through its domain2() */
	if (domain->mr->regattr == mr_regattr)
		return 0;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -FI_ENOMEM;
	d->target = *target;
	d->hmem = asks_for_hmem(info, target->version);
	d->fid_ops = domain->fid.ops;
	d->mr = domain->mr;
	d->our_fid_ops = ofi_ops_copy(d->fid_ops, d->fid_ops->size, d);
	d->our_mr = ofi_ops_copy(d->mr, d->mr->size, d);
	if (!d->our_fid_ops || !d->our_mr) {
		domain_free(d);
		return -FI_ENOMEM;
	}
	d->our_fid_ops->close = domain_close;
	d->our_mr->reg = mr_reg;
	d->our_mr->regv = mr_regv;
	d->our_mr->regattr = mr_regattr;
	domain->fid.ops = d->our_fid_ops;
	domain->mr = d->our_mr;
	return 0;
}
