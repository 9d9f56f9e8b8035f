// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "verbs.h"

struct json_object *verbs_end_to_json(const struct verbs_end *end)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *qpn = json_object_new_array();
	char gid[INET6_ADDRSTRLEN];
	uint32_t i;

	inet_ntop(AF_INET6, end->gid.raw, gid, sizeof(gid));
	for (i = 0; i < end->nr_qps; i++)
		json_object_array_add(qpn, json_object_new_int64(end->qpn[i]));
	json_object_object_add(obj, "gid", json_object_new_string(gid));
	json_object_object_add(obj, "lid", json_object_new_int(end->lid));
	json_object_object_add(obj, "mtu", json_object_new_int(end->mtu));
	json_object_object_add(obj, "psn", json_object_new_int64(end->psn));
	json_object_object_add(obj, "qpn", qpn);
	return obj;
}

static uint32_t get_u32(struct json_object *obj, const char *key)
{
	return (uint32_t)json_object_get_int64(json_object_object_get(obj, key));
}

int verbs_end_from_json(struct json_object *obj, struct verbs_end *end)
{
	struct json_object *qpn = json_object_object_get(obj, "qpn");
	const char *gid =
		json_object_get_string(json_object_object_get(obj, "gid"));
	size_t i, n;

	memset(end, 0, sizeof(*end));
	if (!json_object_is_type(qpn, json_type_array) || !gid ||
	    inet_pton(AF_INET6, gid, end->gid.raw) != 1)
		goto bad;
	n = json_object_array_length(qpn);
	if (n > BENCH_QPS_MAX)
		goto bad;
	for (i = 0; i < n; i++)
		end->qpn[i] = (uint32_t)json_object_get_int64(
			json_object_array_get_idx(qpn, i));
	end->nr_qps = (uint32_t)n;
	end->lid = (uint16_t)get_u32(obj, "lid");
	end->mtu = (enum ibv_mtu)get_u32(obj, "mtu");
	end->psn = get_u32(obj, "psn");
	return 0;
bad:
	return bench_fail(-EPROTO, "the far end describes itself badly");
}
