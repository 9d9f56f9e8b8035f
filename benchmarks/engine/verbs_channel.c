// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Being told of completions instead of asking all the time. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "verbs.h"

int verbs_channel_open(struct verbs *v, bool wanted)
{
	if (!wanted)
		return 0;
	v->channel = ibv_create_comp_channel(v->ctx);
	if (!v->channel)
		return bench_fail(-errno, "completion channel: %s",
				  strerror(errno));
	return 0;
}

void verbs_channel_close(struct verbs *v)
{
	if (v->channel)
		ibv_destroy_comp_channel(v->channel);
}

int verbs_channel_arm(struct verbs *v)
{
	int rc = ibv_req_notify_cq(v->cq, 0);

	if (rc)
		return bench_fail(-rc, "asking for an event: %s", strerror(rc));
	v->armed = true;
	return 0;
}

int verbs_channel_sleep(struct verbs *v, uint64_t timeout_ns)
{
	struct pollfd fd = {.fd = v->channel->fd, .events = POLLIN};
	struct ibv_cq *cq;
	void *context;
	int rc;

	rc = poll(&fd, 1, (int)(timeout_ns / BENCH_NSEC_PER_MSEC) + 1);
	if (rc < 0 && errno != EINTR)
		return bench_fail(-errno, "waiting for an event: %s",
				  strerror(errno));
	if (rc <= 0)
		return 0;
	if (ibv_get_cq_event(v->channel, &cq, &context))
		return bench_fail(-errno, "event: %s", strerror(errno));
	ibv_ack_cq_events(cq, 1);
	v->armed = false;
	return 0;
}
