// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "describe.h"
#include "environment.h"
#include "error.h"
#include "json.h"
#include "report.h"
#include "stats.h"
#include "table.h"

static struct json_object *parameters(const struct bench_opts *opts)
{
	struct json_object *obj = json_object_new_object();

	if (opts->duration > 0)
		bench_put_double(obj, "duration_s", opts->duration);
	else
		bench_put_u64(obj, "iterations", opts->iters);
	bench_put_u64(obj, "qps", opts->qps);
	bench_put_u64(obj, "tx_depth", opts->depth);
	bench_put_u64(obj, "cq_mod", opts->cq_mod);
	bench_put_u64(obj, "rounds", opts->rounds);
	bench_put_bool(obj, "bidirectional", opts->bidirectional);
	bench_put_bool(obj, "mr_per_qp", opts->mr_per_qp);
	bench_put_bool(obj, "events", opts->events);
	bench_put_bool(obj, "verified", opts->verify);
	bench_put_text(obj, "transport", opts->transport->name);
	bench_put_text(obj, "connection", opts->datagram ? "UD" : "RC");
	return obj;
}

int bench_report_open(struct bench_report *report,
		      const struct bench_opts *opts, FILE *to)
{
	memset(report, 0, sizeof(*report));
	report->opts = opts;
	report->to = to;
	report->kind = opts->latency ? &bench_report_lat : &bench_report_bw;
	report->doc = bench_doc_new(report->kind->schema, BENCH_SESSION_SCHEMA,
				    opts->nic.device);
	report->rows = json_object_new_array();
	if (!report->doc || !report->rows)
		return bench_fail(-ENOMEM, "out of memory");
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

static const char *title_of(enum bench_op op)
{
	switch (op) {
	case BENCH_READ:
		return "RDMA READ";
	case BENCH_SEND:
		return "SEND";
	default:
		return "RDMA WRITE";
	}
}

static const char *ways(const struct bench_opts *opts)
{
	if (opts->latency)
		return "latency";
	return opts->bidirectional ? "both ways" : "one way";
}

void bench_report_head(struct bench_report *report, enum bench_op op)
{
	const struct bench_opts *opts = report->opts;

	fprintf(report->to, "\n%s%s, %s, %s\n", title_of(op),
		opts->datagram ? " on UD" : "", ways(opts),
		opts->verify ? "every byte compared" : "content not compared");
	report->kind->head(report);
	fprintf(report->to, "%s%s%s\n", opts->datagram ? "   lost    " : "",
		opts->cpu_util ? "   CPU[ns/KiB]   own[ns/KiB]   insns/KiB" : "",
		report->compares ? "   ratio    memory" : "");
	fflush(report->to);
}

/* "near -> far" in the direction of the data */
static const char *path_of(struct bench_peer *peer, unsigned int mem,
			   enum bench_op op, char *text, size_t len)
{
	struct bench_test test = {.mem = mem};
	const char *near = peer->mem[bench_near_index(peer, &test)].ops->name;
	const char *far = bench_get_text(
		json_object_array_get_idx(peer->far_desc,
					  bench_far_index(peer, &test)),
		"kind");

	snprintf(text, len, "%s->%s", op == BENCH_READ ? far : near,
		 op == BENCH_READ ? near : far);
	return text;
}

double bench_row_median(const struct bench_row *row, enum bench_row_value value)
{
	return bench_median(row->v[value], row->rounds);
}

static void save_row(struct bench_report *report, const struct bench_row *row,
		     const char *path, struct json_object *obj)
{
	bench_put_text(obj, "op", bench_op_name(row->op));
	bench_put_u64(obj, "bytes", row->size);
	bench_put_u64(obj, "memory", row->mem);
	bench_put_text(obj, "path", path);
	bench_put_u64(obj, "iterations", row->iterations);
	if (report->opts->datagram)
		bench_put_u64(obj, "lost", row->lost);
	bench_put_double(obj, "ratio_to_first",
			 bench_row_median(row, BENCH_ROW_RATIO));
	bench_put_double(obj, "cpu_ns_per_KiB",
			 bench_row_median(row, BENCH_ROW_CPU));
	bench_put_double(obj, "own_cpu_ns_per_KiB",
			 bench_row_median(row, BENCH_ROW_APP));
	bench_put_double(obj, "insns_per_KiB",
			 bench_row_median(row, BENCH_ROW_INSNS));
	bench_put_doubles(obj, "insns_samples", row->v[BENCH_ROW_INSNS],
			  row->rounds, 1);
	bench_put_double(obj, "emulator_ns_per_KiB",
			 bench_row_median(row, BENCH_ROW_EMULATOR));
	bench_put_doubles(obj, "emulator_samples", row->v[BENCH_ROW_EMULATOR],
			  row->rounds, 1);
	bench_put_doubles(obj, "cpu_samples", row->v[BENCH_ROW_CPU],
			  row->rounds, 1);
	bench_put_doubles(obj, "own_cpu_samples", row->v[BENCH_ROW_APP],
			  row->rounds, 1);
	json_object_array_add(report->rows, obj);
}

void bench_report_row(struct bench_report *report, struct bench_row *row,
		      struct bench_peer *peer)
{
	struct json_object *obj = json_object_new_object();
	char path[32];

	path_of(peer, row->mem, row->op, path, sizeof(path));
	save_row(report, row, path, obj);
	fprintf(report->to, " %-10llu %-14llu", (unsigned long long)row->size,
		(unsigned long long)row->iterations);
	report->kind->row(report, row, obj);
	if (report->opts->datagram)
		fprintf(report->to, "   %-8llu", (unsigned long long)row->lost);
	if (report->opts->cpu_util)
		fprintf(report->to, "   %-11.0f   %-11.0f   %-9.0f",
			bench_row_median(row, BENCH_ROW_CPU),
			bench_row_median(row, BENCH_ROW_APP),
			bench_row_median(row, BENCH_ROW_INSNS));
	if (report->compares)
		fprintf(report->to, "   %-8.2f %s",
			bench_row_median(row, BENCH_ROW_RATIO), path);
	fputc('\n', report->to);
	fflush(report->to);
}

int bench_report_finish(struct bench_report *report, struct bench_peer *peer)
{
	struct json_object *near = near_mems(peer);

	fputc('\n', report->to);
	for_each_mem(report, "near memory", near, bench_describe_counts);
	for_each_mem(report, "far memory", peer->far_desc, bench_describe_counts);
	json_object_object_add(report->doc, "near", near);
	json_object_object_add(report->doc, "far",
			       json_object_get(peer->far_desc));
	return bench_doc_save(report->doc, report->opts->json);
}
