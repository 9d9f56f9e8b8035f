// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <glob.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "in_use.h"

/* Does the link in sysfs lead below the function? */
static bool is_below(const char *link, const char *bdf)
{
	char target[PATH_MAX], component[32];

	if (!realpath(link, target))
		return false;
	snprintf(component, sizeof(component), "/%s/", bdf);
	return strstr(target, component);
}

static bool is_block_below(unsigned int major, unsigned int minor, const char *bdf)
{
	char link[64];

	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major, minor);
	return is_below(link, bdf);
}

static bool is_mounted(const char *bdf, char what[160])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[1024], where[128];
	unsigned int major, minor;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*u %*u %u:%u %*s %127s", &major, &minor,
			   where) != 3)
			continue;
		found = is_block_below(major, minor, bdf);
	}
	if (file)
		fclose(file);
	if (found)
		snprintf(what, 160, "a disk of it is mounted on %s", where);
	return found;
}

static bool is_swapped_to(const char *bdf, char what[160])
{
	FILE *file = fopen("/proc/swaps", "re");
	char line[1024], path[128];
	struct stat st;
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%127s", path) == 1 && !stat(path, &st) &&
			S_ISBLK(st.st_mode) &&
			is_block_below(major(st.st_rdev), minor(st.st_rdev), bdf);
	if (file)
		fclose(file);
	if (found)
		snprintf(what, 160, "the machine swaps to %s", path);
	return found;
}

static bool is_up(const char *interface)
{
	char path[PATH_MAX];
	unsigned int flags = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/flags", interface);
	file = fopen(path, "re");
	if (file) {
		if (fscanf(file, "%x", &flags) != 1)
			flags = 0;
		fclose(file);
	}
	return flags & IFF_UP;
}

static bool has_interface_up(const char *bdf, char what[160])
{
	bool found = false;
	glob_t paths;
	size_t i;

	if (glob("/sys/class/net/*", 0, NULL, &paths))
		return false;
	for (i = 0; i < paths.gl_pathc && !found; i++) {
		found = is_below(paths.gl_pathv[i], bdf) &&
			is_up(paths.gl_pathv[i]);
		if (found)
			snprintf(what, 160, "its network interface %s is up",
				 strrchr(paths.gl_pathv[i], '/') + 1);
	}
	globfree(&paths);
	return found;
}

bool in_use(const char *bdf, char what[160])
{
	return is_mounted(bdf, what) || is_swapped_to(bdf, what) ||
	       has_interface_up(bdf, what);
}
