// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/peerbar.h>
#include <peerbar/verbs.h>

#include "clock.h"
#include "error.h"
#include "phase.h"

/* workers that have not shown anything by then will not */
#define PATIENCE_NS (20 * BENCH_NSEC_PER_SEC)
#define LOOK_NS	    (10 * BENCH_NSEC_PER_MSEC)

static void rest(uint32_t ms)
{
	bench_sleep(ms * BENCH_NSEC_PER_MSEC);
}

static int take_info(struct revoke_stage *stage,
		     struct peerbar_buffer_info info[REVOKE_BUFFERS])
{
	int i, rc;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		rc = peerbar_buffer_info(stage->buffer[i].mem.buffer, &info[i]);
		if (rc)
			return bench_fail_lib(rc, "state of buffer %s",
					      stage->buffer[i].name);
	}
	return 0;
}

static void shut(struct revoke_stage *stage, bool also_b)
{
	atomic_fetch_add(&stage->buffer[REVOKE_A].gate.gate, 1);
	if (also_b)
		atomic_fetch_add(&stage->buffer[REVOKE_B].gate.gate, 1);
}

static void open_gates(struct revoke_stage *stage, uint64_t now)
{
	struct revoke_gate *gate;
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		gate = &stage->buffer[i].gate;
		atomic_store(&gate->open_since, now);
		if (atomic_load(&gate->gate) % 2)
			atomic_fetch_add(&gate->gate, 1);
	}
}

static void forgive(struct revoke_stage *stage, bool on)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		atomic_store(&stage->buffer[i].gate.forgiving, on);
}

/* from here on the counts are this phase's */
static void begin(struct revoke_stage *stage)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		atomic_store(&stage->buffer[i].gate.open_since, 0);
		revoke_tally_take(&stage->touch[i].tally);
	}
	for (i = 0; i < REVOKE_FLOWS; i++)
		revoke_tally_take(&stage->flow[i].tally);
}

static void end(struct revoke_stage *stage, struct revoke_phase *p)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		p->touch[i] = revoke_tally_take(&stage->touch[i].tally);
	for (i = 0; i < REVOKE_FLOWS; i++)
		p->flow[i] = revoke_tally_take(&stage->flow[i].tally);
}

static bool all_resumed(struct revoke_stage *stage)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		if (!revoke_tally_look(&stage->touch[i].tally).resumed)
			return false;
	for (i = 0; i < REVOKE_FLOWS; i++)
		if (!revoke_tally_look(&stage->flow[i].tally).resumed)
			return false;
	return true;
}

/* everybody on A was turned away, everybody on B goes on */
static bool all_settled(struct revoke_stage *stage)
{
	struct revoke_counts c;
	int i;

	if (!revoke_tally_look(&stage->touch[REVOKE_A].tally).refused)
		return false;
	for (i = 0; i < REVOKE_FLOWS; i++) {
		c = revoke_tally_look(&stage->flow[i].tally);
		if (revoke_flow_buffer(i) == REVOKE_A ? !c.refused : !c.resumed)
			return false;
	}
	return true;
}

/* not being patient enough is no error here: expect.c judges the counts */
static void wait_for(struct revoke_stage *stage,
		     bool (*done)(struct revoke_stage *))
{
	uint64_t until = bench_now() + PATIENCE_NS;

	while (!done(stage) && bench_now() < until)
		bench_sleep(LOOK_NS);
}

static int run_disable(struct revoke_stage *stage, struct revoke_phase *p)
{
	uint64_t start = bench_now();
	int rc;

	p->rc = peerbar_device_set_memory(stage->bar.dev, false);
	p->returned = bench_now();
	shut(stage, true);
	p->call_ns = p->returned - start;
	if (p->rc)
		return bench_fail_lib(p->rc, "disabling memory");
	rest(stage->opts->hold_ms);
	rc = take_info(stage, p->during);
	p->restored = bench_now();
	p->hold_ns = p->restored - p->returned;
	open_gates(stage, p->restored);
	p->rc = peerbar_device_set_memory(stage->bar.dev, true);
	p->restore_ns = bench_now() - p->restored;
	if (p->rc)
		return bench_fail_lib(p->rc, "enabling memory");
	wait_for(stage, all_resumed);
	return rc;
}

