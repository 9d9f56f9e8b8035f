// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Atomics and SENDs that meet a buffer which is not there at the moment. */
#include <errno.h>
#include <string.h>

#include "scene.h"

#define MS	 20000
#define STALL_MS 200

static void start(struct fx *fx, struct fx_scene *scene,
		  const struct fx_patience *patience, struct ibv_mr **host)
{
	fx_scene(fx, scene);
	fx_scene_nic(scene, patience);
	*host = fx_host(fx, scene->nic, PAGE);
}

static struct fx_op fetch_add(struct fx_scene *scene, struct ibv_mr *host)
{
	return (struct fx_op){
		.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
		.local = (uintptr_t)host->addr,
		.lkey = host->lkey,
		.remote = 8,
		.rkey = scene->mr->rkey,
		.len = 8,
		.compare_add = 5,
	};
}

static uint64_t word(struct fx_scene *scene)
{
	uint64_t value;

	ok(peerbar_read(scene->map, 8, &value, sizeof(value)));
	return value;
}

static bool stalls(struct fx_scene *scene)
{
	struct ibv_wc wc;

	return fx_next(&scene->pair->end[0], &wc, STALL_MS) == -ETIMEDOUT;
}

/* RNR, then done once: neither lost nor repeated. */
static void test_atomics_wait(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *host;
	struct fx_op op;
	uint64_t before;
	int i;

	start(*state, &scene, &fx_patient, &host);
	op = fetch_add(&scene, host);
	before = word(&scene);
	ok(peerbar_device_set_memory(scene.dev, false));
	for (i = 0; i < 4; i++)
		assert_int_equal(fx_post(&scene.pair->end[0], &op), 0);
	assert_true(stalls(&scene));
	ok(peerbar_device_set_memory(scene.dev, true));
	for (i = 0; i < 4; i++)
		fx_good(fx_done(&scene.pair->end[0]));
	assert_int_equal(word(&scene), before + 4 * 5);
	assert_int_equal(*(uint64_t *)host->addr, before + 3 * 5);
	/* and the responder has forgotten all about it */
	fx_good(fx_do(scene.pair, &op));
	assert_int_equal(word(&scene), before + 5 * 5);
}

static void test_atomics_give_up(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *host;
	struct fx_op op;
	uint64_t before;

	start(*state, &scene, &fx_hasty, &host);
	op = fetch_add(&scene, host);
	before = word(&scene);
	ok(peerbar_device_set_memory(scene.dev, false));
	fx_bad(fx_do(scene.pair, &op), IBV_WC_RNR_RETRY_EXC_ERR);
	ok(peerbar_device_set_memory(scene.dev, true));
	assert_int_equal(word(&scene), before);
	fx_pair_again(scene.pair);
	fx_good(fx_do(scene.pair, &op));
	assert_int_equal(word(&scene), before + 5);
	ok(peerbar_buffer_revoke(scene.buf));
	fx_bad(fx_do(scene.pair, &op), IBV_WC_REM_ACCESS_ERR);
}

static struct fx_op send_from(struct ibv_mr *mr)
{
	return (struct fx_op){
		.opcode = IBV_WR_SEND,
		.local = (uintptr_t)mr->addr,
		.lkey = mr->lkey,
		.len = PAGE,
	};
}

static void test_send_into_the_buffer_waits(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *host;
	struct fx_op op;
	char got[PAGE];

	start(*state, &scene, &fx_patient, &host);
	op = send_from(host);
	fx_pattern_fill(host->addr, 5, 0, PAGE);
	ok(peerbar_device_set_memory(scene.dev, false));
	assert_int_equal(
		fx_post_recv(&scene.pair->end[1], 0, scene.mr->lkey, PAGE), 0);
	assert_int_equal(fx_post(&scene.pair->end[0], &op), 0);
	assert_true(stalls(&scene));
	ok(peerbar_device_set_memory(scene.dev, true));
	fx_good(fx_done(&scene.pair->end[0]));
	fx_good(fx_done(&scene.pair->end[1]));
	ok(peerbar_read(scene.map, 0, got, PAGE));
	fx_pattern_check(got, 5, 0, PAGE);
}

static void test_send_into_a_revoked_buffer_fails(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *host;
	struct fx_op op;

	start(*state, &scene, &fx_patient, &host);
	op = send_from(host);
	assert_int_equal(
		fx_post_recv(&scene.pair->end[1], 0, scene.mr->lkey, PAGE), 0);
	ok(peerbar_buffer_revoke(scene.buf));
	assert_int_not_equal(fx_do(scene.pair, &op), IBV_WC_SUCCESS);
	assert_int_not_equal(fx_done(&scene.pair->end[1]), IBV_WC_SUCCESS);
}

static void test_send_out_of_the_buffer_fails(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *host;
	struct fx_op op;
	struct ibv_wc wc;

	start(*state, &scene, &fx_patient, &host);
	op = send_from(scene.mr);
	fx_pattern_fill(host->addr, 5, 0, PAGE);
	ok(peerbar_device_set_memory(scene.dev, false));
	assert_int_equal(fx_post_recv(&scene.pair->end[1],
				      (uintptr_t)host->addr, host->lkey, PAGE),
			 0);
	assert_int_not_equal(fx_do(scene.pair, &op), IBV_WC_SUCCESS);
	/* nothing was sent in its place */
	assert_int_not_equal(fx_next(&scene.pair->end[1], &wc, STALL_MS), 0);
	fx_pattern_check(host->addr, 5, 0, PAGE);
}

/* Each of many MRs of a buffer comes back by itself. */
static void test_many_mrs_heal(void **state)
{
	enum { NR = 32 };
	struct fx_scene scene;
	struct ibv_mr *host, *mr[NR];
	int i, round;

	start(*state, &scene, &fx_hasty, &host);
	for (i = 0; i < NR; i++)
		mr[i] = fx_reg_part(*state, scene.nic, scene.buf, 100 * i, 100,
				    100 * i);
	for (round = 0; round < 2; round++) {
		fx_pattern_fill(host->addr, round, 0, PAGE);
		for (i = 0; i < NR; i++)
			fx_good(fx_rdma(scene.pair, IBV_WR_RDMA_WRITE, host,
					100 * i, mr[i], 0, 100));
		ok(peerbar_device_set_memory(scene.dev, false));
		ok(peerbar_device_set_memory(scene.dev, true));
	}
	memset(host->addr, 0, PAGE);
	fx_good(fx_rdma(scene.pair, IBV_WR_RDMA_READ, host, 0, scene.mr, 0,
			100 * NR));
	fx_pattern_check(host->addr, 1, 0, 100 * NR);
	ok(peerbar_buffer_revoke(scene.buf));
	for (i = 0; i < NR; i++) {
		fx_bad(fx_rdma(scene.pair, IBV_WR_RDMA_WRITE, host, 0, mr[i], 0,
			       1),
		       IBV_WC_REM_ACCESS_ERR);
		fx_pair_again(scene.pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_atomics_wait),
		FX_TEST(test_atomics_give_up),
		FX_TEST(test_send_into_the_buffer_waits),
		FX_TEST(test_send_into_a_revoked_buffer_fails),
		FX_TEST(test_send_out_of_the_buffer_fails),
		FX_TEST(test_many_mrs_heal),
	};

	return FX_RUN(tests);
}
