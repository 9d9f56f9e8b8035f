// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "conform.h"

/* how long a stopped worker waits for what is under way */
#define LINGER_MS 5000

#define POISON	  0xaa

static struct conform_load *to_load(struct fx_worker *worker)
{
	return (struct conform_load *)worker;
}

static void note_error(struct conform_load *load, const char *why)
{
	if (!load->failed)
		load->why = why;
	load->failed = true;
	fx_worker_add(&load->worker, FX_REFUSED);
}

static void begun(struct conform_load *load, unsigned int slot)
{
	load->under_way++;
	load->busy[slot] = true;
}

static void begin_one(struct conform_load *load)
{
	struct fx_ledger *ledger = &load->ledger;
	unsigned int slot = (unsigned int)((ledger->round + 1) % ledger->slots);
	uint64_t at = fx_slot_offset(ledger, slot);
	const struct prov_op op = {
		.id = slot,
		.write = load->write,
		.near = load->near,
		.near_at = at,
		.far = load->far,
		.far_at = at,
		.len = ledger->block,
	};

	pthread_mutex_lock(&load->worker.lock);
	fx_ledger_begin(ledger, load->host.addr + at);
	pthread_mutex_unlock(&load->worker.lock);
	if (!load->write)
		memset(load->host.addr + at, POISON, ledger->block);
	if (load->prov->ops->post(load->prov, &op))
		note_error(load, "not begun");
	else
		begun(load, slot);
}

/* Operations need not end in the order in which they were begun. */
static bool can_begin(const struct conform_load *load)
{
	const struct fx_ledger *ledger = &load->ledger;

	return !load->failed && load->under_way < load->prov->ops->depth &&
	       !load->busy[(ledger->round + 1) % ledger->slots];
}

static enum fx_count judge(struct conform_load *load, unsigned int slot)
{
	struct fx_ledger *ledger = &load->ledger;
	uint64_t at = fx_slot_offset(ledger, slot);

	ledger->done[slot] = ledger->tried[slot];
	if (load->write)
		return FX_GOOD;
	return fx_pattern_good(load->host.addr + at, CONFORM_SEED,
			       ledger->offset + at, ledger->block)
		       ? FX_GOOD
		       : FX_WRONG;
}

static void end_one(struct conform_load *load, int ms)
{
	struct prov_done done;

	if (load->prov->ops->poll(load->prov, &done, ms))
		return;
	load->under_way--;
	load->busy[done.id] = false;
	if (done.status)
		note_error(load, done.why);
	else
		fx_worker_add(&load->worker, judge(load, (unsigned int)done.id));
}

static void run(struct fx_worker *worker)
{
	struct conform_load *load = to_load(worker);
	uint64_t stopped = 0;

	for (;;) {
		if (!stopped && fx_worker_stopping(worker))
			stopped = fx_now_ms();
		while (!stopped && can_begin(load))
			begin_one(load);
		if (!load->under_way)
			return;
		if (stopped && fx_now_ms() - stopped > LINGER_MS)
			return;
		end_one(load, 50);
	}
}

struct conform_load *conform_load(struct conform *c, struct prov_region *far,
				  uint64_t bar_offset, bool write)
{
	struct conform_load *load = fx_alloc(c->fx, sizeof(*load));

	load->prov = c->prov;
	load->far = far;
	load->write = write;
	load->host = conform_host(c, CONFORM_SPAN);
	load->near = conform_reg(c, &load->host, 0, CONFORM_SPAN);
	load->ledger.seed = CONFORM_SEED;
	load->ledger.offset = bar_offset;
	load->ledger.block = CONFORM_BLOCK;
	load->ledger.slots = FX_SLOTS_MAX;
	load->ledger.grain = c->prov->ops->grain;
	fx_worker_start(c->fx, &load->worker, run);
	return load;
}

uint64_t conform_load_begun(struct conform_load *load)
{
	uint64_t round;

	pthread_mutex_lock(&load->worker.lock);
	round = load->ledger.round;
	pthread_mutex_unlock(&load->worker.lock);
	return round;
}

bool conform_load_ends(struct conform *c, struct conform_load *load, int ms)
{
	if (!load->write && conform_has(c, PROV_MUTE_READS)) {
		if (fx_worker_ends(&load->worker, CONFORM_MUTE_MS))
			return true;
		c->prov->ops->hang_up(c->prov);
	}
	return fx_worker_ends(&load->worker, ms);
}
