// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "insns.h"

void bench_insns_mark(void)
{
#ifdef __x86_64__
	/* nopl 0x70656560(%rax): to everybody else a no-op */
	__asm__ volatile(".byte 0x0f, 0x1f, 0x80, 0x60, 0x65, 0x65, 0x70" ::
				 : "memory");
#endif
}

uint64_t bench_insns_between(void)
{
	const char *path = getenv("PEERBAR_INSNS");
	FILE *f = path ? fopen(path, "re") : NULL;
	uint64_t from = 0, to = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &from, &to) != 2)
		from = to = 0;
	fclose(f);
	return to - from;
}
