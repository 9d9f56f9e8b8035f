// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>
#include <peerbar/verbs.h>

#include "nics.h"

#define PATH_SIZE 320

/* Last component of a link below the NIC's folder, "" when there is none. */
static void read_link(const struct ibv_device *device, const char *link,
		      char *name, size_t size)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", device->ibdev_path, link);
	len = readlink(path, target, sizeof(target) - 1);
	target[len < 0 ? 0 : len] = '\0';
	slash = strrchr(target, '/');
	snprintf(name, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

static void ask(struct ibv_pd *pd, struct peerbar_buffer *buf, struct nic *nic)
{
	enum peerbar_verbs_support support;

	if (peerbar_verbs_probe(pd, buf, &support)) {
		snprintf(nic->reason, sizeof(nic->reason), "%s",
			 peerbar_error_detail());
		return;
	}
	nic->asked = true;
	nic->registers = support == PEERBAR_VERBS_OK;
	if (!nic->registers)
		snprintf(nic->reason, sizeof(nic->reason), "%s",
			 peerbar_verbs_support_text(support));
}

static void describe(struct ibv_device *device, struct peerbar_buffer *buf,
		     struct nic *nic)
{
	struct ibv_context *ctx;
	struct ibv_pd *pd;

	snprintf(nic->name, sizeof(nic->name), "%s", ibv_get_device_name(device));
	read_link(device, "device", nic->bdf, sizeof(nic->bdf));
	read_link(device, "device/driver", nic->driver, sizeof(nic->driver));
	ctx = ibv_open_device(device);
	if (!ctx) {
		snprintf(nic->reason, sizeof(nic->reason),
			 "it cannot be opened: %s", strerror(errno));
		return;
	}
	pd = ibv_alloc_pd(ctx);
	if (pd) {
		ask(pd, buf, nic);
		ibv_dealloc_pd(pd);
	} else {
		snprintf(nic->reason, sizeof(nic->reason),
			 "no protection domain: %s", strerror(errno));
	}
	ibv_close_device(ctx);
}

int nics_list(struct peerbar_buffer *buf, struct nic **out, size_t *nr)
{
	struct ibv_device **devices;
	struct nic *nics;
	int i, found;

	devices = ibv_get_device_list(&found);
	/* a kernel without RDMA has no NIC */
	if (!devices && errno != ENOSYS)
		return peerbar_error_set(-errno, "ibv_get_device_list: %s",
					 strerror(errno));
	if (!devices)
		found = 0;
	nics = calloc(found + 1, sizeof(*nics));
	for (i = 0; i < found && nics; i++)
		describe(devices[i], buf, &nics[i]);
	if (devices)
		ibv_free_device_list(devices);
	if (!nics)
		return peerbar_error_set(-ENOMEM, "no memory for a list");
	*out = nics;
	*nr = found;
	return 0;
}
