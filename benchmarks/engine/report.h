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
#define BENCH_BW_SCHEMA 1

/**
 * struct bench_row - one size on one memory
 * @op: see enum bench_op
 * @size: bytes of a message
 * @mem: index of the memory
 * @iterations: messages in all rounds together
 * @bw: bytes per second of each round
 * @peak: likewise, the best stretch of each round
 * @ratio: @bw to that of memory 0 in the same round
 * @rounds: how many
 */
struct bench_row {
	enum bench_op op;
	uint64_t size;
	unsigned int mem;
	uint64_t iterations;
	double *bw;
	double *peak;
	double *ratio;
	uint32_t rounds;
};

/**
 * struct bench_report - the results as they come in
 * @opts: of the near end
 * @to: where the text goes
 * @doc: the JSON document
 * @rows: its rows
 * @compares: there is more than one memory
 */
struct bench_report {
	const struct bench_opts *opts;
	FILE *to;
	struct json_object *doc;
	struct json_object *rows;
	bool compares;
};

int bench_report_open(struct bench_report *report,
		      const struct bench_opts *opts, FILE *to);
void bench_report_close(struct bench_report *report);

/** bench_report_ends - what the run is about, before the first row */
void bench_report_ends(struct bench_report *report, struct bench_peer *peer);

/** bench_report_head - the headers of a table */
void bench_report_head(struct bench_report *report, enum bench_op op);

/** bench_report_row - medians over the rounds */
void bench_report_row(struct bench_report *report, const struct bench_row *row,
		      struct bench_peer *peer);

/** bench_report_finish - counters, and the JSON file if one was asked for */
int bench_report_finish(struct bench_report *report, struct bench_peer *peer);

#endif /* BENCH_REPORT_H */
