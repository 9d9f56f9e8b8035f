// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A fuzz target with the bytes of files, and with every beginning of them. */
#include <dirent.h>
#include <string.h>

#include "fuzz.h"

#define SIZE_MAX_INPUT (128u << 10)
/* more than that is not cut at every byte */
#define CUT_MAX	       1024

static void replay(const uint8_t *bytes, size_t len)
{
	uint8_t *exact;
	size_t part;

	for (part = 0; part <= len; part++) {
		if (part < len && part >= CUT_MAX)
			continue;
		/* of the exact size, so that a read beyond it is seen */
		exact = malloc(part ? part : 1);
		must(exact);
		memcpy(exact, bytes, part);
		LLVMFuzzerTestOneInput(exact, part);
		free(exact);
	}
}

static void replay_file(const char *folder, const char *name)
{
	static uint8_t bytes[SIZE_MAX_INPUT];
	char path[512];
	FILE *file;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	must(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	must(!ferror(file) && feof(file));
	fclose(file);
	replay(bytes, len);
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned int nr = 0;
	DIR *dir;

	must(argc == 2);
	dir = opendir(argv[1]);
	must(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		replay_file(argv[1], entry->d_name);
		nr++;
	}
	closedir(dir);
	printf("%u files of %s\n", nr, argv[1]);
	return nr ? 0 : 1;
}
