// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Context, worker, and who progresses it. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "ucx.h"

#define PLUGIN "libuct_vfio.so.0"
#define TLS    "rc,vfio"

/* the engine leaves the worker alone for so long before the thread takes over */
#define IDLE_MS 10

int ucx_fail(ucs_status_t status, const char *what)
{
	return bench_fail(-EIO, "UCX: %s: %s", what, ucs_status_string(status));
}

/* What the user's environment says goes before. */
static int configure(ucp_config_t *config, const struct bench_nic *nic)
{
	ucs_status_t status = UCS_OK;
	char device[80];

	if (!getenv("UCX_TLS"))
		status = ucp_config_modify(config, "TLS", TLS);
	if (status == UCS_OK && nic->device) {
		snprintf(device, sizeof(device), "%s:%u", nic->device, nic->port);
		status = ucp_config_modify(config, "NET_DEVICES", device);
	}
	return status == UCS_OK ? 0 : ucx_fail(status, "configuration");
}

int ucx_open_context(struct ucx *u, const struct bench_nic *nic)
{
	const ucp_params_t params = {
		.field_mask = UCP_PARAM_FIELD_FEATURES,
		.features = UCP_FEATURE_RMA | UCP_FEATURE_TAG | UCP_FEATURE_WAKEUP,
	};
	ucp_config_t *config;
	ucs_status_t status;
	int rc;

	/* else loaded by the user's means, or not at all; UCX says what it has */
	dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
	/* docs/ucx.md: without it no NIC but ConnectX connects */
	setenv("UCX_UD_ETH_DGID_CHECK", "n", 0);
	status = ucp_config_read(NULL, NULL, &config);
	if (status != UCS_OK)
		return ucx_fail(status, "configuration");
	rc = configure(config, nic);
	if (!rc) {
		status = ucp_init(&params, config, &u->context);
		rc = status == UCS_OK ? 0 : ucx_fail(status, "context");
	}
	ucp_config_release(config);
	return rc;
}

static void forget_ops(struct ucx *u)
{
	uint32_t i;

	u->done_head = u->done_tail = 0;
	u->free = NULL;
	for (i = 0; i < u->nr_ops; i++) {
		u->ops[i] = (struct ucx_op){.next = u->free, .u = u};
		u->free = &u->ops[i];
	}
}

int ucx_open_worker(struct ucx *u)
{
	const ucp_worker_params_t params = {
		.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE,
		.thread_mode = UCS_THREAD_MODE_SERIALIZED,
	};
	ucs_status_t status;

	forget_ops(u);
	status = ucp_worker_create(u->context, &params, &u->worker);
	if (status != UCS_OK)
		return ucx_fail(status, "worker");
	status = ucp_worker_get_efd(u->worker, &u->event_fd);
	if (status == UCS_OK)
		return 0;
	ucp_worker_destroy(u->worker);
	u->worker = NULL;
	return ucx_fail(status, "worker's event descriptor");
}

/* A request that does not end holds nothing up for long. */
static void finish(struct ucx *u, ucs_status_ptr_t request)
{
	uint64_t until = bench_now() + BENCH_NSEC_PER_SEC;

	if (!UCS_PTR_IS_PTR(request))
		return;
	while (ucp_request_check_status(request) == UCS_INPROGRESS &&
	       bench_now() < until)
		ucp_worker_progress(u->worker);
	ucp_request_free(request);
}

/*
 * What is under way uses the keys.  An endpoint without error handling cannot
 * be closed by force, and is flushed.
 */
static void close_eps(struct ucx *u)
{
	const ucp_request_param_t params = {
		.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS,
		.flags = u->err_mode == UCP_ERR_HANDLING_MODE_NONE
				 ? 0
				 : UCP_EP_CLOSE_FLAG_FORCE,
	};
	uint32_t qp, i;

	for (qp = 0; qp < u->qps; qp++) {
		if (u->ep[qp])
			finish(u, ucp_ep_close_nbx(u->ep[qp], &params));
		u->ep[qp] = NULL;
		for (i = 0; i < UCX_KEYS_MAX; i++)
			if (u->rkey[qp][i])
				ucp_rkey_destroy(u->rkey[qp][i]);
		memset(u->rkey[qp], 0, sizeof(u->rkey[qp]));
	}
}

/*
 * UCX 1.18 has no way to take back a get of an endpoint without error handling, and
 * ends the process when it is to.  The process is about to end: leave all to that.
 */
static bool is_stranded(const struct ucx *u)
{
	uint32_t i;

	if (u->err_mode != UCP_ERR_HANDLING_MODE_NONE)
		return false;
	for (i = 0; i < u->nr_ops; i++)
		if (u->ops[i].pending)
			return true;
	return false;
}

void ucx_close_worker(struct ucx *u)
{
	uint32_t i;

	if (!u->worker)
		return;
	for (i = 0; i < u->nr_ops; i++)
		if (u->ops[i].request)
			ucp_request_cancel(u->worker, u->ops[i].request);
	close_eps(u);
	while (ucp_worker_progress(u->worker))
		;
	u->stranded = is_stranded(u);
	if (!u->stranded)
		ucp_worker_destroy(u->worker);
	u->worker = NULL;
	for (i = 0; i < UCX_KEYS_MAX; i++) {
		free(u->far[i].packed);
		u->far[i] = (struct ucx_key){0};
	}
}

/* locked; how long the thread may sleep */
static int progress(struct ucx *u)
{
	if (!u->worker || bench_now() - atomic_load(&u->used_ns) <
				  IDLE_MS * BENCH_NSEC_PER_MSEC)
		return IDLE_MS;
	while (ucp_worker_progress(u->worker))
		;
	return ucp_worker_arm(u->worker) == UCS_OK ? 10 * IDLE_MS : 0;
}

static void *run(void *arg)
{
	struct ucx *u = arg;
	struct pollfd fd = {.events = POLLIN};
	int ms;

	while (!atomic_load(&u->stop)) {
		pthread_mutex_lock(&u->lock);
		ms = progress(u);
		fd.fd = ms > IDLE_MS ? u->event_fd : -1;
		pthread_mutex_unlock(&u->lock);
		if (ms)
			poll(&fd, 1, ms);
	}
	return NULL;
}

int ucx_start(struct ucx *u)
{
	int rc = pthread_create(&u->thread, NULL, run, u);

	return rc ? bench_fail(-rc, "a thread: %s", strerror(rc)) : 0;
}

void ucx_close_context(struct ucx *u)
{
	if (!u->stranded)
		ucp_cleanup(u->context);
}

void ucx_stop(struct ucx *u)
{
	atomic_store(&u->stop, true);
	pthread_join(u->thread, NULL);
}
