// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/events.h>

#include "buffer_priv.h"
#include "events_priv.h"
#include "observe.h"
#include "sys.h"
#include "uapi.h"

/* What makes the watch readable, besides which the triggers are told apart. */
enum line {
	LINE_CALLS, /* an eventfd: this process did something */
	LINE_PERIOD,
	LINE_ERROR,
	LINE_REQUEST,
	NR_LINES,
};

/*
 * @dev: with a reference; NULL of an imported buffer
 * @next: of the device's watchers, under its lock
 * @fd: dma-buf of its own, -1 when there is none or nothing more to learn
 * @lines: -1 where there is none
 * @whole_device: see peerbar_device_watch()
 * @has_state: STATE can come
 * @seen: what was told last
 */
struct peerbar_events {
	struct peerbar_device *dev;
	struct peerbar_events *next;
	int epoll;
	int fd;
	int lines[NR_LINES];
	bool whole_device;
	bool has_state;
	struct observation seen;
};

void events_wake(struct peerbar_device *dev)
{
	const uint64_t one = 1;
	struct peerbar_events *events;

	/* EAGAIN of a full counter is as good as another one */
	for (events = dev->watchers; events; events = events->next)
		sys_write_some(events->lines[LINE_CALLS], &one, sizeof(one));
}

static void lock(struct peerbar_events *events)
{
	if (events->dev)
		pthread_mutex_lock(&events->dev->lock);
}

static void unlock(struct peerbar_events *events)
{
	if (events->dev)
		pthread_mutex_unlock(&events->dev->lock);
}

/* @fd: the new line, or -errno of making it */
static int add_line(struct peerbar_events *events, enum line line, int fd)
{
	int ret;

	if (fd < 0)
		return peerbar_error_set(fd, "a descriptor for events: %s",
					 strerror(-fd));
	events->lines[line] = fd;
	ret = sys_epoll_add(events->epoll, fd);
	if (ret)
		return peerbar_error_set(ret, "polling for events: %s",
					 strerror(-ret));
	return 0;
}

/* false when the line is silent */
static bool take_line(struct peerbar_events *events, enum line line)
{
	uint64_t count;

	return events->lines[line] >= 0 &&
	       sys_read_some(events->lines[line], &count, sizeof(count)) > 0;
}

static int events_new(struct peerbar_device *dev, unsigned int period_ms,
		      struct peerbar_events **out)
{
	struct peerbar_events *events;
	unsigned int i;
	int ret;

	events = calloc(1, sizeof(*events));
	if (!events)
		return peerbar_error_set(-ENOMEM, "no memory for a watch");
	events->fd = -1;
	for (i = 0; i < NR_LINES; i++)
		events->lines[i] = -1;
	if (dev) {
		device_get(dev);
		events->dev = dev;
	}
	events->epoll = sys_epoll();
	if (events->epoll < 0) {
		ret = peerbar_error_set(events->epoll,
					"a descriptor for events: %s",
					strerror(-events->epoll));
		goto err;
	}
	ret = add_line(events, LINE_CALLS, sys_event());
	if (!ret && period_ms)
		ret = add_line(events, LINE_PERIOD, sys_timer(period_ms));
	if (ret)
		goto err;
	*out = events;
	return 0;

err:
	peerbar_events_close(events);
	return ret;
}

/* Takes over @fd, also when it fails. */
static int watch_dma_buf(struct peerbar_events *events, int fd)
{
	int ret;

	events->fd = fd;
	lock(events);
	ret = observe(events->dev, fd, &events->seen);
	unlock(events);
	if (!ret && events->seen.state == PEERBAR_REVOKED)
		return peerbar_error_set(-ENODEV,
					 "the buffer was revoked for good");
	events->has_state = !ret;
	return ret;
}

static void enlist(struct peerbar_events *events)
{
	if (!events->dev)
		return;
	lock(events);
	events->next = events->dev->watchers;
	events->dev->watchers = events;
	unlock(events);
}

/* Also of a watch that never was on the list. */
static void delist(struct peerbar_events *events)
{
	struct peerbar_events **link;

	if (!events->dev)
		return;
	lock(events);
	for (link = &events->dev->watchers; *link; link = &(*link)->next) {
		if (*link != events)
			continue;
		*link = events->next;
		break;
	}
	unlock(events);
}

int peerbar_buffer_watch(struct peerbar_buffer *buf, unsigned int period_ms,
			 struct peerbar_events **out)
{
	struct peerbar_events *events;
	int ret, fd;

	ret = events_new(buf->dev, period_ms, &events);
	if (ret)
		return ret;
	fd = sys_dup(buf->fd);
	if (fd < 0) {
		ret = peerbar_error_set(fd, "dup of the dma-buf fd: %s",
					strerror(-fd));
		goto err;
	}
	/* before the first look, so that nothing is missed between */
	enlist(events);
	ret = watch_dma_buf(events, fd);
	if (ret)
		goto err;
	*out = events;
	return 0;

err:
	peerbar_events_close(events);
	return ret;
}

static int set_trigger(struct peerbar_device *dev, unsigned int index, int fd)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} arg = {
		.set = {.argsz = sizeof(arg),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.count = 1},
		.fd = fd,
	};
	int ret = sys_ioctl(dev->fd, VFIO_DEVICE_SET_IRQS, &arg);

	return ret < 0 ? ret : 0;
}

static int watch_trigger(struct peerbar_events *events, unsigned int index,
			 enum line line)
{
	struct vfio_irq_info info = {.argsz = sizeof(info), .index = index};
	int ret;

