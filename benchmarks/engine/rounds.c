// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All operations, sizes, memories and rounds of a session, and their rows. */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "error.h"
#include "near.h"
#include "session.h"

static double rate_of(const struct bench_result *r)
{
	return r->ns ? (double)r->total * BENCH_NSEC_PER_SEC / (double)r->ns : 0;
}

static double peak_of(const struct bench_result *r)
{
	return r->peak_rate > rate_of(r) ? r->peak_rate : rate_of(r);
}

/* of datagrams only those count that arrived */
static double share_arrived(const struct bench_near *n,
			    const struct bench_result *from,
			    const struct bench_result *to)
{
	if (!n->opts->datagram || !from->total)
		return 1;
	return (double)to->received / (double)from->total;
}

static void note_bandwidth(struct bench_near *n, struct bench_row *row,
			   uint32_t round, const struct bench_result *near,
			   const struct bench_result *far)
{
	double to_far = share_arrived(n, near, far);
	double to_near = share_arrived(n, far, near);
	double size = (double)row->size;

	row->v[BENCH_ROW_BW][round] =
		size * (rate_of(near) * to_far + rate_of(far) * to_near);
	row->v[BENCH_ROW_PEAK][round] = size * (peak_of(near) + peak_of(far));
}

static int note_latency(struct bench_row *row, uint32_t round,
			struct bench_samples *samples)
{
	struct bench_summary sum;

	bench_samples_sum_up(samples, &sum);
	row->v[BENCH_ROW_TYPICAL][round] = sum.p50;
	return bench_samples_append(&row->samples, samples);
}

static void note_cpu(struct bench_row *row, uint32_t round,
		     const struct bench_result *near,
		     const struct bench_result *far)
{
	double kib =
		(double)row->size * (double)(near->total + far->total) / 1024;
	double threads = (double)(near->cpu.thread + far->cpu.thread);

	row->v[BENCH_ROW_CPU][round] = (double)near->cpu.busy / kib;
	row->v[BENCH_ROW_APP][round] = threads / kib;
	row->v[BENCH_ROW_INSNS][round] = (double)near->insns / kib;
	row->v[BENCH_ROW_EMULATOR][round] = (double)near->emulator_ns / kib;
}

static int run_one(struct bench_near *n, struct bench_row *row, uint32_t round)
{
	struct bench_result near = {0}, far = {0};
	struct bench_samples samples = {0};
	int rc;

	rc = bench_near_once(n, row->op, row->mem, row->size, &samples, &near,
			     &far);
	if (rc)
		goto out;
	row->iterations += n->opts->latency ? samples.n : near.total + far.total;
	row->lost += (n->opts->datagram ? near.total - far.received : 0) +
		     (n->opts->bidirectional && n->opts->datagram
			      ? far.total - near.received
			      : 0);
	note_cpu(row, round, &near, &far);
	if (n->opts->latency)
		rc = note_latency(row, round, &samples);
	else
		note_bandwidth(n, row, round, &near, &far);
out:
	bench_samples_free(&samples);
	return rc;
}

static enum bench_row_value headline(const struct bench_near *n)
{
	return n->opts->latency ? BENCH_ROW_TYPICAL : BENCH_ROW_BW;
}

/* back and forth, so that a drift of the machine favours no memory */
static int run_rounds(struct bench_near *n, struct bench_row *rows,
		      unsigned int mems)
{
	enum bench_row_value what = headline(n);
	unsigned int i, k;
	uint32_t round;
	int rc;

	for (round = 0; round < n->opts->rounds; round++) {
		for (i = 0; i < mems; i++) {
			k = round % 2 ? mems - 1 - i : i;
			rc = run_one(n, &rows[k], round);
			if (rc)
				return rc;
		}
		for (i = 0; i < mems; i++)
			rows[i].v[BENCH_ROW_RATIO][round] =
				rows[i].v[what][round] / rows[0].v[what][round];
	}
	return 0;
}

static void init_row(struct bench_row *row, enum bench_op op, uint64_t size,
		     unsigned int mem, uint32_t rounds, double *values)
{
	int k;

	row->op = op;
	row->size = size;
	row->mem = mem;
	row->rounds = rounds;
	for (k = 0; k < BENCH_ROW_VALUES; k++)
		row->v[k] = values + (size_t)rounds * (size_t)k;
}

static int run_size(struct bench_near *n, enum bench_op op, uint64_t size)
{
	unsigned int i, mems = n->peer.nr_mems > n->peer.nr_far ? n->peer.nr_mems
								: n->peer.nr_far;
	struct bench_row rows[BENCH_MEMS_MAX] = {0};
	size_t each = (size_t)n->opts->rounds * BENCH_ROW_VALUES;
	double *values;
	int rc;

	values = calloc(each * mems, sizeof(*values));
	if (!values)
		return bench_fail(-ENOMEM, "out of memory");
	for (i = 0; i < mems; i++)
		init_row(&rows[i], op, size, i, n->opts->rounds,
			 values + each * i);
	rc = run_rounds(n, rows, mems);
	for (i = 0; !rc && i < mems; i++)
		bench_report_row(&n->report, &rows[i], &n->peer);
	for (i = 0; i < mems; i++)
		bench_samples_free(&rows[i].samples);
	free(values);
	return rc;
}

static int run_all(struct bench_near *n)
{
	unsigned int i;
	int op, rc;

	for (op = 0; op < BENCH_OPS; op++) {
		if (!n->opts->op[op])
			continue;
		bench_report_head(&n->report, (enum bench_op)op);
		for (i = 0; i < n->opts->nr_sizes; i++) {
			rc = run_size(n, (enum bench_op)op, n->opts->size[i]);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int lead(struct bench_near *n, const struct bench_specs *specs)
{
	int rc;

	rc = bench_peer_open(&n->peer, specs, &n->opts->nic);
	if (rc)
		return rc;
	rc = bench_near_meet(n);
	if (rc)
		goto out;
	bench_report_ends(&n->report, &n->peer);
	rc = run_all(n);
	if (!rc)
		rc = bench_near_part(n);
	if (!rc)
		rc = bench_report_finish(&n->report, &n->peer);
out:
	/* before the QPs go: it may wait for what does not come any more */
	if (rc == -EINTR)
		bench_channel_send_error(&n->peer.ch);
	bench_peer_close(&n->peer);
	return rc;
}

int bench_near_run(const struct bench_opts *opts,
		   const struct bench_specs *specs, int fd)
{
	struct bench_near *n = calloc(1, sizeof(*n));
	int rc;

	if (!n)
		return bench_fail(-ENOMEM, "out of memory");
	n->opts = opts;
	n->peer.opts = opts;
	bench_channel_open(&n->peer.ch, fd);
	rc = bench_report_open(&n->report, opts, stdout);
	if (!rc)
		rc = lead(n, specs);
	bench_report_close(&n->report);
	bench_channel_close(&n->peer.ch);
	free(n);
	return rc;
}
