// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The provider's entry, and the fabrics.  libfabric calls hook_fabric() for
 * each fabric that it opens, those of the layers beneath included.
 */
#include <stdlib.h>
#include <string.h>

#include <rdma/fi_domain.h>
#include <rdma/fi_errno.h>

#include "hook.h"
#include "ops.h"

/*
 * Providers that understand FI_MR_DMABUF.  Others would take the union for an
 * iovec.  tcp and its like, which have it from libfabric's common code, are
 * left out: the CPU moves their bytes through the pointer as it is, whereas
 * that code derives a wrong base address where FI_MR_VIRT_ADDR is off.
 */
#define DMABUF_PROVIDERS "verbs,efa"

/**
 * struct hook_fabric - a fabric that is hooked
 * @fid_ops: its provider's
 * @ops: its provider's
 * @our_fid_ops: copies of them, in use
 * @our_ops: likewise
 */
struct hook_fabric {
	struct hook_target target;
	struct fi_ops *fid_ops;
	struct fi_ops_fabric *ops;
	struct fi_ops *our_fid_ops;
	struct fi_ops_fabric *our_ops;
};

/* is @name one of the comma-separated @list */
static bool is_listed(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (; len && *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == len && !strncasecmp(list, name, len))
			return true;
	return false;
}

static bool takes_dmabuf(const char *name)
{
	char *list = NULL;

	fi_param_get_str(&hook_provider, "dmabuf", &list);
	return is_listed(name, list ? list : DMABUF_PROVIDERS);
}

/*
 * Layers above a core provider pass registrations on to it, and make some of
 * their own there.
 */
static bool is_core(const char *name)
{
	return strncasecmp(name, "ofi_", 4) && strncasecmp(name, "off_", 4) &&
	       strcasecmp(name, "lnx");
}

static struct hook_fabric *fabric_of(const struct fid_fabric *fabric)
{
	return ofi_ops_owner(fabric->ops);
}

/* a domain that cannot be hooked is better than none */
static void install(struct hook_fabric *h, struct fid_domain *domain,
		    const struct fi_info *info)
{
	if (hook_domain_install(domain, &h->target, info))
		FI_WARN(&hook_provider, FI_LOG_DOMAIN,
			"a domain of %s is not hooked: out of memory\n",
			h->target.provider);
}

static int fabric_domain(struct fid_fabric *fabric, struct fi_info *info,
			 struct fid_domain **domain, void *context)
{
	struct hook_fabric *h = fabric_of(fabric);
	int ret = h->ops->domain(fabric, info, domain, context);

	if (!ret)
		install(h, *domain, info);
	return ret;
}

static int fabric_domain2(struct fid_fabric *fabric, struct fi_info *info,
			  struct fid_domain **domain, uint64_t flags,
			  void *context)
{
	struct hook_fabric *h = fabric_of(fabric);
	int ret = h->ops->domain2(fabric, info, domain, flags, context);

	if (!ret)
		install(h, *domain, info);
	return ret;
}

static void fabric_free(struct hook_fabric *h)
{
	ofi_ops_free(h->our_fid_ops);
	ofi_ops_free(h->our_ops);
	free(h);
}

/* The provider may refuse, and may look at its tables after we are gone. */
static int fabric_close(struct fid *fid)
{
	struct hook_fabric *h = ofi_ops_owner(fid->ops);
	struct fid_fabric *fabric = (struct fid_fabric *)fid;
	int ret;

	fid->ops = h->fid_ops;
	fabric->ops = h->ops;
	ret = fi_close(fid);
	if (ret) {
		fid->ops = h->our_fid_ops;
		fabric->ops = h->our_ops;
		return ret;
	}
	fabric_free(h);
	return 0;
}

static int fabric_install(struct fid_fabric *fabric, const char *name)
{
	struct hook_fabric *h = calloc(1, sizeof(*h));

	if (!h)
		return -FI_ENOMEM;
	h->target = (struct hook_target){
		.provider = name,
		.version = fabric->api_version,
		.dmabuf = takes_dmabuf(name),
	};
	h->fid_ops = fabric->fid.ops;
	h->ops = fabric->ops;
	h->our_fid_ops = ofi_ops_copy(h->fid_ops, h->fid_ops->size, h);
	h->our_ops = ofi_ops_copy(h->ops, h->ops->size, h);
	if (!h->our_fid_ops || !h->our_ops) {
		fabric_free(h);
		return -FI_ENOMEM;
	}
	h->our_fid_ops->close = fabric_close;
	h->our_ops->domain = fabric_domain;
	if (FI_CHECK_OP(h->ops, struct fi_ops_fabric, domain2))
		h->our_ops->domain2 = fabric_domain2;
	fabric->fid.ops = h->our_fid_ops;
	fabric->ops = h->our_ops;
	return 0;
}

/* @context: the provider that is hooked.  What fails here goes on unhooked. */
static int hook_fabric(struct fi_fabric_attr *attr, struct fid_fabric **fabric,
		       void *context)
{
	const struct fi_provider *provider = context;
	int ret;

	if (!is_core(provider->name))
		return -FI_ENODATA;
	/* FI_HOOK names us twice */
	if (attr->fabric->ops->domain == fabric_domain)
		return -FI_EALREADY;
	ret = fabric_install(attr->fabric, provider->name);
	if (ret)
		return ret;
	FI_INFO(&hook_provider, FI_LOG_FABRIC, "hooked %s\n", provider->name);
	*fabric = attr->fabric;
	return 0;
}

/* Without getinfo a provider is a hook. */
struct fi_provider hook_provider = {
	.version = FI_VERSION(0, 1),
	.fi_version = FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION),
	.name = "ofi_hook_vfio",
	.fabric = hook_fabric,
};

struct fi_provider *fi_prov_ini(void);

__attribute__((visibility("default"))) struct fi_provider *fi_prov_ini(void)
{
	fi_param_define(&hook_provider, "dmabuf", FI_PARAM_STRING,
			"Core providers that understand FI_MR_DMABUF, "
			"comma-separated: registrations of BAR memory are "
			"turned into such ones (default: %s)",
			DMABUF_PROVIDERS);
	return &hook_provider;
}
