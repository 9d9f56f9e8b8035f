// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * RDMA in flight while the memory is taken back: BAR memory behind an rkey or
 * behind an lkey, read or written, and every way to take it back.
 */
#include <errno.h>

#include "scene.h"

#define SOME	(3 * FX_IN_FLIGHT)
#define SOON_MS 20000

/* long enough for what is in flight to arrive, if it is going to */
#define STALL_MS 300

/* a revoke waits for one packet's copy, not for the traffic to end */
#define REVOKE_MS 3000

struct variant {
	enum ibv_wr_opcode opcode;
	bool bar_is_local;
	bool by_sysfs;
};

static const struct variant write_to = {IBV_WR_RDMA_WRITE, false, false},
			    read_from = {IBV_WR_RDMA_READ, false, false},
			    write_out_of = {IBV_WR_RDMA_WRITE, true, false},
			    read_into = {IBV_WR_RDMA_READ, true, false},
			    write_sysfs = {IBV_WR_RDMA_WRITE, false, true},
			    read_sysfs = {IBV_WR_RDMA_READ, false, true};

static struct fx_traffic *start_again(struct fx_scene *scene)
{
	const struct variant *variant = scene->fx->variant;
	struct fx_traffic *traffic;

	traffic = fx_scene_traffic(scene, variant->opcode, variant->bar_is_local);
	if (!fx_worker_reaches(&traffic->worker, FX_GOOD, SOME, SOON_MS))
		fx_die("no traffic: %s", ibv_wc_status_str(traffic->error));
	return traffic;
}

static struct fx_traffic *start(struct fx *fx, struct fx_scene *scene,
				const struct fx_patience *patience)
{
	struct fx_traffic *traffic;

	fx_scene(fx, scene);
	fx_scene_nic(scene, patience);
	traffic = start_again(scene);
	assert_in_range(fx_info(scene->buf).importers, 1, UINT32_MAX);
	return traffic;
}

static void came_through_right(struct fx_traffic *traffic,
			       struct fx_scene *scene, uint64_t newest)
{
	fx_worker_stop(&traffic->worker);
	assert_int_equal(fx_worker_count(&traffic->worker, FX_WRONG), 0);
	if (fx_traffic_writes_bar(traffic))
		fx_ledger_check(&traffic->ledger, scene->dev, newest);
}

/* Whatever became of the QPs: the same MR works, as do the same keys. */
static void works_again(struct fx_scene *scene)
{
	struct fx_traffic *traffic;

	fx_pair_again(scene->pair);
	traffic = start_again(scene);
	came_through_right(traffic, scene, UINT64_MAX);
}

static void ends_in(struct fx_traffic *traffic, enum ibv_wc_status status)
{
	assert_true(fx_worker_ends(&traffic->worker, SOON_MS));
	fx_bad(traffic->error, status);
}

static void ends_locally(struct fx_traffic *traffic)
{
	ends_in(traffic, IBV_WC_LOC_PROT_ERR);
}

static void test_disable_stalls_the_patient(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	int i;

	for (i = 0; i < 2; i++) {
		ok(peerbar_device_set_memory(scene.dev, false));
		assert_int_equal(fx_info(scene.buf).importers, 0);
		/* at most what had arrived, and was not yet polled */
		assert_false(fx_worker_gains(&traffic->worker, FX_GOOD,
					     FX_IN_FLIGHT + 1, STALL_MS));
		assert_false(fx_worker_ends(&traffic->worker, 0));
		ok(peerbar_device_set_memory(scene.dev, true));
		assert_true(fx_worker_gains(&traffic->worker, FX_GOOD, SOME,
					    SOON_MS));
	}
	assert_int_equal(fx_worker_count(&traffic->worker, FX_REFUSED), 0);
	came_through_right(traffic, &scene, UINT64_MAX);
}

static void test_disable_ends_the_hasty(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_hasty);
	uint64_t newest;

	ok(peerbar_device_set_memory(scene.dev, false));
	newest = fx_traffic_begun(traffic);
	ends_in(traffic, IBV_WC_RNR_RETRY_EXC_ERR);
	ok(peerbar_device_set_memory(scene.dev, true));
	came_through_right(traffic, &scene, newest);
	works_again(&scene);
}

/* No RNR on this side: nobody but the poster could wait. */
static void test_disable_fails_the_local_side(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	uint64_t newest;

	ok(peerbar_device_set_memory(scene.dev, false));
	newest = fx_traffic_begun(traffic);
	ends_locally(traffic);
	ok(peerbar_device_set_memory(scene.dev, true));
	came_through_right(traffic, &scene, newest);
	works_again(&scene);
}

