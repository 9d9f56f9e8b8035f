// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* BDF/BAR[@OFFSET+LENGTH[,OFFSET+LENGTH]...] */
#include <errno.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/spec.h>

#include "pci_sysfs.h"

#define SIZES "like 4096, 64K, 2M or 0x1000"

/**
 * struct cursor - a place in a text
 * @text: all of it
 * @at: what comes next
 */
struct cursor {
	const char *text;
	const char *at;
};

static int wrong(const struct cursor *cur, int err, const char *wanted)
{
	return peerbar_error_set(err, "\"%.200s\", character %zu: %s", cur->text,
				 (size_t)(cur->at - cur->text) + 1, wanted);
}

static bool skip(struct cursor *cur, char c)
{
	if (*cur->at != c)
		return false;
	cur->at++;
	return true;
}

/* -1 when @c is no digit of this base */
static int digit(char c, unsigned int base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static unsigned int skip_suffix(struct cursor *cur)
{
	if (skip(cur, 'K') || skip(cur, 'k'))
		return 10;
	if (skip(cur, 'M') || skip(cur, 'm'))
		return 20;
	if (skip(cur, 'G') || skip(cur, 'g'))
		return 30;
	return 0;
}

static int parse_number(struct cursor *cur, const char *wanted, uint64_t *out)
{
	struct cursor start = *cur;
	unsigned int base = 10, shift;
	uint64_t value = 0;
	int next;

	if (cur->at[0] == '0' && (cur->at[1] == 'x' || cur->at[1] == 'X')) {
		base = 16;
		cur->at += 2;
	}
	if (digit(*cur->at, base) < 0)
		return wrong(cur, -EINVAL, wanted);
	while ((next = digit(*cur->at, base)) >= 0) {
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, next, &value))
			return wrong(&start, -EINVAL, "more than 64 bits");
		cur->at++;
	}
	shift = skip_suffix(cur);
	if (value > UINT64_MAX >> shift)
		return wrong(&start, -EINVAL, "more than 64 bits");
	*out = value << shift;
	return 0;
}

static int parse_bdf(struct cursor *cur, char bdf[PCI_BDF_SIZE])
{
	size_t len = strcspn(cur->at, "/");
	char text[PCI_BDF_SIZE];

	if (len < sizeof(text)) {
		memcpy(text, cur->at, len);
		text[len] = '\0';
		if (!pci_bdf_parse(text, bdf)) {
			cur->at += len;
			return 0;
		}
	}
	return wrong(cur, -EINVAL, "a PCI address like 0000:01:00.0 is wanted");
}

static int parse_bar(struct cursor *cur, unsigned int *bar)
{
	if (!skip(cur, '/'))
		return wrong(cur, -EINVAL, "\"/\" and a BAR number are wanted");
	/* two digits would be read as one and rubbish after it */
	if (*cur->at < '0' || *cur->at >= '0' + PCI_NR_BARS ||
	    digit(cur->at[1], 10) >= 0)
		return wrong(cur, -EINVAL, "a BAR number from 0 to 5 is wanted");
	*bar = *cur->at++ - '0';
	return 0;
}

static int parse_range(struct cursor *cur, struct peerbar_range *range)
{
	struct cursor start = *cur;
	uint64_t end;
	int ret;

	ret = parse_number(cur, "an offset " SIZES " is wanted", &range->offset);
	if (ret)
		return ret;
	if (!skip(cur, '+'))
		return wrong(cur, -EINVAL, "\"+\" and a length are wanted");
	ret = parse_number(cur, "a length " SIZES " is wanted", &range->length);
	if (ret)
		return ret;
	if (!range->length)
		return wrong(&start, -EINVAL, "the range is empty");
	if (__builtin_add_overflow(range->offset, range->length, &end))
		return wrong(&start, -EINVAL, "the range ends beyond 64 bits");
	return 0;
}

static int parse_ranges(struct cursor *cur, struct peerbar_spec *spec)
{
	int ret;

	do {
		if (spec->nr_ranges == PEERBAR_SPEC_RANGES)
			return wrong(cur, -E2BIG, "more than 64 ranges");
		ret = parse_range(cur, &spec->ranges[spec->nr_ranges]);
		if (ret)
			return ret;
		spec->nr_ranges++;
	} while (skip(cur, ','));
	return 0;
}

int peerbar_spec_parse(const char *text, struct peerbar_spec *out)
{
	struct peerbar_spec spec = {.nr_ranges = 0};
	struct cursor cur = {.text = text ? text : "", .at = text ? text : ""};
	int ret;

	_Static_assert(sizeof(spec.bdf) == PCI_BDF_SIZE, "room for an address");
	_Static_assert(PEERBAR_SPEC_RANGES == 64, "a text says so");
	ret = parse_bdf(&cur, spec.bdf);
	if (!ret)
		ret = parse_bar(&cur, &spec.bar);
	if (!ret && skip(&cur, '@'))
		ret = parse_ranges(&cur, &spec);
	if (!ret && *cur.at)
		ret = wrong(&cur, -EINVAL,
			    spec.nr_ranges ? "\",\" or the end is wanted"
					   : "\"@\" or the end is wanted");
	if (!ret)
		*out = spec;
	return ret;
}

int peerbar_spec_export(struct peerbar_device *dev,
			const struct peerbar_spec *spec, unsigned int flags,
			struct peerbar_buffer **out)
{
	struct peerbar_range all = {.offset = 0};
	struct peerbar_region region;
	int ret;

	if (spec->nr_ranges)
		return peerbar_buffer_export(dev, spec->bar, spec->ranges,
					     spec->nr_ranges, flags, out);
	ret = peerbar_device_region(dev, spec->bar, &region);
	if (ret)
		return ret;
	all.length = region.size;
	return peerbar_buffer_export(dev, spec->bar, &all, 1, flags, out);
}

int peerbar_size_parse(const char *text, uint64_t *out)
{
	struct cursor cur = {.text = text ? text : "", .at = text ? text : ""};
	uint64_t value;
	int ret;

	ret = parse_number(&cur, "a size " SIZES " is wanted", &value);
	if (!ret && *cur.at)
		ret = wrong(&cur, -EINVAL, "K, M, G or the end is wanted");
	if (!ret)
		*out = value;
	return ret;
}
