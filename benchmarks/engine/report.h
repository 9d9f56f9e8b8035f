/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Results, as a table and as JSON
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "options.h"
#include "peer.h"

/** in results, changes when a reader of an older one would go wrong */
#define BENCH_SESSION_SCHEMA 1

/**
 * enum bench_row_value - a number of each round
 * @BENCH_ROW_BW: bytes per second
 * @BENCH_ROW_PEAK: likewise, the best stretch
 * @BENCH_ROW_TYPICAL: median latency in nanoseconds
 * @BENCH_ROW_RATIO: BW or TYPICAL to that of memory 0 in the same round
 * @BENCH_ROW_CPU: nanoseconds of CPU time for each KiB, of the whole machine
 * @BENCH_ROW_APP: likewise, of the two threads that post and poll
 * @BENCH_ROW_INSNS: instructions for each KiB, of the whole machine
 * @BENCH_ROW_EMULATOR: nanoseconds for each KiB, of what emulates the machine
 */
enum bench_row_value {
	BENCH_ROW_BW,
	BENCH_ROW_PEAK,
	BENCH_ROW_TYPICAL,
	BENCH_ROW_RATIO,
	BENCH_ROW_CPU,
	BENCH_ROW_APP,
	BENCH_ROW_INSNS,
	BENCH_ROW_EMULATOR,
	BENCH_ROW_VALUES,
};

/**
 * struct bench_row - one size on one memory
 * @op: see enum bench_op
 * @size: bytes of a message
 * @mem: index of the memory
 * @iterations: messages in all rounds together
 * @lost: of them, lost on the way
 * @rounds: how many
 * @v: one value for each round
 * @samples: of latency: all messages of all rounds
 */
struct bench_row {
	enum bench_op op;
	uint64_t size;
	unsigned int mem;
	uint64_t iterations;
	uint64_t lost;
	uint32_t rounds;
	double *v[BENCH_ROW_VALUES];
	struct bench_samples samples;
};

/**
 * struct bench_report - the results as they come in
 * @opts: of the near end
 * @to: where the text goes
 * @doc: the JSON document
 * @rows: its rows
 * @compares: there is more than one memory
 * @kind: see struct bench_report_kind
 */
struct bench_report {
	const struct bench_opts *opts;
	FILE *to;
	struct json_object *doc;
	struct json_object *rows;
	bool compares;
	const struct bench_report_kind *kind;
};

int bench_report_open(struct bench_report *report,
		      const struct bench_opts *opts, FILE *to);
void bench_report_close(struct bench_report *report);

/** bench_report_ends - what the run is about, before the first row */
void bench_report_ends(struct bench_report *report, struct bench_peer *peer);

/** bench_report_head - the headers of a table */
void bench_report_head(struct bench_report *report, enum bench_op op);

/** bench_row_median - over the rounds */
double bench_row_median(const struct bench_row *row, enum bench_row_value value);

/** bench_report_row - medians over the rounds; may reorder the samples */
void bench_report_row(struct bench_report *report, struct bench_row *row,
		      struct bench_peer *peer);

/**
 * struct bench_report_kind - what differs between bandwidth and latency
 * @schema: of the JSON document
 * @head: the headers of the columns
 * @row: their values, and the row's own members in @obj
 */
struct bench_report_kind {
	const char *schema;
	void (*head)(struct bench_report *report);
	void (*row)(struct bench_report *report, struct bench_row *row,
		    struct json_object *obj);
};

extern const struct bench_report_kind bench_report_bw;
extern const struct bench_report_kind bench_report_lat;

/** bench_report_finish - counters, and the JSON file if one was asked for */
int bench_report_finish(struct bench_report *report, struct bench_peer *peer);

#endif /* BENCH_REPORT_H */
