// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "verbs.h"

static void list_names(struct ibv_device **list, char *text, size_t len)
{
	size_t used = 0;

	snprintf(text, len, "none");
	for (; *list && used < len; list++)
		used += (size_t)snprintf(text + used, len - used, "%s%s",
					 used ? ", " : "",
					 ibv_get_device_name(*list));
}

static struct ibv_device *pick(struct ibv_device **list, const char *name)
{
	while (*list && name && strcmp(ibv_get_device_name(*list), name))
		list++;
	return *list;
}

static int open_named(struct verbs *v)
{
	struct ibv_device **list, *dev;
	char names[256];
	int rc = 0;

	list = ibv_get_device_list(NULL);
	if (!list)
		return bench_fail(-errno,
				  "RDMA devices: %s; is ib_uverbs loaded?",
				  strerror(errno));
	dev = pick(list, v->nic.device);
	if (!dev) {
		list_names(list, names, sizeof(names));
		rc = bench_fail(-ENODEV, "no RDMA device %s; there are: %s",
				v->nic.device ? v->nic.device : "at all", names);
		goto out;
	}
	v->ctx = ibv_open_device(dev);
	if (!v->ctx)
		rc = bench_fail(-errno, "opening %s: %s",
				ibv_get_device_name(dev), strerror(errno));
out:
	ibv_free_device_list(list);
	return rc;
}

static int mtu_of(uint32_t bytes)
{
	int mtu;

	for (mtu = IBV_MTU_256; mtu < IBV_MTU_4096; mtu++)
		if (128u << mtu >= bytes)
			break;
	return mtu;
}

static bool is_ipv4(const union ibv_gid *gid)
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(gid->raw, prefix, sizeof(prefix));
}

/* a GID with an IPv4 address needs no neighbour discovery to have settled */
static int gid_rank(const struct ibv_gid_entry *entry)
{
	static const union ibv_gid zero;

	if (!memcmp(&entry->gid, &zero, sizeof(zero)))
		return 0;
	return 1 + 2 * (entry->gid_type == IBV_GID_TYPE_ROCE_V2) +
	       is_ipv4(&entry->gid);
}

static int find_gid(struct verbs *v, int table_len)
{
	struct ibv_gid_entry entry;
	int i, rank, best = 0;

	for (i = 0; i < table_len && i < UINT8_MAX; i++) {
		if (ibv_query_gid_ex(v->ctx, v->nic.port, (uint32_t)i, &entry, 0))
			continue;
		rank = gid_rank(&entry);
		if (rank <= best)
			continue;
		best = rank;
		v->gid_index = (uint8_t)i;
		v->self.gid = entry.gid;
	}
	return best ? 0
		    : bench_fail(
			      -ENODEV, "%s port %u has no GID; is its network interface up with an address?",
			      ibv_get_device_name(v->ctx->device), v->nic.port);
}

static int read_gid(struct verbs *v)
{
	struct ibv_gid_entry entry;

	if (v->nic.gid > UINT8_MAX ||
	    ibv_query_gid_ex(v->ctx, v->nic.port, v->nic.gid, &entry, 0))
		return bench_fail(-EINVAL, "%s port %u has no GID %u",
				  ibv_get_device_name(v->ctx->device),
				  v->nic.port, v->nic.gid);
	v->self.gid = entry.gid;
	v->gid_index = (uint8_t)v->nic.gid;
	return 0;
}

static int query_port(struct verbs *v)
{
	const char *name = ibv_get_device_name(v->ctx->device);
	struct ibv_port_attr port;
	int rc;

	rc = ibv_query_port(v->ctx, (uint8_t)v->nic.port, &port);
	if (rc)
		return bench_fail(-rc, "%s has no port %u", name, v->nic.port);
	if (port.state != IBV_PORT_ACTIVE)
		return bench_fail(-ENETDOWN, "%s port %u is %s, not active", name,
				  v->nic.port, ibv_port_state_str(port.state));
	v->self.lid = port.lid;
	v->self.mtu = port.active_mtu;
	if (v->nic.mtu && mtu_of(v->nic.mtu) < (int)v->self.mtu)
		v->self.mtu = (enum ibv_mtu)mtu_of(v->nic.mtu);
	v->base.max_message = v->datagram ? 128u << v->self.mtu : port.max_msg_sz;
	v->use_grh = port.link_layer == IBV_LINK_LAYER_ETHERNET ||
		     v->nic.gid != BENCH_GID_AUTO;
	if (!v->use_grh)
		return 0;
	return v->nic.gid == BENCH_GID_AUTO ? find_gid(v, port.gid_tbl_len)
					    : read_gid(v);
}

static int query_device(struct verbs *v)
{
	struct ibv_device_attr attr;
	int rc;

	rc = ibv_query_device(v->ctx, &attr);
	if (rc)
		return bench_fail(-rc, "querying %s: %s",
				  ibv_get_device_name(v->ctx->device),
				  strerror(rc));
	v->reads = (uint8_t)(attr.max_qp_rd_atom < 16 ? attr.max_qp_rd_atom : 16);
	return 0;
}

static int alloc_pd(struct verbs *v)
{
	int rc;

	v->pd = ibv_alloc_pd(v->ctx);
	if (!v->pd)
		return bench_fail(-errno, "protection domain: %s",
				  strerror(errno));
	if (!v->datagram)
		return 0;
	v->grh_mr = ibv_reg_mr(v->pd, v->grh, sizeof(v->grh),
			       IBV_ACCESS_LOCAL_WRITE);
	if (v->grh_mr)
		return 0;
	rc = bench_fail(-errno, "room for addresses: %s", strerror(errno));
	ibv_dealloc_pd(v->pd);
	return rc;
}

int verbs_device_open(struct verbs *v)
{
	int rc;

	rc = open_named(v);
	if (rc)
		return rc;
	rc = query_port(v);
	if (!rc)
		rc = query_device(v);
	if (!rc)
		rc = alloc_pd(v);
	if (rc)
		ibv_close_device(v->ctx);
	return rc;
}

void verbs_device_close(struct verbs *v)
{
	if (v->grh_mr)
		ibv_dereg_mr(v->grh_mr);
	ibv_dealloc_pd(v->pd);
	ibv_close_device(v->ctx);
}
