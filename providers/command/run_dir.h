/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where one run of the program leaves things for another one to find. */
#ifndef RUN_DIR_H
#define RUN_DIR_H

#include <stdbool.h>

#define RUN_PATH 108 /* what fits the address of a UNIX socket */

/**
 * run_dir_path - PEERBAR_RUN_DIR, /run/peerbar of root, or the user's own
 * @make: have the folder made
 * @path: "FOLDER/PREFIX-NAME"
 *
 * Return: 0 or -errno with a detail text.
 */
int run_dir_path(const char *prefix, const char *name, bool make,
		 char path[RUN_PATH]);

#endif /* RUN_DIR_H */
