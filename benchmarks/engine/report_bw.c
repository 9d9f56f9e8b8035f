// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json.h"
#include "report.h"

#define MIB 1048576.0

static void bw_head(struct bench_report *report)
{
	const char *unit = report->opts->gbits ? "Gb/sec" : "MiB/sec";

	fprintf(report->to,
		" #bytes     #iterations    BW peak[%s]    BW average[%s]   MsgRate[Mpps]",
		unit, unit);
}

static void bw_row(struct bench_report *report, struct bench_row *row,
		   struct json_object *obj)
{
	double scale = report->opts->gbits ? 8 / 1e9 : 1 / MIB;
	double peak = bench_max(row->v[BENCH_ROW_PEAK], row->rounds);
	double bw = bench_row_median(row, BENCH_ROW_BW);
	struct json_object *samples = json_object_new_array();
	uint32_t i;

	for (i = 0; i < row->rounds; i++)
		json_object_array_add(samples,
				      json_object_new_double(
					      row->v[BENCH_ROW_BW][i] / MIB));
	bench_put_double(obj, "bw_peak_MiBps", peak / MIB);
	bench_put_double(obj, "bw_average_MiBps", bw / MIB);
	bench_put_double(obj, "msg_rate_Mpps", bw / (double)row->size / 1e6);
	json_object_object_add(obj, "samples_MiBps", samples);
	fprintf(report->to, " %-18.2f %-20.2f %-13.6f", peak * scale,
		bw * scale, bw / (double)row->size / 1e6);
}

const struct bench_report_kind bench_report_bw = {
	.schema = "peerbar-bw",
	.head = bw_head,
	.row = bw_row,
};
