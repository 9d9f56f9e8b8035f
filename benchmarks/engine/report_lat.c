// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "json.h"
#include "report.h"

#define USEC 1000.0

static void lat_head(struct bench_report *report)
{
	fprintf(report->to,
		" #bytes     #iterations    t_min[usec]    t_max[usec]  "
		"t_typical[usec]    t_avg[usec]    t_stdev[usec]   99%% "
		"percentile[usec]   99.9%% percentile[usec]");
}

static void lat_row(struct bench_report *report, struct bench_row *row,
		    struct json_object *obj)
{
	struct bench_summary s;

	bench_samples_sum_up(&row->samples, &s);
	bench_put_double(obj, "t_min_usec", s.min / USEC);
	bench_put_double(obj, "t_max_usec", s.max / USEC);
	bench_put_double(obj, "t_typical_usec", s.p50 / USEC);
	bench_put_double(obj, "t_avg_usec", s.mean / USEC);
	bench_put_double(obj, "t_stdev_usec", s.stdev / USEC);
	bench_put_double(obj, "t_99_usec", s.p99 / USEC);
	bench_put_double(obj, "t_99_9_usec", s.p999 / USEC);
	bench_put_doubles(obj, "typical_of_rounds_usec",
			  row->v[BENCH_ROW_TYPICAL], row->rounds, USEC);
	fprintf(report->to,
		" %-14.2f %-12.2f %-18.2f %-14.2f %-15.2f %-22.2f %-23.2f",
		s.min / USEC, s.max / USEC, s.p50 / USEC, s.mean / USEC,
		s.stdev / USEC, s.p99 / USEC, s.p999 / USEC);
}

const struct bench_report_kind bench_report_lat = {
	.schema = "peerbar-lat",
	.head = lat_head,
	.row = lat_row,
};
