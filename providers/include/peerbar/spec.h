/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: BAR memory in words
 *
 * How users write on a command line, or in place of a file name, which pieces
 * of which BAR they mean:
 *
 *	BDF/BAR[@OFFSET+LENGTH[,OFFSET+LENGTH]...]
 *
 * "0000:01:00.0/2" is all of BAR 2, "01:00.0/2@8M+1M,0+0x4000" one buffer of
 * two pieces in this order.  Numbers are decimal, or hexadecimal after "0x",
 * and may end in K, M or G of either case (2^10, 2^20, 2^30).  There are no
 * blanks.
 */
#ifndef PEERBAR_SPEC_H
#define PEERBAR_SPEC_H

#include <stdint.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** most ranges that can be written in one text */
#define PEERBAR_SPEC_RANGES 64

/**
 * struct peerbar_spec - such a text, taken apart
 * @bdf: full PCI address
 * @bar: BAR number, 0 to 5
 * @nr_ranges: 0 when all of the BAR is meant
 * @ranges: in the order written, each of a length other than 0 and of an end
 *	that fits 64 bits
 */
struct peerbar_spec {
	char bdf[24];
	unsigned int bar;
	unsigned int nr_ranges;
	struct peerbar_range ranges[PEERBAR_SPEC_RANGES];
};

/**
 * peerbar_spec_parse - take a text apart
 * @text: see above; NULL is no text
 * @out: written on success
 *
 * Looks at the text alone: whether there is such a device, and whether the
 * ranges are aligned and within the BAR, is for peerbar_device_open() and
 * peerbar_buffer_export() to say.
 *
 * Threads: any number at once.
 * Return: 0; -EINVAL, -E2BIG for more than PEERBAR_SPEC_RANGES ranges.  The
 * detail text names the character at which the text goes wrong, the first one
 * being 1, and what is wanted there.
 */
int peerbar_spec_parse(const char *text, struct peerbar_spec *out);

/**
 * peerbar_spec_export - export what a text means
 * @dev: the device of @spec->bdf, opened by the caller
 * @flags: enum peerbar_export_flags
 * @out: written on success; release with peerbar_buffer_close()
 *
 * Return: as peerbar_buffer_export().
 */
int peerbar_spec_export(struct peerbar_device *dev,
			const struct peerbar_spec *spec, unsigned int flags,
			struct peerbar_buffer **out);

/**
 * peerbar_size_parse - a number of bytes as in the ranges above
 * @text: all of it is the number
 * @out: written on success
 *
 * Return: 0, -EINVAL.
 */
int peerbar_size_parse(const char *text, uint64_t *out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_SPEC_H */