	ret = sys_ioctl(events->dev->fd, VFIO_DEVICE_GET_IRQ_INFO, &info);
	/* only PCI Express reports errors */
	if (ret == -EINVAL || (ret >= 0 && !info.count))
		return 0;
	if (ret < 0)
		return peerbar_error_set(ret, "%s: VFIO_DEVICE_GET_IRQ_INFO: %s",
					 events->dev->bdf, strerror(-ret));
	ret = add_line(events, line, sys_event());
	if (ret)
		return ret;
	ret = set_trigger(events->dev, index, events->lines[line]);
	if (ret)
		return peerbar_error_set(ret, "%s: VFIO_DEVICE_SET_IRQS: %s",
					 events->dev->bdf, strerror(-ret));
	return 0;
}

static int watch_page(struct peerbar_events *events)
{
	struct peerbar_buffer *page;
	int ret, fd;

	ret = device_export_page(events->dev, &page);
	if (ret == -ENOENT || ret == -EOPNOTSUPP)
		return 0;
	if (ret)
		return ret;
	fd = page->fd;
	page->fd = -1;
	peerbar_buffer_close(page);
	return watch_dma_buf(events, fd);
}

static int claim_device(struct peerbar_events *events)
{
	struct peerbar_events *other;
	int ret = 0;

	lock(events);
	for (other = events->dev->watchers; other; other = other->next)
		if (other->whole_device)
			ret = -EBUSY;
	if (!ret) {
		events->whole_device = true;
		events->next = events->dev->watchers;
		events->dev->watchers = events;
	}
	unlock(events);
	if (ret)
		return peerbar_error_set(ret, "%s is watched already",
					 events->dev->bdf);
	return 0;
}

int peerbar_device_watch(struct peerbar_device *dev, unsigned int period_ms,
			 struct peerbar_events **out)
{
	struct peerbar_events *events;
	int ret;

	if (dev->fd < 0)
		return peerbar_error_set(-ENODEV, "%s is closed", dev->bdf);
	ret = events_new(dev, period_ms, &events);
	if (ret)
		return ret;
	ret = claim_device(events);
	if (!ret)
		ret = watch_page(events);
	if (!ret)
		ret = watch_trigger(events, VFIO_PCI_ERR_IRQ_INDEX, LINE_ERROR);
	if (!ret)
		ret = watch_trigger(events, VFIO_PCI_REQ_IRQ_INDEX, LINE_REQUEST);
	if (ret) {
		peerbar_events_close(events);
		return ret;
	}
	*out = events;
	return 0;
}

/* The kernel holds the eventfd until told otherwise. */
static void release_triggers(struct peerbar_events *events)
{
	lock(events);
	if (events->dev->fd >= 0 && events->lines[LINE_ERROR] >= 0)
		set_trigger(events->dev, VFIO_PCI_ERR_IRQ_INDEX, -1);
	if (events->dev->fd >= 0 && events->lines[LINE_REQUEST] >= 0)
		set_trigger(events->dev, VFIO_PCI_REQ_IRQ_INDEX, -1);
	unlock(events);
}

void peerbar_events_close(struct peerbar_events *events)
{
	unsigned int i;

	if (!events)
		return;
	delist(events);
	if (events->whole_device)
		release_triggers(events);
	for (i = 0; i < NR_LINES; i++)
		sys_close(events->lines[i]);
	sys_close(events->fd);
	sys_close(events->epoll);
	if (events->dev)
		device_put(events->dev);
	free(events);
}

int peerbar_events_fd(const struct peerbar_events *events)
{
	return events->epoll;
}

bool peerbar_events_has(const struct peerbar_events *events,
			enum peerbar_event_type type)
{
	switch (type) {
	case PEERBAR_EVENT_STATE:
		return events->has_state;
	case PEERBAR_EVENT_ERROR:
		return events->lines[LINE_ERROR] >= 0;
	case PEERBAR_EVENT_REQUEST:
		return events->lines[LINE_REQUEST] >= 0;
	default:
		return false;
	}
}

enum peerbar_events_source peerbar_events_source(const struct peerbar_events *events)
{
	return events->seen.source;
}

/* 0 with an event, -EAGAIN when all is as it was told */
static int look(struct peerbar_events *events, struct peerbar_event *out)
{
	const struct observation seen = events->seen;
	struct observation now;
	int ret;

	if (events->fd < 0)
		return -EAGAIN;
	lock(events);
	ret = observe_since(events->dev, events->fd, &seen, &now);
	unlock(events);
	if (ret)
		return ret;
	if (now.state == seen.state && now.revokes == seen.revokes)
		return -EAGAIN;
	*out = (struct peerbar_event){
		.type = PEERBAR_EVENT_STATE,
		.state = now.state,
		.revokes = now.revokes - seen.revokes,
	};
	events->seen = now;
	if (now.state == PEERBAR_REVOKED) {
		sys_close(events->fd);
		events->fd = -1;
	}
	return 0;
}

int peerbar_events_next(struct peerbar_events *events, struct peerbar_event *out)
{
	int ret;

	if (take_line(events, LINE_ERROR)) {
		*out = (struct peerbar_event){.type = PEERBAR_EVENT_ERROR};
		return 0;
	}
	if (take_line(events, LINE_REQUEST)) {
		*out = (struct peerbar_event){.type = PEERBAR_EVENT_REQUEST};
		return 0;
	}
	/* before the look: what happens after it makes the line readable again */
	take_line(events, LINE_CALLS);
	if (take_line(events, LINE_PERIOD) && events->whole_device)
		device_tell(events->dev);
	ret = look(events, out);
	if (ret == -EAGAIN)
		peerbar_error_set(ret, "nothing has happened");
	return ret;
}
