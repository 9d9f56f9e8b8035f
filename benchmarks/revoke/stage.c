// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "error.h"
#include "pattern.h"
#include "stage.h"

/* with ranges of this size and alignment the CPU gets 2 MiB entries */
#define UNIT_MAX (2ull << 20)
#define UNIT_MIN (512ull << 10)
/* A takes units 4, 0 and 2 of the BAR, B 8 and 9 */
#define BAR_UNITS	  10
#define HASTY_RNR_RETRIES 3

static int take_apart(struct revoke_stage *stage)
{
	const struct bench_bar *bar = &stage->bar;
	char need[32];

	stage->unit = UNIT_MAX;
	while (stage->unit * BAR_UNITS > bar->size)
		stage->unit /= 2;
	if (stage->unit < UNIT_MIN)
		return bench_fail(
			-ENOSPC,
			"BAR %u of %s has %llu bytes; this program needs %s",
			bar->spec.bar, bar->spec.bdf, (unsigned long long)bar->size,
			bench_describe_size(need, sizeof(need),
					    UNIT_MIN * BAR_UNITS));
	return 0;
}

static void plan_buffer(struct revoke_stage *stage, struct revoke_buffer *buf,
			const char *name, const unsigned int *at,
			const unsigned int *units, unsigned int n)
{
	size_t used;
	unsigned int i;

	buf->name = name;
	buf->nr_ranges = n;
	used = (size_t)snprintf(buf->spec, sizeof(buf->spec), "%s",
				stage->opts->mem);
	for (i = 0; i < n; i++) {
		buf->range[i].offset = at[i] * stage->unit;
		buf->range[i].length = units[i] * stage->unit;
		used += (size_t)snprintf(
			buf->spec + used, sizeof(buf->spec) - used,
			"%c0x%llx+0x%llx", i ? ',' : '@',
			(unsigned long long)buf->range[i].offset,
			(unsigned long long)buf->range[i].length);
	}
}

static void plan_flow(struct revoke_stage *stage, enum revoke_flow_id id,
		      const char *name, uint64_t base)
{
	struct revoke_buffer *buf = &stage->buffer[revoke_flow_buffer(id)];
	struct revoke_flow *flow = &stage->flow[id];

	flow->name = name;
	flow->mem = &buf->mem;
	flow->gate = &buf->gate;
	flow->nic = stage->opts->nic;
	flow->base = base;
	flow->size = stage->opts->size;
	flow->depth = stage->opts->depth;
}

static void plan(struct revoke_stage *stage)
{
	uint64_t span = (uint64_t)stage->opts->size * stage->opts->depth;
	uint64_t unit = stage->unit;
	int i;

	plan_buffer(stage, &stage->buffer[REVOKE_A], "A",
		    (unsigned int[]){4, 0, 2}, (unsigned int[]){1, 1, 1}, 3);
	plan_buffer(stage, &stage->buffer[REVOKE_B], "B", &(unsigned int){8},
		    &(unsigned int){2}, 1);
	/* across the joints of A's ranges, the joint amid a message */
	plan_flow(stage, REVOKE_A_PATIENT,
		  "RDMA into A, RNR retries without end", unit - span / 2 + 3);
	plan_flow(stage, REVOKE_A_HASTY, "RDMA into A, few RNR retries",
		  2 * unit - span / 2 - 5);
	plan_flow(stage, REVOKE_A_LOCAL, "RDMA with A as local memory", unit / 2);
	plan_flow(stage, REVOKE_B_PATIENT,
		  "RDMA into B, RNR retries without end", unit - span / 2);
	stage->flow[REVOKE_A_HASTY].nic.rnr_retries = HASTY_RNR_RETRIES;
	stage->flow[REVOKE_A_LOCAL].local = true;
	for (i = 0; i < REVOKE_BUFFERS; i++) {
		stage->touch[i].name = i == REVOKE_A ? "CPU on A" : "CPU on B";
		stage->touch[i].mem = &stage->buffer[i].mem;
		stage->touch[i].gate = &stage->buffer[i].gate;
		stage->touch[i].unit = unit;
	}
}

static int check_room(const struct revoke_stage *stage)
{
	uint64_t span = (uint64_t)stage->opts->size * stage->opts->depth;

	/* half a flow's span on either side of a joint, a quarter kept clear */
	if (span > stage->unit / 4)
		return bench_fail(
			-ENOSPC, "%u messages of %u bytes do not fit ranges of %llu bytes; give a smaller -s or -t",
			stage->opts->depth, stage->opts->size,
			(unsigned long long)stage->unit);
	return 0;
}

/* every page is touched once, so that later faults are refaults */
static int wipe(struct bench_mem *mem)
{
	char poison[4096];
	uint64_t at;
	int rc = 0;

	memset(poison, BENCH_POISON, sizeof(poison));
	for (at = 0; at < mem->size && !rc; at += sizeof(poison))
		rc = mem->ops->write(mem, at, poison, sizeof(poison));
	return rc;
}

static int open_workers(struct revoke_stage *stage)
{
	int i, rc;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		rc = bench_mem_open(&stage->buffer[i].mem,
				    stage->buffer[i].spec, 1);
		if (!rc)
			rc = wipe(&stage->buffer[i].mem);
		if (rc)
			return rc;
	}
	for (i = 0; i < REVOKE_FLOWS; i++) {
		rc = revoke_flow_open(&stage->flow[i]);
		if (rc)
			return rc;
	}
	return 0;
}

int revoke_stage_open(struct revoke_stage *stage, const struct revoke_opts *opts)
{
	int rc;

	stage->opts = opts;
	rc = bench_bar_open(&stage->bar, opts->mem);
	if (!rc)
		rc = take_apart(stage);
	if (!rc)
		rc = check_room(stage);
	if (rc)
		return rc;
	plan(stage);
	return open_workers(stage);
}

int revoke_stage_start(struct revoke_stage *stage)
{
	int i, rc = 0;

	for (i = 0; i < REVOKE_BUFFERS && !rc; i++)
		rc = revoke_touch_start(&stage->touch[i]);
	for (i = 0; i < REVOKE_FLOWS && !rc; i++)
		rc = revoke_flow_start(&stage->flow[i]);
	return rc;
}

void revoke_stage_close(struct revoke_stage *stage)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		revoke_touch_stop(&stage->touch[i]);
	for (i = 0; i < REVOKE_FLOWS; i++)
		revoke_flow_close(&stage->flow[i]);
	for (i = 0; i < REVOKE_BUFFERS; i++)
		bench_mem_close(&stage->buffer[i].mem);
	bench_bar_close(&stage->bar);
}
