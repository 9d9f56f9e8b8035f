// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>

#include "print.h"

const char *print_size(uint64_t size, char text[SIZE_TEXT])
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", "EiB"};
	unsigned int unit = 0;

	while (size && !(size & 1023)) {
		size >>= 10;
		unit++;
	}
	snprintf(text, SIZE_TEXT, "%" PRIu64 " %s", size, units[unit]);
	return text;
}

const char *print_state(enum peerbar_state state)
{
	switch (state) {
	case PEERBAR_LIVE:
		return "live";
	case PEERBAR_SUSPENDED:
		return "suspended";
	case PEERBAR_REVOKED:
		return "revoked";
	}
	return "unknown";
}

static void print(json_object *root, int flags)
{
	puts(json_object_to_json_string_ext(
		root, flags | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

void print_json(json_object *root)
{
	print(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void print_json_line(json_object *root)
{
	print(root, JSON_C_TO_STRING_PLAIN);
	fflush(stdout);
}

json_object *json_text(const char *text)
{
	return text && *text ? json_object_new_string(text) : NULL;
}