static int run_reset(struct revoke_stage *stage, struct revoke_phase *p)
{
	uint64_t start = bench_now();

	forgive(stage, stage->opts->reset_clears);
	p->rc = peerbar_device_reset(stage->bar.dev);
	p->returned = bench_now();
	p->restored = p->returned;
	p->call_ns = p->returned - start;
	open_gates(stage, p->returned);
	if (p->rc == -EOPNOTSUPP) {
		p->skipped = "the function has no reset method";
		return 0;
	}
	if (p->rc)
		return bench_fail_lib(p->rc, "reset");
	wait_for(stage, all_resumed);
	rest(stage->opts->settle_ms);
	forgive(stage, false);
	return take_info(stage, p->during);
}

/* what the BAR holds where A was, by a path that has nothing to do with A */
static int read_ranges(struct revoke_stage *stage, uint8_t *into)
{
	const struct revoke_buffer *a = &stage->buffer[REVOKE_A];
	unsigned int i;
	int rc;

	for (i = 0; i < a->nr_ranges; i++) {
		rc = peerbar_device_read(stage->bar.dev, stage->bar.spec.bar,
					 a->range[i].offset, into,
					 a->range[i].length);
		if (rc)
			return bench_fail_lib(rc, "reading the BAR");
		into += a->range[i].length;
	}
	return 0;
}

static int watch_bytes(struct revoke_stage *stage, struct revoke_phase *p)
{
	size_t i, size = stage->buffer[REVOKE_A].mem.size;
	uint8_t *was = malloc(size), *is = malloc(size);
	uint64_t start;
	int rc = -ENOMEM;

	if (!was || !is)
		goto out;
	rc = read_ranges(stage, was);
	if (rc)
		goto out;
	start = bench_now();
	wait_for(stage, all_settled);
	rest(stage->opts->hold_ms);
	p->hold_ns = bench_now() - start;
	rc = read_ranges(stage, is);
	for (i = 0; !rc && i < size; i++)
		p->bytes_changed += was[i] != is[i];
out:
	free(was);
	free(is);
	return rc;
}

static int try_reg(struct revoke_stage *stage, struct bench_mem *mem)
{
	struct bench_transport *t = stage->flow[REVOKE_B_PATIENT].target;
	struct bench_mr mr = {0};
	int rc;

	rc = t->ops->reg(t, mem, &mr);
	if (!rc)
		t->ops->unreg(t, &mr);
	return rc;
}

static int run_permanent(struct revoke_stage *stage, struct revoke_phase *p)
{
	struct bench_mem *a = &stage->buffer[REVOKE_A].mem;
	struct peerbar_mapping *map;
	uint64_t start = bench_now();
	int rc;

	p->rc = peerbar_buffer_revoke(a->buffer);
	p->returned = bench_now();
	p->restored = p->returned;
	p->call_ns = p->returned - start;
	if (p->rc)
		return bench_fail_lib(p->rc, "permanent revoke of A");
	shut(stage, false);
	atomic_store(&stage->buffer[REVOKE_B].gate.open_since, p->returned);
	rc = watch_bytes(stage, p);
	if (rc)
		return rc;
	p->again_rc = peerbar_buffer_revoke(a->buffer);
	p->map_rc = peerbar_buffer_map(a->buffer, 0, 0, 0, &map);
	if (!p->map_rc)
		peerbar_mapping_close(map);
	p->reg_rc = try_reg(stage, a);
	return take_info(stage, p->during);
}

static const struct {
	const char *name;
	const char *key;
	int (*run)(struct revoke_stage *stage, struct revoke_phase *p);
} phases[REVOKE_PHASES] = {
	[REVOKE_DISABLE] = {"memory disable, then enable", "memory_disable",
			    run_disable},
	[REVOKE_RESET] = {"reset of the device", "reset", run_reset},
	[REVOKE_PERMANENT] = {"permanent revoke of A", "permanent", run_permanent},
};

int revoke_phase_run(struct revoke_stage *stage, enum revoke_phase_id id,
		     struct revoke_phase *out)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->name = phases[id].name;
	out->key = phases[id].key;
	begin(stage);
	rest(stage->opts->settle_ms);
	rc = take_info(stage, out->before);
	if (!rc)
		rc = phases[id].run(stage, out);
	rest(stage->opts->settle_ms);
	if (!rc)
		rc = take_info(stage, out->after);
	end(stage, out);
	return rc;
}
