// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "devices.h"
#include "error.h"

#define DEVICES_MAX 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	struct peerbar_device *dev;
	unsigned int users;
} devices[DEVICES_MAX];

/* the domain may be left out of a PCI address */
static bool same_device(const char *full, const char *asked)
{
	return !strcasecmp(full, asked) ||
	       (!strncmp(full, "0000:", 5) && !strcasecmp(full + 5, asked));
}

static int open_slot(const char *bdf, struct peerbar_device **out)
{
	int i, rc, free_slot = -1;

	for (i = 0; i < DEVICES_MAX; i++) {
		if (!devices[i].users) {
			free_slot = i;
			continue;
		}
		if (!same_device(peerbar_device_bdf(devices[i].dev), bdf))
			continue;
		devices[i].users++;
		*out = devices[i].dev;
		return 0;
	}
	if (free_slot < 0)
		return bench_fail(-EMFILE, "more than %d devices", DEVICES_MAX);
	rc = peerbar_device_open(bdf, NULL, &devices[free_slot].dev);
	if (rc)
		return bench_fail_lib(rc, "device %s", bdf);
	devices[free_slot].users = 1;
	*out = devices[free_slot].dev;
	return 0;
}

int bench_device_get(const char *bdf, struct peerbar_device **out)
{
	int rc;

	pthread_mutex_lock(&lock);
	rc = open_slot(bdf, out);
	pthread_mutex_unlock(&lock);
	return rc;
}

void bench_device_put(struct peerbar_device *dev)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < DEVICES_MAX; i++)
		if (devices[i].users && devices[i].dev == dev &&
		    !--devices[i].users)
			peerbar_device_close(dev);
	pthread_mutex_unlock(&lock);
}
