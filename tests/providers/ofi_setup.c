// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include <rdma/fi_errno.h>

#include "ofi.h"

void ofi_check(int ret, const char *what)
{
	if (ret)
		fx_die("%s: %s", what, fi_strerror(-ret));
}

/*
 * Nothing is asked for that verbs has not: no delivery-complete, which its
 * acknowledged writes are anyway; no FI_HMEM, which it offers on few NICs.
 */
static struct fi_info *hints(const struct ofi_kind *how)
{
	struct fi_info *h = fi_allocinfo();

	assert_non_null(h);
	h->caps = FI_MSG | FI_RMA;
	h->mode = FI_CONTEXT | FI_CONTEXT2;
	h->ep_attr->type = FI_EP_RDM;
	h->addr_format = FI_SOCKADDR_IN;
	h->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR |
				  FI_MR_ALLOCATED | FI_MR_PROV_KEY;
	h->domain_attr->threading = FI_THREAD_SAFE;
	h->domain_attr->resource_mgmt = FI_RM_ENABLED;
	h->fabric_attr->prov_name = strdup(how->stack);
	if (how->domain)
		h->domain_attr->name = strdup(how->domain());
	return h;
}

void ofi_setup(struct ofi *o)
{
	struct fi_info *h = hints(o->how);
	int ret = fi_getinfo(FI_VERSION(1, 20), o->how->node, NULL, FI_SOURCE,
			     h, &o->info);

	fi_freeinfo(h);
	ofi_check(ret, "fi_getinfo");
	ofi_call(fi_fabric(o->info->fabric_attr, &o->fabric, NULL));
	ofi_call(fi_domain(o->fabric, o->info, &o->domain, NULL));
}

void ofi_teardown(struct ofi *o)
{
	ofi_call(fi_close(&o->domain->fid));
	ofi_call(fi_close(&o->fabric->fid));
	fi_freeinfo(o->info);
}

static void open_end(struct ofi *o, struct ofi_end *end)
{
	struct fi_cq_attr cq = {
		.size = 4 * OFI_DEPTH,
		.format = FI_CQ_FORMAT_CONTEXT,
		.wait_obj = FI_WAIT_NONE,
	};
	struct fi_av_attr av = {.type = FI_AV_TABLE};

	ofi_call(fi_endpoint(o->domain, o->info, &end->ep, NULL));
	ofi_call(fi_cq_open(o->domain, &cq, &end->cq, NULL));
	ofi_call(fi_av_open(o->domain, &av, &end->av, NULL));
	ofi_call(fi_ep_bind(end->ep, &end->cq->fid, FI_TRANSMIT | FI_RECV));
	ofi_call(fi_ep_bind(end->ep, &end->av->fid, 0));
	ofi_call(fi_enable(end->ep));
}

static void meet(struct ofi_end *end, struct ofi_end *other)
{
	char name[128];
	size_t len = sizeof(name);

	ofi_call(fi_getname(&other->ep->fid, name, &len));
	if (fi_av_insert(end->av, name, 1, &end->peer, 0, NULL) != 1)
		fx_die("fi_av_insert: refused");
}

void ofi_connect(struct ofi *o)
{
	open_end(o, &o->end[0]);
	open_end(o, &o->end[1]);
	meet(&o->end[0], &o->end[1]);
	meet(&o->end[1], &o->end[0]);
	memset(o->slots, 0, sizeof(o->slots));
}

void ofi_disconnect(struct ofi *o)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (o->end[i].ep)
			ofi_call(fi_close(&o->end[i].ep->fid));
	for (i = 0; i < 2; i++) {
		ofi_call(fi_close(&o->end[i].cq->fid));
		ofi_call(fi_close(&o->end[i].av->fid));
	}
}
