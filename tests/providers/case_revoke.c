// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The memory is taken back, for a while or for good, idle or under load. */
#include <errno.h>
#include <string.h>

#include "conform.h"

#define BAR_AT	MIB(4)
#define SOME	(2 * FX_SLOTS_MAX)
#define SOON_MS 30000

/* a revoke waits for copies that are under way, not for the load to end */
#define REVOKE_MS 3000

/* long enough for what is under way to arrive, if it is going to */
#define STALL_MS 300

static struct prov_op small(struct conform *c, struct prov_region *far, bool write)
{
	struct prov_memory host = conform_host(c, PAGE);

	memset(host.addr, 0x5a, PAGE);
	return (struct prov_op){
		.near = conform_reg(c, &host, 0, PAGE),
		.far = far,
		.len = 512,
		.write = write,
	};
}

/* Neither reached nor changed, as far and as near memory. */
static void is_dead(struct conform *c, struct prov_region *region,
		    uint64_t bar_offset)
{
	void *before = fx_bar_snapshot(c->dev, bar_offset, KIB(64));
	struct prov_op op = small(c, region, true);
	struct prov_region *host = op.near;

	conform_fails(c, &op);
	op.write = false;
	conform_fails(c, &op);
	if (conform_has(c, PROV_DMABUF)) {
		op.near = region;
		op.far = host;
		op.write = true;
		conform_fails(c, &op);
	}
	fx_bar_same(c->dev, before, bar_offset, KIB(64));
}

static void is_live(struct conform *c, struct prov_region *region)
{
	struct prov_op op = small(c, region, true);

	conform_moves(c, &op);
	op.write = false;
	conform_moves(c, &op);
}

static void test_idle(struct conform *c)
{
	struct prov_memory gone = conform_bar_one(c, BAR_AT, KIB(64));
	struct prov_memory stays = conform_bar_one(c, MIB(16), KIB(64));
	struct prov_region *dead = conform_reg(c, &gone, 0, KIB(64));
	struct prov_region *live = conform_reg(c, &stays, 0, KIB(64));

	is_live(c, dead);
	ok(peerbar_buffer_revoke(gone.buf));
	conform_let_go(&gone);
	conform_attached(c, &gone, 1);
	is_dead(c, dead, BAR_AT);
	is_live(c, live);
	/* nothing brings it back */
	ok(peerbar_device_reset(c->dev));
	is_dead(c, dead, BAR_AT);
	conform_dereg(c, dead);
	conform_attached(c, &gone, 0);
	is_live(c, live);
}

static void test_twice(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, KIB(64));
	struct prov_region *region = conform_reg(c, &bar, 0, KIB(64));

	ok(peerbar_buffer_revoke(bar.buf));
	is_dead(c, region, BAR_AT);
	refused(peerbar_buffer_revoke(bar.buf), -EBADFD);
	is_dead(c, region, BAR_AT);
	ok(peerbar_device_set_memory(c->dev, false));
	ok(peerbar_device_set_memory(c->dev, true));
	is_dead(c, region, BAR_AT);
}

static struct conform_load *start(struct conform *c, struct prov_region *far,
				  bool write)
{
	struct conform_load *load = conform_load(c, far, BAR_AT, write);

	if (!fx_worker_reaches(&load->worker, FX_GOOD, SOME, SOON_MS))
		fx_die("no load: %s", load->why ? load->why : "too slow");
	return load;
}

/* What arrived is right, and nothing of what was begun too late arrived. */
static void came_through_right(struct conform *c, struct conform_load *load,
			       uint64_t newest)
{
	fx_worker_stop(&load->worker);
	assert_int_equal(fx_worker_count(&load->worker, FX_WRONG), 0);
	if (load->write)
		fx_ledger_check(&load->ledger, c->dev, newest);
}

static void ends_in_error(struct conform *c, struct conform_load *load)
{
	if (!conform_load_ends(c, load, SOON_MS))
		fx_die("the load goes on or hangs");
	assert_true(load->failed);
}

static void under_load(struct conform *c, bool write)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, CONFORM_SPAN);
	struct prov_region *region = conform_reg(c, &bar, 0, CONFORM_SPAN);
	struct conform_load *load = start(c, region, write);
	uint64_t since = fx_now_ms(), newest;

	ok(peerbar_buffer_revoke(bar.buf));
	assert_in_range(fx_now_ms() - since, 0, REVOKE_MS);
	conform_let_go(&bar);
	newest = conform_load_begun(load);
	ends_in_error(c, load);
	came_through_right(c, load, newest);
	c->prov->ops->reconnect(c->prov);
	is_dead(c, region, BAR_AT);
	conform_dereg(c, region);
	conform_dereg(c, load->near);
}

