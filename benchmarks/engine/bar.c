// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <peerbar/device.h>

#include "bar.h"
#include "devices.h"
#include "error.h"

static const char prefix[] = "bar:";

#define PREFIX_LEN (sizeof(prefix) - 1)

int bench_bar_check(const char *mem, bool whole, const char *purpose)
{
	if (mem && !strncmp(mem, prefix, PREFIX_LEN) &&
	    !(whole && strchr(mem, '@')))
		return 0;
	return bench_fail(-EINVAL,
			  "--mem bar:BDF/BAR says which BAR%s, like "
			  "bar:0000:01:00.0/2",
			  purpose);
}

int bench_bar_open(struct bench_bar *bar, const char *mem)
{
	const char *words = mem;
	struct peerbar_region region;
	int rc;

	if (!strncmp(mem, prefix, PREFIX_LEN))
		words += PREFIX_LEN;
	rc = peerbar_spec_parse(words, &bar->spec);
	if (rc)
		return bench_fail_lib(rc, "%s", mem);
	rc = bench_device_get(bar->spec.bdf, &bar->dev);
	if (rc)
		return rc;
	rc = peerbar_device_region(bar->dev, bar->spec.bar, &region);
	if (rc) {
		rc = bench_fail_lib(rc, "BAR %u of %s", bar->spec.bar,
				    bar->spec.bdf);
		bench_bar_close(bar);
		return rc;
	}
	bar->size = region.size;
	return 0;
}

void bench_bar_close(struct bench_bar *bar)
{
	if (bar->dev)
		bench_device_put(bar->dev);
	bar->dev = NULL;
}
