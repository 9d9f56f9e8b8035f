// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From fi_getinfo() to endpoints that know each other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "ofi.h"

#define NAME_MAX_SIZE 128

int ofi_fail(int ret, const char *what)
{
	return bench_fail(ret, "%s: %s", what, fi_strerror(-ret));
}

/*
 * The far end of a WRITE does nothing and has to make progress all the same.
 * FI_HMEM is not asked for: the memory is the system's.
 */
static struct fi_info *make_hints(const struct ofi *o, const char *device)
{
	struct fi_info *hints = fi_allocinfo();

	if (!hints)
		return NULL;
	hints->caps = FI_TAGGED | FI_RMA;
	hints->mode = FI_CONTEXT | FI_CONTEXT2;
	hints->ep_attr->type = FI_EP_RDM;
	hints->domain_attr->mr_mode = FI_MR_LOCAL | FI_MR_VIRT_ADDR |
				      FI_MR_ALLOCATED | FI_MR_PROV_KEY;
	hints->domain_attr->control_progress = FI_PROGRESS_AUTO;
	hints->domain_attr->data_progress = FI_PROGRESS_AUTO;
	hints->fabric_attr->prov_name = strdup(o->stack->providers);
	if (device)
		hints->domain_attr->name = strdup(device);
	return hints;
}

static int get_info(struct ofi *o, const char *device)
{
	struct fi_info *hints = make_hints(o, device);
	int rc;

	if (!hints)
		return bench_fail(-ENOMEM, "out of memory");
	rc = fi_getinfo(FI_VERSION(1, 20), NULL, NULL, 0, hints, &o->info);
	fi_freeinfo(hints);
	if (rc)
		return bench_fail(
			rc, "libfabric's %s on %s: %s", o->stack->providers,
			device ? device : "any device", fi_strerror(-rc));
	return 0;
}

int ofi_open(struct ofi *o, const struct bench_transport_config *config)
{
	int rc;

	if (config->datagram)
		return bench_fail(-EOPNOTSUPP,
				  "datagrams are for the verbs transport");
	/* rxm's queue is for 1024 peers else, more than soft-RoCE has room for */
	setenv("FI_UNIVERSE_SIZE", "64", 0);
	rc = get_info(o, config->nic->device);
	if (rc)
		return rc;
	rc = fi_fabric(o->info->fabric_attr, &o->fabric, NULL);
	if (rc) {
		rc = ofi_fail(rc, "opening the fabric");
		goto err_info;
	}
	rc = fi_domain(o->fabric, o->info, &o->domain, NULL);
	if (rc) {
		rc = ofi_fail(rc, "opening the domain");
		goto err_fabric;
	}
	o->nr_eps = config->qps;
	o->nr_ops = config->qps * (config->depth + config->rx_depth);
	o->base.max_message = o->info->ep_attr->max_msg_size;
	return 0;

err_fabric:
	fi_close(&o->fabric->fid);
err_info:
	fi_freeinfo(o->info);
	return rc;
}

void ofi_close(struct ofi *o)
{
	fi_close(&o->domain->fid);
	fi_close(&o->fabric->fid);
	fi_freeinfo(o->info);
}

static int open_ep(struct ofi *o, struct fid_ep **ep)
{
	int rc = fi_endpoint(o->domain, o->info, ep, NULL);

	if (rc)
		return rc;
	rc = fi_ep_bind(*ep, &o->cq->fid, FI_TRANSMIT | FI_RECV);
	if (!rc)
		rc = fi_ep_bind(*ep, &o->av->fid, 0);
	return rc ? rc : fi_enable(*ep);
}

static int make_ops(struct ofi *o)
{
	uint32_t i;

	o->ops = calloc(o->nr_ops, sizeof(*o->ops));
	if (!o->ops)
		return -FI_ENOMEM;
	o->free_op = NULL;
	for (i = 0; i < o->nr_ops; i++) {
		o->ops[i].next = o->free_op;
		o->free_op = &o->ops[i];
	}
	return 0;
}

int ofi_ends_open(struct ofi *o)
{
	struct fi_cq_attr cq = {
		.size = o->nr_ops,
		.format = FI_CQ_FORMAT_TAGGED,
		.wait_obj = FI_WAIT_NONE,
	};
	struct fi_av_attr av = {.type = FI_AV_TABLE};
	uint32_t i;
	int rc;

	rc = make_ops(o);
	if (!rc)
		rc = fi_cq_open(o->domain, &cq, &o->cq, NULL);
	if (!rc)
		rc = fi_av_open(o->domain, &av, &o->av, NULL);
	for (i = 0; !rc && i < o->nr_eps; i++)
		rc = open_ep(o, &o->ep[i]);
	if (!rc)
		return 0;
	ofi_ends_close(o);
	return ofi_fail(rc, "opening endpoints");
}

