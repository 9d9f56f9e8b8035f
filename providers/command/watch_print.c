// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "print.h"
#include "watch.h"

static void print_time(char text[40])
{
	struct timespec now;
	struct tm utc;
	size_t used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(text, 40, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, 40 - used, ".%03ldZ", now.tv_nsec / 1000000);
}

static void say_state(const struct watch_event *event)
{
	switch (event->state) {
	case PEERBAR_LIVE:
		printf("%s", event->revokes ? "was taken away and is back"
					    : "is back");
		break;
	case PEERBAR_SUSPENDED:
		printf("is suspended");
		break;
	case PEERBAR_REVOKED:
		printf("is revoked for good");
		break;
	}
	if (event->revokes > 1)
		printf(" (%" PRIu64 " times)", event->revokes);
	putchar('\n');
}

static void for_people(const struct watch_event *event, const char *when)
{
	char size[SIZE_TEXT];

	printf("%s %s: ", when, event->subject);
	if (!strcmp(event->what, "state"))
		say_state(event);
	else if (!strcmp(event->what, "buffer"))
		printf("is there, %s\n", print_size(event->size, size));
	else if (!strcmp(event->what, "watching"))
		printf("is watched\n");
	else if (!strcmp(event->what, "error"))
		printf("reported an error\n");
	else if (!strcmp(event->what, "request"))
		printf("the kernel wants it back\n");
	else
		printf("has ended\n");
	fflush(stdout);
}

static void for_programs(const struct watch_event *event, const char *when)
{
	json_object *line = json_object_new_object();

	json_object_object_add(line, "time", json_text(when));
	json_object_object_add(line, "subject", json_text(event->subject));
	json_object_object_add(line, "event", json_text(event->what));
	if (!strcmp(event->what, "state")) {
		json_object_object_add(line, "state",
				       json_text(print_state(event->state)));
		json_object_object_add(line, "revokes",
				       json_object_new_uint64(event->revokes));
	}
	if (!strcmp(event->what, "buffer"))
		json_object_object_add(line, "size",
				       json_object_new_uint64(event->size));
	print_json_line(line);
}

bool watch_print(struct watcher *watcher, const struct watch_event *event)
{
	char when[40];

	print_time(when);
	if (watcher->json)
		for_programs(event, when);
	else
		for_people(event, when);
	return !watcher->left || --watcher->left;
}
