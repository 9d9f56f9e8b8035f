// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/device.h>
#include <peerbar/events.h>

#include "command.h"
#include "watch.h"

#define PERIOD_MS 100

static struct {
	bool json;
	unsigned int count;
	unsigned int period;
} opts;

static const struct option_def options[] = {
	{'c', "count", "N", "end after N events", OPTION_NUMBER, &opts.count},
	{'p', "period", "MS", "look that often, of a device (100)",
	 OPTION_NUMBER, &opts.period},
	OPTION_JSON(&opts.json),
	OPTION_END,
};

static const char *event_name(enum peerbar_event_type type)
{
	switch (type) {
	case PEERBAR_EVENT_STATE:
		return "state";
	case PEERBAR_EVENT_ERROR:
		return "error";
	case PEERBAR_EVENT_REQUEST:
		return "request";
	}
	return "unknown";
}

/* true until the last event that is wanted; *@ret is -EAGAIN then */
static bool print_news(struct watcher *watcher, const char *bdf,
		       struct peerbar_events *events, int *ret)
{
	struct peerbar_event news;

	while (!(*ret = peerbar_events_next(events, &news))) {
		const struct watch_event event = {
			.subject = bdf,
			.what = event_name(news.type),
			.state = news.state,
			.revokes = news.revokes,
		};

		if (!watch_print(watcher, &event))
			return false;
	}
	return *ret == -EAGAIN;
}

static int follow(struct watcher *watcher, const char *bdf,
		  struct peerbar_events *events)
{
	struct pollfd polled = {
		.fd = peerbar_events_fd(events),
		.events = POLLIN,
	};
	int ret;

	while (print_news(watcher, bdf, events, &ret))
		if (poll(&polled, 1, -1) < 0 && errno != EINTR)
			return complain("poll: %m");
	return ret ? complain_library() : STATUS_GOOD;
}

/* So that it is known from when on nothing is missed; it does not count. */
static void tell_start(const struct watcher *watcher, const char *bdf)
{
	const struct watch_event start = {.subject = bdf, .what = "watching"};
	struct watcher unlimited = {.json = watcher->json};

	watch_print(&unlimited, &start);
}

static int watch_device(struct watcher *watcher, const char *bdf)
{
	struct peerbar_events *events;
	struct peerbar_device *dev;
	int status;

	if (peerbar_device_open(bdf, NULL, &dev))
		return complain_library();
	if (peerbar_device_watch(dev, opts.period, &events)) {
		status = complain_library();
	} else {
		tell_start(watcher, peerbar_device_bdf(dev));
		status = follow(watcher, peerbar_device_bdf(dev), events);
		peerbar_events_close(events);
	}
	peerbar_device_close(dev);
	return status;
}

/* A PCI address has a colon and a dot; what is not so is a PID or a path. */
static bool is_device(const char *target)
{
	return !strchr(target, '/') && strchr(target, ':') && strchr(target, '.');
}

static int run(int argc, char **argv)
{
	struct watcher watcher;
	int status, operand;

	memset(&opts, 0, sizeof(opts));
	opts.period = PERIOD_MS;
	if (!command_parse(&command_watch, argc, argv, &operand, 1, 1, &status))
		return status;
	watcher = (struct watcher){.json = opts.json, .left = opts.count};
	if (is_device(argv[operand]))
		return watch_device(&watcher, argv[operand]);
	return watch_export(&watcher, argv[operand]);
}

const struct command command_watch = {
	.name = "watch",
	.operands = "BDF|PID|SOCKET",
	.summary =
		"tell what happens to a device or to an export, as it happens",
	.about = "With BDF opens the device itself; with PID or SOCKET asks "
		 "the \"peerbar export\"\n"
		 "that has it open, which needs no right to the device.  One "
		 "line per event, of\n"
		 "JSON with --json.",
	.options = options,
	.run = run,
};
