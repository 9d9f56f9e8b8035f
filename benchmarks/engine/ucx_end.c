// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory, what an end tells the other one, and the endpoints made of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "clock.h"
#include "error.h"
#include "memory.h"
#include "ucx.h"

#define CONNECT_NS (30 * BENCH_NSEC_PER_SEC)

static ucs_status_t map(struct ucx *u, const struct bench_mem *mem,
			struct ucx_key *key)
{
	const ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS |
			      UCP_MEM_MAP_PARAM_FIELD_LENGTH |
			      UCP_MEM_MAP_PARAM_FIELD_MEMORY_TYPE,
		.address = mem->addr,
		.length = mem->size,
		.memory_type = UCS_MEMORY_TYPE_HOST,
	};
	ucs_status_t status;

	status = ucp_mem_map(u->context, &params, &key->memh);
	if (status != UCS_OK)
		return status;
	status = ucp_rkey_pack(u->context, key->memh, &key->packed, &key->len);
	if (status != UCS_OK)
		ucp_mem_unmap(u->context, key->memh);
	return status;
}

int ucx_reg(struct ucx *u, const struct bench_mem *mem, struct bench_mr *out)
{
	ucs_status_t status = UCS_ERR_NO_RESOURCE;
	uint32_t i = 0;

	while (i < UCX_KEYS_MAX && u->key[i].packed)
		i++;
	if (i < UCX_KEYS_MAX)
		status = map(u, mem, &u->key[i]);
	if (status != UCS_OK)
		return bench_fail(-EIO, "registering %s with UCX: %s%s",
				  mem->spec, ucs_status_string(status),
				  mem->buffer
					  ? "; does \"ucx_info -d\" show the "
					    "component vfio (docs/ucx.md)?"
					  : "");
	*out = (struct bench_mr){
		.priv = &u->key[i],
		.addr = (uintptr_t)mem->addr,
		.lkey = i,
		.rkey = i,
	};
	return 0;
}

void ucx_unreg(struct ucx *u, struct ucx_key *key)
{
	ucp_rkey_buffer_release(key->packed);
	ucp_mem_unmap(u->context, key->memh);
	*key = (struct ucx_key){0};
}

static struct json_object *to_hex(const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;
	struct json_object *obj;
	char *text = malloc(2 * len + 1);
	size_t i;

	if (!text)
		return NULL;
	for (i = 0; i < len; i++) {
		text[2 * i] = digits[in[i] >> 4];
		text[2 * i + 1] = digits[in[i] & 15];
	}
	obj = json_object_new_string_len(text, (int)(2 * len));
	free(text);
	return obj;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* a new buffer, or NULL */
static void *from_hex(struct json_object *obj, size_t *out_len)
{
	const char *text = json_object_get_string(obj);
	size_t len = text ? strlen(text) / 2 : 0, i;
	unsigned char *bytes = len ? malloc(len) : NULL;

	for (i = 0; bytes && i < len; i++) {
		if (digit(text[2 * i]) < 0 || digit(text[2 * i + 1]) < 0) {
			free(bytes);
			return NULL;
		}
		bytes[i] = (unsigned char)(digit(text[2 * i]) << 4 |
					   digit(text[2 * i + 1]));
	}
	*out_len = len;
	return bytes;
}

struct json_object *ucx_describe(struct ucx *u)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *keys = json_object_new_array();
	ucp_address_t *address;
	size_t len, i;

	for (i = 0; i < UCX_KEYS_MAX && u->key[i].packed; i++)
		json_object_array_add(keys,
				      to_hex(u->key[i].packed, u->key[i].len));
	json_object_object_add(obj, "keys", keys);
	if (ucp_worker_get_address(u->worker, &address, &len) == UCS_OK) {
		json_object_object_add(obj, "address", to_hex(address, len));
		ucp_worker_release_address(u->worker, address);
	}
	return obj;
}

static int learn_keys(struct ucx *u, struct json_object *keys)
{
	size_t i, n;

	if (!json_object_is_type(keys, json_type_array))
		return -EPROTO;
	n = json_object_array_length(keys);
	if (n > UCX_KEYS_MAX)
		return -EPROTO;
	for (i = 0; i < n; i++) {
		free(u->far[i].packed);
		u->far[i].packed = from_hex(json_object_array_get_idx(keys, i),
					    &u->far[i].len);
		if (!u->far[i].packed)
			return -EPROTO;
	}
	return 0;
}

/* Operations that fail say so themselves. */
static void on_error(void *arg, ucp_ep_h ep, ucs_status_t status)
{
}

static ucs_status_t open_ep(struct ucx *u, const void *address, ucp_ep_h *out)
{
	const ucp_ep_params_t params = {
		.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS |
			      UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
			      UCP_EP_PARAM_FIELD_ERR_HANDLER,
		.address = address,
		.err_mode = u->err_mode,
		.err_handler.cb = on_error,
	};

	return ucp_ep_create(u->worker, &params, out);
}

/* A flush ends when the endpoint is connected. */
static ucs_status_t await(struct ucx *u, ucp_ep_h ep)
{
	const ucp_request_param_t none = {0};
	uint64_t until = bench_now() + CONNECT_NS;
	ucs_status_ptr_t request = ucp_ep_flush_nbx(ep, &none);
	ucs_status_t status;

	if (!UCS_PTR_IS_PTR(request))
		return UCS_PTR_STATUS(request);
	do {
		ucp_worker_progress(u->worker);
		status = ucp_request_check_status(request);
	} while (status == UCS_INPROGRESS && bench_now() < until);
	ucp_request_free(request);
	return status == UCS_INPROGRESS ? UCS_ERR_TIMED_OUT : status;
}

static int connect_eps(struct ucx *u, const void *address)
{
	ucs_status_t status = UCS_OK;
	uint32_t qp;

	for (qp = 0; qp < u->qps && status == UCS_OK; qp++)
		status = open_ep(u, address, &u->ep[qp]);
	for (qp = 0; qp < u->qps && status == UCS_OK; qp++)
		status = await(u, u->ep[qp]);
	return status == UCS_OK ? 0 : ucx_fail(status, "connecting");
}

int ucx_connect(struct ucx *u, struct json_object *far)
{
	size_t len;
	void *address;
	int rc;

	address = from_hex(json_object_object_get(far, "address"), &len);
	if (!address || learn_keys(u, json_object_object_get(far, "keys"))) {
		free(address);
		return bench_fail(-EPROTO,
				  "the far end describes itself badly");
	}
	rc = connect_eps(u, address);
	free(address);
	return rc;
}
