// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dlfcn.h>
#include <stdlib.h>

#include <fx.h>

#include "ucp_ends.h"

struct ucp_key {
	struct ucp_key *next;
	const void *packed;
	ucp_rkey_h rkey;
};

void ucp_ends_must(ucs_status_t status, const char *what)
{
	if (status != UCS_OK)
		fx_die("%s: %s", what, ucs_status_string(status));
}

void ucp_ends_plugin(void)
{
	/* docs/ucx.md says what for */
	setenv("UCX_UD_ETH_DGID_CHECK", "n", 1);
	setenv("UCX_FENCE_MODE", "weak", 1);
	if (!dlopen(UCX_PLUGIN, RTLD_NOW)) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
}

void ucp_ends_progress(struct ucp_ends *ends)
{
	ucp_worker_progress(ends->near);
	ucp_worker_progress(ends->far);
}

ucs_status_t ucp_ends_finish(struct ucp_ends *ends, ucs_status_ptr_t request)
{
	uint64_t until = fx_now_ms() + 30000;
	ucs_status_t status;

	if (!UCS_PTR_IS_PTR(request))
		return UCS_PTR_STATUS(request);
	do {
		ucp_ends_progress(ends);
		status = ucp_request_check_status(request);
	} while (status == UCS_INPROGRESS && fx_now_ms() < until);
	ucp_request_free(request);
	return status;
}

static void on_error(void *arg, ucp_ep_h ep, ucs_status_t status)
{
	((struct ucp_ends *)arg)->broken = true;
}

static ucp_worker_h open_worker(struct ucp_ends *ends)
{
	const ucp_worker_params_t params = {
		.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
		.thread_mode = UCS_THREAD_MODE_SERIALIZED,
	};
	ucp_worker_h worker;

	ucp_ends_must(ucp_worker_create(ends->context, &params, &worker),
		      "a worker");
	return worker;
}

static void connect_ends(struct ucp_ends *ends)
{
	const ucp_request_param_t none = {0};
	ucp_ep_params_t params = {
		.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS |
			      UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
			      UCP_EP_PARAM_FIELD_ERR_HANDLER,
		.err_mode = ends->mode,
		.err_handler = {.cb = on_error, .arg = ends},
	};
	ucp_address_t *address;
	size_t len;

	ends->near = open_worker(ends);
	ends->far = open_worker(ends);
	ends->broken = false;
	ucp_ends_must(ucp_worker_get_address(ends->far, &address, &len),
		      "an address");
	params.address = address;
	ucp_ends_must(ucp_ep_create(ends->near, &params, &ends->ep),
		      "an endpoint");
	ucp_worker_release_address(ends->far, address);
	ucp_ends_must(ucp_ends_finish(ends, ucp_ep_flush_nbx(ends->ep, &none)),
		      "connecting");
}

ucs_status_t ucp_ends_key(struct ucp_ends *ends, const void *packed,
			  ucp_rkey_h *out)
{
	struct ucp_key *key = ends->keys;
	ucs_status_t status;

	while (key && key->packed != packed)
		key = key->next;
	if (!key) {
		key = malloc(sizeof(*key));
		if (!key)
			return UCS_ERR_NO_MEMORY;
		status = ucp_ep_rkey_unpack(ends->ep, packed, &key->rkey);
		if (status != UCS_OK) {
			free(key);
			return status;
		}
		key->packed = packed;
		key->next = ends->keys;
		ends->keys = key;
	}
	*out = key->rkey;
	return UCS_OK;
}

static void drop_key(struct ucp_key **link)
{
	struct ucp_key *key = *link;

	*link = key->next;
	ucp_rkey_destroy(key->rkey);
	free(key);
}

void ucp_ends_forget(struct ucp_ends *ends, const void *packed)
{
	struct ucp_key **link = &ends->keys;

	while (*link && (*link)->packed != packed)
		link = &(*link)->next;
	if (*link)
		drop_key(link);
}

/* Keys are memory of the near worker, and used by what is under way. */
static void disconnect(struct ucp_ends *ends)
{
	const ucp_request_param_t params = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS,
		.flags = UCP_EP_CLOSE_FLAG_FORCE,
	};

	ucp_ends_finish(ends, ucp_ep_close_nbx(ends->ep, &params));
	while (ends->keys)
		drop_key(&ends->keys);
	ucp_worker_destroy(ends->near);
	ucp_worker_destroy(ends->far);
}

void ucp_ends_open(struct ucp_ends *ends, uint64_t features,
		   ucp_err_handling_mode_t mode, const char *const *settings)
{
	const ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES,
		.features = features,
	};
	ucp_config_t *config;

	*ends = (struct ucp_ends){.mode = mode};
	ucp_ends_must(ucp_config_read(NULL, NULL, &config),
		      "the configuration");
	for (; *settings; settings += 2)
		ucp_ends_must(ucp_config_modify(config, settings[0], settings[1]),
			      settings[0]);
	ucp_ends_must(ucp_init(&params, config, &ends->context), "a context");
	ucp_config_release(config);
	connect_ends(ends);
}

void ucp_ends_again(struct ucp_ends *ends)
{
	disconnect(ends);
	connect_ends(ends);
}

void ucp_ends_close(struct ucp_ends *ends)
{
	disconnect(ends);
	ucp_cleanup(ends->context);
}
