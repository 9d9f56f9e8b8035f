// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "barspec.h"
#include "error.h"
#include "optparse.h"

static int parse_head(struct bench_barspec *spec, const char *head)
{
	const char *slash = strchr(head, '/');
	char *end;
	unsigned long bar;

	if (!slash || slash == head)
		goto bad;
	if ((size_t)(slash - head) >= sizeof(spec->bdf))
		goto bad;
	bar = strtoul(slash + 1, &end, 10);
	if (end == slash + 1 || *end || bar > 5)
		return bench_fail(-EINVAL, "\"%s\" is no BAR number; 0 to 5 are",
				  slash + 1);
	memcpy(spec->bdf, head, (size_t)(slash - head));
	spec->bar = (unsigned int)bar;
	return 0;
bad:
	return bench_fail(
		-EINVAL, "\"bar:%s\" lacks the device or the BAR; write it like bar:0000:00:05.0/2",
		head);
}

static int add_range(struct bench_barspec *spec, const char *offset,
		     const char *length)
{
	struct peerbar_range *range = &spec->range[spec->nr_ranges];
	int rc;

	if (!length)
		return bench_fail(-EINVAL, "offset %s has no length after it",
				  offset);
	if (spec->nr_ranges == BENCH_RANGES_MAX)
		return bench_fail(-EINVAL, "more than %d ranges",
				  BENCH_RANGES_MAX);
	rc = bench_parse_size(offset, &range->offset);
	if (!rc)
		rc = bench_parse_size(length, &range->length);
	if (!rc)
		spec->nr_ranges++;
	return rc;
}

int bench_barspec_parse(struct bench_barspec *spec, const char *text)
{
	char *copy, *piece, *save;
	int rc;

	memset(spec, 0, sizeof(*spec));
	copy = strdup(text);
	if (!copy)
		return bench_fail(-ENOMEM, "out of memory");
	piece = strtok_r(copy, ",", &save);
	rc = parse_head(spec, piece ? piece : "");
	while (!rc && (piece = strtok_r(NULL, ",", &save)))
		rc = add_range(spec, piece, strtok_r(NULL, ",", &save));
	free(copy);
	return rc;
}
