/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events, as they are printed. */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <peerbar/buffer.h>

/**
 * struct watcher - where events go
 * @left: how many more to print; 0 for no limit
 */
struct watcher {
	bool json;
	unsigned int left;
};

/**
 * struct watch_event
 * @subject: a device or buffer
 * @what: "watching", "buffer", "state", "error", "request", "end"
 * @state, @revokes: of "state"; see <peerbar/events.h>
 * @size: of "buffer"
 */
struct watch_event {
	const char *subject;
	const char *what;
	enum peerbar_state state;
	uint64_t revokes;
	uint64_t size;
};

/* false when that was the last one wanted */
bool watch_print(struct watcher *watcher, const struct watch_event *event);

/* news of an export until it ends; the exit status */
int watch_export(struct watcher *watcher, const char *target);

#endif /* WATCH_H */