static void test_under_writes(struct conform *c)
{
	under_load(c, true);
}

static void test_under_reads(struct conform *c)
{
	under_load(c, false);
}

static void test_device_closed_under_load(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, CONFORM_SPAN);
	struct prov_region *region = conform_reg(c, &bar, 0, CONFORM_SPAN);
	struct conform_load *load = start(c, region, true);
	uint64_t newest;

	fx_drop(c->fx, c->dev);
	newest = conform_load_begun(load);
	ends_in_error(c, load);
	c->prov->ops->reconnect(c->prov);
	c->dev = fx_device(c->fx, fx_bdf());
	came_through_right(c, load, newest);
	is_dead(c, region, BAR_AT);
}

/* The region is as good as before; the connection need not have survived. */
static void heals(struct conform *c, struct prov_region *region)
{
	struct conform_load *load;

	c->prov->ops->reconnect(c->prov);
	fx_bar_fill(c->dev, CONFORM_SEED, BAR_AT, CONFORM_SPAN);
	load = start(c, region, true);
	came_through_right(c, load, UINT64_MAX);
	fx_bar_fill(c->dev, CONFORM_SEED, BAR_AT, CONFORM_SPAN);
	load = start(c, region, false);
	came_through_right(c, load, UINT64_MAX);
}

/* What is begun meanwhile waits, or fails at once; it never hangs. */
static void test_heals_after_disable(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, CONFORM_SPAN);
	struct prov_region *region = conform_reg(c, &bar, 0, CONFORM_SPAN);
	struct prov_op op = small(c, region, true);
	struct prov_done done;

	is_live(c, region);
	ok(peerbar_device_set_memory(c->dev, false));
	if (conform_has(c, PROV_PATIENT)) {
		ok(c->prov->ops->post(c->prov, &op));
		refused(c->prov->ops->poll(c->prov, &done, STALL_MS), -ETIMEDOUT);
	} else {
		conform_fails(c, &op);
	}
	ok(peerbar_device_set_memory(c->dev, true));
	if (conform_has(c, PROV_PATIENT)) {
		ok(c->prov->ops->poll(c->prov, &done, CONFORM_MS));
		assert_int_equal(done.status, 0);
	}
	heals(c, region);
}

static void test_heals_after_reset(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, CONFORM_SPAN);
	struct prov_region *region = conform_reg(c, &bar, 0, CONFORM_SPAN);

	is_live(c, region);
	ok(peerbar_device_reset(c->dev));
	is_live(c, region);
	heals(c, region);
}

static void test_heals_under_load(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, BAR_AT, CONFORM_SPAN);
	struct prov_region *region = conform_reg(c, &bar, 0, CONFORM_SPAN);
	struct conform_load *load = start(c, region, true);

	ok(peerbar_device_set_memory(c->dev, false));
	conform_let_go(&bar);
	/* at most what had arrived, and was not yet polled */
	assert_false(fx_worker_gains(&load->worker, FX_GOOD,
				     c->prov->ops->depth + 1, STALL_MS));
	ok(peerbar_device_set_memory(c->dev, true));
	assert_true(fx_worker_gains(&load->worker, FX_GOOD, SOME, SOON_MS));
	ok(peerbar_device_reset(c->dev));
	assert_true(fx_worker_gains(&load->worker, FX_GOOD, SOME, SOON_MS));
	assert_int_equal(fx_worker_count(&load->worker, FX_REFUSED), 0);
	came_through_right(c, load, UINT64_MAX);
}

const struct conform_case conform_revoke[] = {
	{"revoke, idle", test_idle, 0},
	{"revoke, twice", test_twice, 0},
	{"revoke under writes", test_under_writes, 0},
	{"revoke under reads", test_under_reads, 0},
	{"device closed under load", test_device_closed_under_load, 0},
	{"heals when memory was disabled", test_heals_after_disable, 0},
	{"heals after a reset", test_heals_after_reset, 0},
	{"load goes on after a temporary revoke", test_heals_under_load,
	 PROV_PATIENT},
	{0},
};