void ofi_ends_close(struct ofi *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_eps; i++)
		if (o->ep[i])
			fi_close(&o->ep[i]->fid);
	if (o->av)
		fi_close(&o->av->fid);
	if (o->cq)
		fi_close(&o->cq->fid);
	memset(o->ep, 0, sizeof(o->ep));
	o->av = NULL;
	o->cq = NULL;
	free(o->ops);
	o->ops = NULL;
}

/* an address of libfabric is bytes of any kind */
static struct json_object *hex(const uint8_t *bytes, size_t len)
{
	char text[2 * NAME_MAX_SIZE + 1] = "";
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return json_object_new_string(text);
}

static bool unhex(const char *text, uint8_t bytes[NAME_MAX_SIZE])
{
	unsigned int byte;
	size_t i, len = text ? strlen(text) / 2 : 0;

	if (!len || len > NAME_MAX_SIZE)
		return false;
	for (i = 0; i < len; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		bytes[i] = (uint8_t)byte;
	}
	return true;
}

static struct json_object *describe_base(const struct ofi_base *base)
{
	struct json_object *obj = json_object_new_array();

	json_object_array_add(obj, json_object_new_int64(base->key));
	json_object_array_add(obj, json_object_new_uint64(base->addr));
	json_object_array_add(obj, json_object_new_uint64(base->base));
	return obj;
}

struct json_object *ofi_describe(const struct ofi *o)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *names = json_object_new_array();
	struct json_object *bases = json_object_new_array();
	uint8_t name[NAME_MAX_SIZE];
	size_t len;
	uint32_t i;

	for (i = 0; i < o->nr_eps; i++) {
		len = sizeof(name);
		if (fi_getname(&o->ep[i]->fid, name, &len))
			len = 0;
		json_object_array_add(names, hex(name, len));
	}
	for (i = 0; i < OFI_MRS_MAX; i++)
		if (o->mr[i])
			json_object_array_add(bases, describe_base(&o->near[i]));
	json_object_object_add(obj, "names", names);
	json_object_object_add(obj, "bases", bases);
	return obj;
}

static int meet(struct ofi *o, uint32_t i, struct json_object *name)
{
	uint8_t bytes[NAME_MAX_SIZE];

	if (!unhex(json_object_get_string(name), bytes) ||
	    fi_av_insert(o->av, bytes, 1, &o->far_ep[i], 0, NULL) != 1)
		return bench_fail(-EPROTO, "the far end has no address");
	return 0;
}

static void take_base(struct ofi_base *base, struct json_object *obj)
{
	base->key = (uint32_t)json_object_get_int64(
		json_object_array_get_idx(obj, 0));
	base->addr = json_object_get_uint64(json_object_array_get_idx(obj, 1));
	base->base = json_object_get_uint64(json_object_array_get_idx(obj, 2));
}

int ofi_connect(struct ofi *o, struct json_object *far)
{
	struct json_object *names = json_object_object_get(far, "names");
	struct json_object *bases = json_object_object_get(far, "bases");
	uint32_t i;
	int rc = 0;

	if (!json_object_is_type(names, json_type_array) ||
	    !json_object_is_type(bases, json_type_array) ||
	    json_object_array_length(names) != o->nr_eps ||
	    json_object_array_length(bases) > OFI_MRS_MAX)
		return bench_fail(-EPROTO,
				  "the far end describes itself badly");
	for (i = 0; !rc && i < o->nr_eps; i++)
		rc = meet(o, i, json_object_array_get_idx(names, i));
	o->nr_far = (uint32_t)json_object_array_length(bases);
	for (i = 0; !rc && i < o->nr_far; i++)
		take_base(&o->far[i], json_object_array_get_idx(bases, i));
	return rc;
}

uint64_t ofi_far_addr(const struct ofi *o, uint32_t key, uint64_t addr)
{
	uint32_t i;

	for (i = 0; i < o->nr_far; i++)
		if (o->far[i].key == key)
			return addr - o->far[i].addr + o->far[i].base;
	return addr;
}
