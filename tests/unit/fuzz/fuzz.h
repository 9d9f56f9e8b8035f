/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Fuzz targets
 *
 * One file each, with one function, which libFuzzer calls with bytes that it
 * invents, and replay.c with those of corpus/.  Whatever must never happen ends
 * the program.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define must(condition)                                            \
	do {                                                       \
		if (!(condition)) {                                \
			fprintf(stderr, "%s:%d: not so: %s\n",     \
				__FILE__, __LINE__, #condition);   \
			abort();                                   \
		}                                                  \
	} while (0)

#endif /* FUZZ_H */
