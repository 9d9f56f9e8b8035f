// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Two buffers of one BAR: what is done to one for good is not noticed by the
 * other, whether or not they overlap.
 */
#include <errno.h>
#include <signal.h>

#include "child.h"
#include "scene.h"

#define SOME	(3 * FX_IN_FLIGHT)
#define SOON_MS 20000
#define SEED	53

/* beside the scene's ranges, across two of them, and one of them exactly */
static const struct peerbar_range beside[] = {{MIB(16), MIB(2)}};
static const struct peerbar_range across[] = {
	{MIB(8) + PAGE, 2 * PAGE},
	{0, MIB(2)},
};
static const struct peerbar_range same[] = {{MIB(4) + PAGE, MIB(1)}};

struct variant {
	const struct peerbar_range *ranges;
	unsigned int nr;
};

static const struct variant variants[] = {
	{beside, ARRAY_LEN(beside)},
	{across, ARRAY_LEN(across)},
	{same, ARRAY_LEN(same)},
};

struct victim {
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct ibv_mr *mr;
};

static struct victim make_victim(struct fx *fx, struct fx_scene *scene)
{
	const struct variant *variant = fx->variant;
	struct victim v;

	v.buf = fx_export(fx, scene->dev, variant->ranges, variant->nr);
	v.map = fx_map(fx, v.buf);
	fx_touch(peerbar_mapping_addr(v.map), peerbar_mapping_size(v.map));
	v.mr = fx_reg(fx, scene->nic, v.buf);
	return v;
}

static void is_dead(struct fx_scene *scene, struct victim *v)
{
	struct ibv_mr *host = fx_host(scene->fx, scene->nic, PAGE);
	struct fx_pair *pair = fx_pair(scene->fx, scene->nic, &fx_hasty);

	assert_int_equal(fx_load_signal(scene->fx, peerbar_mapping_addr(v->map)),
			 SIGBUS);
	fx_bad(fx_rdma(pair, IBV_WR_RDMA_WRITE, host, 0, v->mr, 0, PAGE),
	       IBV_WC_REM_ACCESS_ERR);
}

/* Both buffers in full use; the bystander must not even fault. */
static void test_permanent_revoke(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic;
	struct peerbar_buffer_info before, after;
	struct fx_cpu *cpu;
	struct victim v;

	fx_scene(*state, &scene);
	fx_scene_nic(&scene, &fx_hasty);
	v = make_victim(*state, &scene);
	fx_touch(peerbar_mapping_addr(scene.map),
		 peerbar_mapping_size(scene.map));
	cpu = fx_scene_cpu(&scene, false);
	traffic = fx_scene_traffic(&scene, IBV_WR_RDMA_WRITE, false);
	assert_true(fx_worker_reaches(&traffic->worker, FX_GOOD, SOME, SOON_MS));
	before = fx_info(scene.buf);

	ok(peerbar_buffer_revoke(v.buf));
	assert_true(fx_worker_gains(&traffic->worker, FX_GOOD, SOME, SOON_MS));
	assert_true(fx_worker_gains(&cpu->worker, FX_GOOD, SOME, SOON_MS));
	fx_touch(peerbar_mapping_addr(scene.map),
		 peerbar_mapping_size(scene.map));
	is_dead(&scene, &v);

	after = fx_info(scene.buf);
	assert_int_equal(after.faults_4k, before.faults_4k);
	assert_int_equal(after.faults_2m, before.faults_2m);
	assert_int_equal(after.faults_refused, 0);
	assert_int_equal(after.revokes, 0);
	assert_int_equal(after.importers, before.importers);
	fx_worker_stop(&cpu->worker);
	fx_worker_stop(&traffic->worker);
	assert_int_equal(fx_worker_count(&cpu->worker, FX_REFUSED), 0);
	assert_int_equal(fx_worker_count(&cpu->worker, FX_WRONG), 0);
	assert_int_equal(fx_worker_count(&traffic->worker, FX_REFUSED), 0);
	fx_ledger_check(&traffic->ledger, scene.dev, UINT64_MAX);
}

/* The same two, but it is the bystander whose descriptor has long gone. */
static void test_closing_is_not_revoking(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf, *other = fx_export_one(fx, dev, 0, PAGE);
	struct peerbar_mapping *map;
	struct fx_nic *nic = fx_nic(fx);
	struct fx_pair *pair = fx_pair(fx, nic, &fx_hasty);
	struct ibv_mr *mr, *host = fx_host(fx, nic, PAGE);
	char mem[PAGE];

	fx_bar_fill(dev, SEED, 0, PAGE);
	buf = fx_export_one(fx, dev, 0, PAGE);
	map = fx_map(fx, buf);
	mr = fx_reg(fx, nic, buf);
	fx_drop(fx, buf);
	ok(peerbar_buffer_revoke(other));
	ok(peerbar_read(map, 0, mem, PAGE));
	fx_pattern_check(mem, SEED, 0, PAGE);
	fx_good(fx_rdma(pair, IBV_WR_RDMA_READ, host, 0, mr, 0, PAGE));
	fx_pattern_check(host->addr, SEED, 0, PAGE);
	/* still found by what takes everything back, without a descriptor */
	ok(peerbar_device_set_memory(dev, false));
	refused(peerbar_read(map, 0, mem, 1), -ENODEV);
	fx_bad(fx_rdma(pair, IBV_WR_RDMA_READ, host, 0, mr, 0, PAGE),
	       IBV_WC_RNR_RETRY_EXC_ERR);
}

static void test_another_device(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *near = fx_device(fx, fx_bdf());
	struct peerbar_device *far = fx_device(fx, fx_bdf2());
	struct peerbar_buffer *here = fx_export_one(fx, near, 0, MIB(2));
	struct peerbar_buffer *there = fx_export_one(fx, far, 0, MIB(2));
	void *addr = peerbar_mapping_addr(fx_map(fx, there));
	uint64_t faults;

	fx_map(fx, here);
	fx_touch(addr, MIB(2));
	faults = fx_info(there).faults_2m;
	ok(peerbar_device_set_memory(near, false));
	ok(peerbar_device_set_memory(near, true));
	ok(peerbar_device_reset(near));
	fx_drop(fx, near);
	fx_touch(addr, MIB(2));
	assert_int_equal(fx_info(there).faults_2m, faults);
	assert_int_equal(fx_info(there).revokes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_VARIANT(test_permanent_revoke, "revoke of a buffer beside",
			   &variants[0]),
		FX_VARIANT(test_permanent_revoke, "revoke of one that overlaps",
			   &variants[1]),
		FX_VARIANT(test_permanent_revoke, "revoke of one under traffic",
			   &variants[2]),
		FX_TEST(test_closing_is_not_revoking),
		FX_TEST(test_another_device),
	};

	return FX_RUN(tests);
}
