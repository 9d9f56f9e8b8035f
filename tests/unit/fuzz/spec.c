// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* BAR memory in words: what passes means the same when it is written out. */
#include <inttypes.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/spec.h>

#include "fuzz.h"

/* 64 ranges of two numbers of up to 18 characters */
#define TEXT_SIZE 4096

static char *terminated(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);

	must(text);
	if (len)
		memcpy(text, bytes, len);
	text[len] = '\0';
	return text;
}

static void write_out(const struct peerbar_spec *spec, char text[TEXT_SIZE])
{
	unsigned int i;
	int used;

	used = snprintf(text, TEXT_SIZE, "%s/%u", spec->bdf, spec->bar);
	for (i = 0; i < spec->nr_ranges; i++)
		used += snprintf(text + used, TEXT_SIZE - used,
				 "%c0x%" PRIx64 "+%" PRIu64, i ? ',' : '@',
				 spec->ranges[i].offset, spec->ranges[i].length);
	must(used < TEXT_SIZE);
}

static void check(const struct peerbar_spec *spec)
{
	struct peerbar_spec again;
	char text[TEXT_SIZE];
	unsigned int i;

	must(spec->bar < 6 && spec->nr_ranges <= PEERBAR_SPEC_RANGES);
	must(memchr(spec->bdf, 0, sizeof(spec->bdf)));
	for (i = 0; i < spec->nr_ranges; i++) {
		must(spec->ranges[i].length);
		must(spec->ranges[i].length <=
		     UINT64_MAX - spec->ranges[i].offset);
	}
	write_out(spec, text);
	must(!peerbar_spec_parse(text, &again));
	must(!strcmp(again.bdf, spec->bdf) && again.bar == spec->bar);
	must(again.nr_ranges == spec->nr_ranges);
	must(!memcmp(again.ranges, spec->ranges,
		     spec->nr_ranges * sizeof(spec->ranges[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = terminated(bytes, len);
	struct peerbar_spec spec;
	uint64_t size;

	peerbar_error_set(0, "%s", "");
	if (!peerbar_spec_parse(text, &spec))
		check(&spec);
	else
		must(*peerbar_error_detail() &&
		     !strpbrk(peerbar_error_detail(), "\n\r\033"));
	if (!peerbar_size_parse(text, &size))
		must(strspn(text, "0123456789abcdefABCDEFxXkKmMgG") ==
		     strlen(text));
	free(text);
	return 0;
}