static void test_reset_is_survived(void **state)
{
	const struct variant *variant = ((struct fx *)*state)->variant;
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	uint64_t revokes;
	int i;

	for (i = 0; i < 2; i++) {
		revokes = fx_info(scene.buf).revokes;
		ok(fx_reset(scene.dev, variant->by_sysfs));
		assert_int_equal(fx_info(scene.buf).revokes, revokes + 1);
		assert_true(fx_worker_gains(&traffic->worker, FX_GOOD, SOME,
					    SOON_MS));
	}
	assert_int_equal(fx_worker_count(&traffic->worker, FX_REFUSED), 0);
	came_through_right(traffic, &scene, UINT64_MAX);
	works_again(&scene);
}

static void test_reset_may_fail_the_local_side(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);

	ok(peerbar_device_reset(scene.dev));
	if (!fx_worker_gains(&traffic->worker, FX_GOOD, SOME, SOON_MS))
		ends_locally(traffic);
	came_through_right(traffic, &scene, UINT64_MAX);
	works_again(&scene);
}

static void revoke_in_time(struct fx_scene *scene)
{
	uint64_t start = fx_now_ms();

	ok(peerbar_buffer_revoke(scene->buf));
	assert_in_range(fx_now_ms() - start, 0, REVOKE_MS);
	assert_int_equal(fx_info(scene->buf).importers, 0);
}

static void test_permanent_revoke(void **state)
{
	const struct variant *variant = ((struct fx *)*state)->variant;
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	uint64_t newest;

	revoke_in_time(&scene);
	newest = fx_traffic_begun(traffic);
	if (variant->bar_is_local)
		ends_locally(traffic);
	else
		ends_in(traffic, IBV_WC_REM_ACCESS_ERR);
	fx_scene_is_dead(&scene);
	ok(peerbar_device_reset(scene.dev));
	fx_scene_is_dead(&scene);
	came_through_right(traffic, &scene, newest);
}

static void test_revoke_while_suspended(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	uint64_t newest;

	ok(peerbar_device_set_memory(scene.dev, false));
	newest = fx_traffic_begun(traffic);
	revoke_in_time(&scene);
	/* the RNR that it waited for turns into a refusal */
	ends_in(traffic, IBV_WC_REM_ACCESS_ERR);
	ok(peerbar_device_set_memory(scene.dev, true));
	fx_scene_is_dead(&scene);
	came_through_right(traffic, &scene, newest);
}

static void test_device_close(void **state)
{
	const struct variant *variant = ((struct fx *)*state)->variant;
	struct fx_scene scene;
	struct fx_traffic *traffic = start(*state, &scene, &fx_patient);
	uint64_t newest;

	fx_scene_close(&scene);
	newest = fx_traffic_begun(traffic);
	if (variant->bar_is_local)
		ends_locally(traffic);
	else
		ends_in(traffic, IBV_WC_REM_ACCESS_ERR);
	fx_scene_open(&scene);
	fx_scene_is_dead(&scene);
	came_through_right(traffic, &scene, newest);
}

#define REMOTE(fn)                                     \
	FX_VARIANT(fn, #fn " under WRITE", &write_to), \
		FX_VARIANT(fn, #fn " under READ", &read_from)
#define LOCAL(fn)                                                       \
	FX_VARIANT(fn, #fn " under WRITE from the BAR", &write_out_of), \
		FX_VARIANT(fn, #fn " under READ into the BAR", &read_into)

int main(void)
{
	const struct CMUnitTest tests[] = {
		REMOTE(test_disable_stalls_the_patient),
		REMOTE(test_disable_ends_the_hasty),
		LOCAL(test_disable_fails_the_local_side),
		REMOTE(test_reset_is_survived),
		FX_VARIANT(test_reset_is_survived,
			   "reset by sysfs is survived under WRITE",
			   &write_sysfs),
		FX_VARIANT(test_reset_is_survived,
			   "reset by sysfs is survived under READ",
			   &read_sysfs),
		LOCAL(test_reset_may_fail_the_local_side),
		REMOTE(test_permanent_revoke),
		LOCAL(test_permanent_revoke),
		REMOTE(test_revoke_while_suspended),
		REMOTE(test_device_close),
		LOCAL(test_device_close),
	};

	return FX_RUN(tests);
}
