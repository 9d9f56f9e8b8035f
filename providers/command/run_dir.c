// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "run_dir.h"

static int find(char dir[RUN_PATH])
{
	const char *told = getenv("PEERBAR_RUN_DIR");
	const char *own = getenv("XDG_RUNTIME_DIR");
	int len;

	if (told && *told)
		len = snprintf(dir, RUN_PATH, "%s", told);
	else if (!geteuid())
		len = snprintf(dir, RUN_PATH, "/run/peerbar");
	else if (own && *own)
		len = snprintf(dir, RUN_PATH, "%s/peerbar", own);
	else
		return peerbar_error_set(-ENOENT,
					 "no folder for run-time files: set "
					 "XDG_RUNTIME_DIR or PEERBAR_RUN_DIR");
	if (len >= RUN_PATH)
		return peerbar_error_set(
			-ENAMETOOLONG,
			"the folder for run-time files has too long a name: %s",
			dir);
	return 0;
}

int run_dir_path(const char *prefix, const char *name, bool make,
		 char path[RUN_PATH])
{
	char dir[RUN_PATH];
	int ret, len;

	ret = find(dir);
	if (ret)
		return ret;
	if (make && mkdir(dir, 0755) && errno != EEXIST)
		return peerbar_error_set(-errno, "making %s: %s", dir,
					 strerror(errno));
	len = snprintf(path, RUN_PATH, "%s/%s-%s", dir, prefix, name);
	if (len >= RUN_PATH)
		return peerbar_error_set(-ENAMETOOLONG,
					 "the name of %s is too long", path);
	return 0;
}
