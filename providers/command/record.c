// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "record.h"
#include "run_dir.h"

#define PREFIX "driver"

int record_write(const char *bdf, const struct record *record)
{
	char path[RUN_PATH];
	FILE *file;
	int ret;

	ret = run_dir_path(PREFIX, bdf, true, path);
	if (ret)
		return ret;
	file = fopen(path, "we");
	if (!file)
		return peerbar_error_set(-errno,
					 "remembering the driver in %s: %s",
					 path, strerror(errno));
	fprintf(file, "%s\n%s\n", record->driver, record->override);
	if (fclose(file))
		return peerbar_error_set(-errno,
					 "remembering the driver in %s: %s",
					 path, strerror(errno));
	return 0;
}

static int read_line(FILE *file, char line[PEERBAR_DRIVER_SIZE])
{
	if (!fgets(line, PEERBAR_DRIVER_SIZE, file) || !strchr(line, '\n'))
		return -EINVAL;
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

int record_read(const char *bdf, struct record *record)
{
	char path[RUN_PATH];
	FILE *file;
	int ret;

	ret = run_dir_path(PREFIX, bdf, false, path);
	if (ret)
		return ret;
	file = fopen(path, "re");
	if (!file)
		return peerbar_error_set(-errno, "%s: %s", path, strerror(errno));
	ret = read_line(file, record->driver);
	if (!ret)
		ret = read_line(file, record->override);
	fclose(file);
	if (ret)
		return peerbar_error_set(
			ret, "%s is damaged: remove it, and say --driver NAME",
			path);
	return 0;
}

void record_remove(const char *bdf)
{
	char path[RUN_PATH];

	if (!run_dir_path(PREFIX, bdf, false, path))
		unlink(path);
}
