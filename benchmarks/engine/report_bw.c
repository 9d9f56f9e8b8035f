// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json.h"
#include "report.h"

#define MIB 1048576.0

static void bw_head(struct bench_report *report)
{
	const char *unit = report->opts->gbits ? "Gb/sec" : "MiB/sec";

	fprintf(report->to, " #bytes     #iterations    BW peak[%s]    BW average[%s]   MsgRate[Mpps]",
		unit, unit);
}

static void bw_row(struct bench_report *report, struct bench_row *row,
		   struct json_object *obj)
{
	double scale = report->opts->gbits ? 8 / 1e9 : 1 / MIB;
	double peak = bench_max(row->v[BENCH_ROW_PEAK], row->rounds);
	double bw = bench_row_median(row, BENCH_ROW_BW);

	bench_put_double(obj, "bw_peak_MiBps", peak / MIB);
	bench_put_double(obj, "bw_average_MiBps", bw / MIB);
	bench_put_double(obj, "msg_rate_Mpps", bw / (double)row->size / 1e6);
	bench_put_doubles(obj, "samples_MiBps", row->v[BENCH_ROW_BW],
			  row->rounds, MIB);
	fprintf(report->to, " %-18.2f %-20.2f %-13.6f", peak * scale,
		bw * scale, bw / (double)row->size / 1e6);
}

const struct bench_report_kind bench_report_bw = {
	.schema = "peerbar-bw",
	.head = bw_head,
	.row = bw_row,
};
