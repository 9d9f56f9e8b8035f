// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include <rdma/fi_errno.h>

#include "fake_fabric.h"

struct fake_fabric {
	struct fid_fabric fabric;
	bool busy;
};

struct later_fabric_ops {
	struct fi_ops_fabric ops;
	int (*later)(void);
};

struct later_mr_ops {
	struct fi_ops_mr ops;
	int (*later)(void);
};

atomic_uint fake_fabrics, fake_domains;
struct fid_mr fake_mr;
static bool nests;

static int later(void)
{
	return FAKE_LATER;
}

static int begin(struct fake_domain *d, enum fake_call call, uint64_t flags,
		 struct fid_mr **mr)
{
	d->call = call;
	d->calls++;
	d->flags = flags;
	if (!d->answer)
		*mr = &fake_mr;
	return d->answer;
}

static int reg(struct fid *fid, const void *buf, size_t len, uint64_t access,
	       uint64_t offset, uint64_t key, uint64_t flags,
	       struct fid_mr **mr, void *context)
{
	struct fake_domain *d = (struct fake_domain *)fid;

	d->buf = buf;
	d->len = len;
	d->access = access;
	d->offset = offset;
	d->key = key;
	d->context = context;
	return begin(d, FAKE_REG, flags, mr);
}

static int regv(struct fid *fid, const struct iovec *iov, size_t count,
		uint64_t access, uint64_t offset, uint64_t key, uint64_t flags,
		struct fid_mr **mr, void *context)
{
	struct fake_domain *d = (struct fake_domain *)fid;

	d->iov = iov;
	d->count = count;
	d->access = access;
	d->offset = offset;
	d->key = key;
	d->context = context;
	return begin(d, FAKE_REGV, flags, mr);
}

static int regattr(struct fid *fid, const struct fi_mr_attr *attr,
		   uint64_t flags, struct fid_mr **mr)
{
	struct fake_domain *d = (struct fake_domain *)fid;
	size_t i;

	d->attr = attr;
	if (flags & FI_MR_DMABUF) {
		d->seen = *attr;
		for (i = 0; i < attr->iov_count && i < 8; i++)
			d->spans[i] = attr->dmabuf[i];
	}
	return begin(d, FAKE_REGATTR, flags, mr);
}

static struct later_mr_ops mr_ops = {
	.ops = {.size = sizeof(mr_ops), .reg = reg, .regv = regv, .regattr = regattr},
	.later = later,
};

static int domain_close(struct fid *fid)
{
	struct fake_domain *d = (struct fake_domain *)fid;

	if (d->busy)
		return -FI_EBUSY;
	/* like a provider that knows its own objects */
	if (d->domain.mr != &mr_ops.ops)
		abort();
	free(d);
	fake_domains--;
	return 0;
}

static struct fi_ops domain_fid_ops = {
	.size = sizeof(domain_fid_ops),
	.close = domain_close,
};

static int open_domain(struct fid_fabric *fabric, struct fi_info *info,
		       struct fid_domain **domain, void *context)
{
	struct fake_domain *d = calloc(1, sizeof(*d));

	d->domain.fid.fclass = FI_CLASS_DOMAIN;
	d->domain.fid.context = context;
	d->domain.fid.ops = &domain_fid_ops;
	d->domain.mr = &mr_ops.ops;
	*domain = &d->domain;
	fake_domains++;
	return 0;
}

static int open_domain2(struct fid_fabric *fabric, struct fi_info *info,
			struct fid_domain **domain, uint64_t flags, void *context)
{
	return nests ? fabric->ops->domain(fabric, info, domain, context)
		     : open_domain(fabric, info, domain, context);
}

static struct later_fabric_ops fabric_ops = {
	.ops = {.size = sizeof(fabric_ops),
		.domain = open_domain,
		.domain2 = open_domain2},
	.later = later,
};

static int fabric_close(struct fid *fid)
{
	struct fake_fabric *f = (struct fake_fabric *)fid;

	if (f->busy)
		return -FI_EBUSY;
	if (f->fabric.ops != &fabric_ops.ops)
		abort();
	free(f);
	fake_fabrics--;
	return 0;
}

static struct fi_ops fabric_fid_ops = {
	.size = sizeof(fabric_fid_ops),
	.close = fabric_close,
};

struct fid_fabric *fake_fabric(uint32_t api_version)
{
	struct fake_fabric *f = calloc(1, sizeof(*f));

	f->fabric.fid.fclass = FI_CLASS_FABRIC;
	f->fabric.fid.ops = &fabric_fid_ops;
	f->fabric.ops = &fabric_ops.ops;
	f->fabric.api_version = api_version;
	fake_fabrics++;
	return &f->fabric;
}

void fake_fabric_busy(struct fid_fabric *fabric, bool busy)
{
	((struct fake_fabric *)fabric)->busy = busy;
}

void fake_domain2_nests(bool yes)
{
	nests = yes;
}

int fake_later_fabric(struct fid_fabric *fabric)
{
	return ((struct later_fabric_ops *)fabric->ops)->later();
}

int fake_later_mr(struct fid_domain *domain)
{
	return ((struct later_mr_ops *)domain->mr)->later();
}
