// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that does everything, killed at some moment of it.  Nothing of it
 * may be left: no bound resource, no reference, and the device can be used.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "scene.h"

#define ROUNDS	 25
#define START_MS 20000

/* "pd 1 cq 1 qp 2 ..." of the NIC, as the kernel counts */
static void read_resources(char *text, size_t size)
{
	char command[96];
	FILE *pipe;
	size_t n;

	snprintf(command, sizeof(command), "rdma resource show %s",
		 fx_rdma_name());
	pipe = popen(command, "r");
	assert_non_null(pipe);
	n = fread(text, 1, size - 1, pipe);
	text[n] = '\0';
	assert_int_equal(pclose(pipe), 0);
	assert_non_null(strstr(text, "mr "));
}

static int module_references(const char *module)
{
	char path[64];
	FILE *file;
	int n;

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &n), 1);
	fclose(file);
	return n;
}

struct baseline {
	char resources[256];
	int vfio;
	int vfio_core;
	int rxe;
};

static struct baseline take_baseline(void)
{
	struct baseline b;

	memset(&b, 0, sizeof(b));
	read_resources(b.resources, sizeof(b.resources));
	b.vfio = module_references("vfio_pci");
	b.vfio_core = module_references("vfio_pci_core");
	b.rxe = module_references("rdma_rxe");
	return b;
}

static void nothing_is_left(const struct baseline *before)
{
	struct baseline after = take_baseline();

	assert_string_equal(after.resources, before->resources);
	assert_int_equal(after.vfio, before->vfio);
	assert_int_equal(after.vfio_core, before->vfio_core);
	assert_int_equal(after.rxe, before->rxe);
}

/* One turn: as much as possible is open, mapped and in flight at its end. */
static void take_turn(struct fx *fx)
{
	struct fx_traffic *traffic;
	struct fx_scene scene;
	struct fx_cpu *cpu;

	fx_scene(fx, &scene);
	fx_scene_nic(&scene, &fx_patient);
	cpu = fx_scene_cpu(&scene, true);
	traffic = fx_scene_traffic(&scene, IBV_WR_RDMA_WRITE, false);
	fx_worker_gains(&traffic->worker, FX_GOOD, 20, 1000);
	peerbar_device_set_memory(scene.dev, false);
	peerbar_device_set_memory(scene.dev, true);
	fx_worker_gains(&traffic->worker, FX_GOOD, 20, 1000);
	peerbar_device_reset(scene.dev);
	fx_worker_gains(&cpu->worker, FX_GOOD, 20, 1000);
	peerbar_buffer_revoke(scene.buf);
	fx_worker_ends(&traffic->worker, 1000);
}

static int run_victim(int sock, void *arg)
{
	void *state = NULL;

	fx_tell(sock, 's');
	for (;;) {
		state = NULL;
		if (fx_setup(&state))
			return 1;
		take_turn(state);
		fx_teardown(&state);
		fx_tell(sock, 't');
	}
}

/* How long a turn takes here, so that no part of it is spared. */
static unsigned int turn_ms(struct fx *fx)
{
	struct fx_child *child = fx_fork(fx, run_victim, NULL);
	uint64_t start;

	assert_true(fx_hear(child->sock, 's', START_MS));
	start = fx_now_ms();
	assert_true(fx_hear(child->sock, 't', START_MS));
	fx_kill_child(child);
	fx_drop(fx, child);
	return (unsigned int)(fx_now_ms() - start);
}

static void device_is_usable(void)
{
	void *state = NULL;
	struct fx_scene scene;
	struct ibv_mr *host;

	assert_int_equal(fx_setup(&state), 0);
	fx_scene(state, &scene);
	fx_scene_nic(&scene, &fx_hasty);
	host = fx_host(state, scene.nic, PAGE);
	fx_good(fx_rdma(scene.pair, IBV_WR_RDMA_READ, host, 0, scene.mr, 0, PAGE));
	fx_scene_check(&scene, host->addr, PAGE);
	fx_teardown(&state);
}

static void test_kill_at_any_moment(void **state)
{
	struct baseline before = take_baseline();
	uint64_t seed = fx_seed();
	struct fx_child *child;
	unsigned int turn = turn_ms(*state), ms, round;

	printf("# a turn takes %u ms\n", turn);
	for (round = 0; round < ROUNDS; round++) {
		ms = (unsigned int)(fx_random(&seed) % turn);
		child = fx_fork(*state, run_victim, NULL);
		assert_true(fx_hear(child->sock, 's', START_MS));
		/* it must not end by itself */
		assert_int_equal(fx_child_lives(child, (int)ms), true);
		fx_kill_child(child);
		fx_drop(*state, child);
		nothing_is_left(&before);
		if (round % 5 == 4)
			device_is_usable();
	}
	nothing_is_left(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_kill_at_any_moment),
	};

	return FX_RUN(tests);
}
