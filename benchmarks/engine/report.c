// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "describe.h"
#include "environment.h"
#include "error.h"
#include "report.h"
#include "stats.h"

#define MIB 1048576.0

static void add_num(struct json_object *obj, const char *key, double value)
{
	json_object_object_add(obj, key, json_object_new_double(value));
}

static void add_int(struct json_object *obj, const char *key, uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *obj, const char *key, const char *value)
{
	json_object_object_add(obj, key, json_object_new_string(value));
}

static struct json_object *parameters(const struct bench_opts *opts)
{
	struct json_object *obj = json_object_new_object();

	if (opts->duration > 0)
		add_num(obj, "duration_s", opts->duration);
	else
		add_int(obj, "iterations", opts->iters);
	add_int(obj, "qps", opts->qps);
	add_int(obj, "tx_depth", opts->depth);
	add_int(obj, "cq_mod", opts->cq_mod);
	add_int(obj, "rounds", opts->rounds);
	json_object_object_add(obj, "bidirectional",
			       json_object_new_boolean(opts->bidirectional));
	json_object_object_add(obj, "verified",
			       json_object_new_boolean(opts->verify));
	add_text(obj, "transport", opts->transport->name);
	return obj;
}

int bench_report_open(struct bench_report *report,
		      const struct bench_opts *opts, FILE *to)
{
	memset(report, 0, sizeof(*report));
	report->opts = opts;
	report->to = to;
	report->doc = json_object_new_object();
	report->rows = json_object_new_array();
	if (!report->doc || !report->rows)
		return bench_fail(-ENOMEM, "out of memory");
	add_text(report->doc, "schema", "peerbar-bw");
	add_int(report->doc, "version", BENCH_BW_SCHEMA);
	json_object_object_add(report->doc, "environment",
			       bench_environment(opts->nic.device));
	json_object_object_add(report->doc, "parameters", parameters(opts));
	json_object_object_add(report->doc, "rows", report->rows);
	return 0;
}

void bench_report_close(struct bench_report *report)
{
	json_object_put(report->doc);
	memset(report, 0, sizeof(*report));
}

static void for_each_mem(struct bench_report *report, const char *end,
			 struct json_object *mems,
			 void (*print)(FILE *, const char *, struct json_object *))
{
	size_t i, n = json_object_array_length(mems);
	char label[32];

	for (i = 0; i < n; i++) {
		snprintf(label, sizeof(label), n > 1 ? "%s %zu" : "%s", end,
			 i + 1);
		print(report->to, label, json_object_array_get_idx(mems, i));
	}
}

static struct json_object *near_mems(struct bench_peer *peer)
{
	struct json_object *all = bench_peer_describe(peer);
	struct json_object *mems;

	mems = json_object_get(json_object_object_get(all, "mems"));
	json_object_put(all);
	return mems;
}

void bench_report_ends(struct bench_report *report, struct bench_peer *peer)
{
	struct json_object *near = near_mems(peer);

	report->compares = peer->nr_mems > 1 || peer->nr_far > 1;
	bench_environment_print(
		report->to, json_object_object_get(report->doc, "environment"));
	for_each_mem(report, "near memory", near, bench_describe_print);
	for_each_mem(report, "far memory", peer->far_desc, bench_describe_print);
	json_object_put(near);
}

void bench_report_head(struct bench_report *report, enum bench_op op)
{
	const char *unit = report->opts->gbits ? "Gb/sec" : "MiB/sec";

	fprintf(report->to, "\nRDMA %s, %s, %s\n",
		op == BENCH_READ ? "READ" : "WRITE",
		report->opts->bidirectional ? "both ways" : "one way",
		report->opts->verify ? "every byte compared"
				     : "content not compared");
	fprintf(report->to, " #bytes     #iterations    BW peak[%s]    BW average[%s]   MsgRate[Mpps]%s\n",
		unit, unit, report->compares ? "   ratio    memory" : "");
}

/* "near -> far" in the direction of the data */
static const char *path_of(struct bench_peer *peer, unsigned int mem,
			   enum bench_op op, char *text, size_t len)
{
	struct bench_test test = {.mem = mem};
	const char *near = peer->mem[bench_near_index(peer, &test)].ops->name;
	const char *far = json_object_get_string(json_object_object_get(
		json_object_array_get_idx(peer->far_desc,
					  bench_far_index(peer, &test)),
		"kind"));

	snprintf(text, len, "%s->%s", op == BENCH_READ ? far : near,
		 op == BENCH_READ ? near : far);
	return text;
}

static void save_row(struct bench_report *report, const struct bench_row *row,
		     const char *path, double bw, double peak, double ratio)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *samples = json_object_new_array();
	uint32_t i;

	for (i = 0; i < row->rounds; i++)
		json_object_array_add(samples,
				      json_object_new_double(row->bw[i] / MIB));
	add_text(obj, "op", bench_op_name(row->op));
	add_int(obj, "bytes", row->size);
	add_int(obj, "memory", row->mem);
	add_text(obj, "path", path);
	add_int(obj, "iterations", row->iterations);
	add_num(obj, "bw_peak_MiBps", peak / MIB);
	add_num(obj, "bw_average_MiBps", bw / MIB);
	add_num(obj, "msg_rate_Mpps", bw / (double)row->size / 1e6);
	add_num(obj, "ratio_to_first", ratio);
	json_object_object_add(obj, "samples_MiBps", samples);
	json_object_array_add(report->rows, obj);
}

void bench_report_row(struct bench_report *report, const struct bench_row *row,
		      struct bench_peer *peer)
{
	double scale = report->opts->gbits ? 8 / 1e9 : 1 / MIB;
	double bw, peak, ratio;
	char path[32];

	path_of(peer, row->mem, row->op, path, sizeof(path));
	ratio = bench_median(row->ratio, row->rounds);
	peak = bench_max(row->peak, row->rounds);
	bw = bench_median(row->bw, row->rounds);
	save_row(report, row, path, bw, peak, ratio);
	fprintf(report->to, " %-10llu %-14llu %-18.2f %-20.2f %-13.6f",
		(unsigned long long)row->size,
		(unsigned long long)row->iterations, peak * scale, bw * scale,
		bw / (double)row->size / 1e6);
	if (report->compares)
		fprintf(report->to, "   %-8.2f %s", ratio, path);
	fputc('\n', report->to);
	fflush(report->to);
}

int bench_report_finish(struct bench_report *report, struct bench_peer *peer)
{
	const char *file = report->opts->json;
	struct json_object *near = near_mems(peer);

	fputc('\n', report->to);
	for_each_mem(report, "near memory", near, bench_describe_counts);
	for_each_mem(report, "far memory", peer->far_desc, bench_describe_counts);
	json_object_object_add(report->doc, "near", near);
	json_object_object_add(report->doc, "far",
			       json_object_get(peer->far_desc));
	if (!file)
		return 0;
	if (json_object_to_file_ext(file, report->doc, JSON_C_TO_STRING_PRETTY))
		return bench_fail(-EIO, "%s: %s", file, json_util_get_last_err());
	return 0;
}
