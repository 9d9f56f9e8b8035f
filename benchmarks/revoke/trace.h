/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Stages of a revoke, by the kernel's trace events
 */
#ifndef REVOKE_TRACE_H
#define REVOKE_TRACE_H

#include <stdint.h>

struct peerbar_buffer;

/**
 * struct revoke_trace - an instance of tracefs, nobody else's
 * @path: its folder; "" when there is none
 */
struct revoke_trace {
	char path[64];
};

/**
 * struct revoke_stages - microseconds
 * @zap: until no CPU had it mapped
 * @invalidate: from there until every importer was told
 * @drain: from there until every importer had let go
 */
struct revoke_stages {
	double zap;
	double invalidate;
	double drain;
};

/** revoke_trace_open - 0; -errno with bench_error() where there is no tracefs */
int revoke_trace_open(struct revoke_trace *trace);
void revoke_trace_close(struct revoke_trace *trace);

/** revoke_trace_clear - forget what was traced */
int revoke_trace_clear(struct revoke_trace *trace);

/** revoke_trace_stages - of the revoke of a buffer; -ENODATA: none was traced */
int revoke_trace_stages(struct revoke_trace *trace, struct peerbar_buffer *buf,
			struct revoke_stages *out);

#endif /* REVOKE_TRACE_H */
