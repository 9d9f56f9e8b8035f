/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What several subcommands print. */
#ifndef PRINT_H
#define PRINT_H

#include <stdint.h>
#include <json-c/json.h>

#include <peerbar/buffer.h>

#define SIZE_TEXT 32

/** print_size - "64 MiB", "256 B" */
const char *print_size(uint64_t size, char text[SIZE_TEXT]);

/** print_state - "live", "suspended", "revoked" */
const char *print_state(enum peerbar_state state);

/** print_json - all of @root, with a newline; drops it */
void print_json(json_object *root);

/** print_json_line - the same in one line, at once */
void print_json_line(json_object *root);

/* json_text - a string, or null for NULL and "" */
json_object *json_text(const char *text);

#endif /* PRINT_H */
