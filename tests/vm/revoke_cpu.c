// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A CPU that loads or stores while the memory is taken back: every way. */
#include <errno.h>
#include <signal.h>

#include "child.h"
#include "scene.h"

/* rounds that prove that a worker is at work */
#define SOME	20
#define SOON_MS 20000

struct variant {
	bool store;
	bool by_sysfs;
};

static const struct variant load = {false, false}, store = {true, false},
			    load_sysfs = {false, true},
			    store_sysfs = {true, true};

static struct fx_cpu *start(struct fx *fx, struct fx_scene *scene)
{
	const struct variant *variant = fx->variant;
	struct fx_cpu *cpu;

	fx_scene(fx, scene);
	cpu = fx_scene_cpu(scene, variant->store);
	assert_true(fx_worker_reaches(&cpu->worker, FX_GOOD, SOME, SOON_MS));
	return cpu;
}

/*
 * Called right after the memory was taken: from now on no access succeeds but
 * the one that was over and not yet counted.
 */
static void is_shut_out(struct fx_cpu *cpu)
{
	uint64_t good = fx_worker_count(&cpu->worker, FX_GOOD);

	assert_true(fx_worker_gains(&cpu->worker, FX_REFUSED, SOME, SOON_MS));
	assert_in_range(fx_worker_count(&cpu->worker, FX_GOOD), good, good + 1);
}

static void came_through_right(struct fx_cpu *cpu, struct fx_scene *scene,
			       uint64_t newest)
{
	fx_worker_stop(&cpu->worker);
	assert_int_equal(fx_worker_count(&cpu->worker, FX_WRONG), 0);
	fx_ledger_check(&cpu->ledger, scene->dev, newest);
}

static void test_memory_disable(void **state)
{
	struct fx_scene scene;
	struct fx_cpu *cpu = start(*state, &scene);
	volatile char *addr = peerbar_mapping_addr(scene.map);
	uint64_t faults = fx_scene_faults(&scene), newest;

	ok(peerbar_device_set_memory(scene.dev, false));
	is_shut_out(cpu);
	assert_int_equal(fx_scene_state(&scene), PEERBAR_SUSPENDED);
	assert_int_equal(fx_load_signal(*state, addr), SIGBUS);
	assert_int_equal(fx_store_signal(*state, addr), SIGBUS);
	assert_in_range(fx_info(scene.buf).faults_refused, SOME, UINT64_MAX);

	ok(peerbar_device_set_memory(scene.dev, true));
	assert_int_equal(fx_scene_state(&scene), PEERBAR_LIVE);
	assert_true(fx_worker_gains(&cpu->worker, FX_GOOD, SOME, SOON_MS));
	assert_in_range(fx_scene_faults(&scene), faults + 1, UINT64_MAX);

	/* what it tries while the memory is away must never arrive */
	ok(peerbar_device_set_memory(scene.dev, false));
	newest = fx_cpu_begun(cpu);
	is_shut_out(cpu);
	fx_worker_stop(&cpu->worker);
	ok(peerbar_device_set_memory(scene.dev, true));
	came_through_right(cpu, &scene, newest);
}

/* Loads (stores) plainly: a signal would end it. */
static int access_plainly(int sock, void *arg)
{
	volatile uint32_t *word = arg;
	uint32_t value = *word;

	while (!fx_hear(sock, 'q', 0)) {
		if (*word != value)
			return 1;
		*word = value;
	}
	return 0;
}

static void test_reset(void **state)
{
	const struct variant *variant = ((struct fx *)*state)->variant;
	struct fx_scene scene;
	struct fx_cpu *cpu = start(*state, &scene);
	/* the last range, which the worker leaves alone */
	char *addr = (char *)peerbar_mapping_addr(scene.map) +
		     peerbar_mapping_size(scene.map) - PAGE;
	struct fx_child *child = fx_fork(*state, access_plainly, addr);
	uint64_t faults;
	int i;

	for (i = 0; i < 3; i++) {
		faults = fx_scene_faults(&scene);
		ok(fx_reset(scene.dev, variant->by_sysfs));
		assert_true(fx_worker_gains(&cpu->worker, FX_GOOD, SOME, SOON_MS));
		assert_in_range(fx_scene_faults(&scene), faults + 1, UINT64_MAX);
	}
	assert_true(fx_tell(child->sock, 'q'));
	assert_int_equal(fx_wait_child(child, SOON_MS), 0);
	assert_int_equal(fx_worker_count(&cpu->worker, FX_REFUSED), 0);
	assert_int_equal(fx_info(scene.buf).faults_refused, 0);
	assert_int_equal(fx_scene_state(&scene), PEERBAR_LIVE);
	came_through_right(cpu, &scene, UINT64_MAX);
}

static void test_permanent_revoke(void **state)
{
	struct fx_scene scene;
	struct fx_cpu *cpu = start(*state, &scene);
	uint64_t newest;

	ok(peerbar_buffer_revoke(scene.buf));
	newest = fx_cpu_begun(cpu);
	is_shut_out(cpu);
	fx_scene_is_dead(&scene);
	ok(peerbar_device_set_memory(scene.dev, false));
	ok(peerbar_device_set_memory(scene.dev, true));
	ok(peerbar_device_reset(scene.dev));
	is_shut_out(cpu);
	fx_scene_is_dead(&scene);
	came_through_right(cpu, &scene, newest);
}

static void test_device_close(void **state)
{
	struct fx_scene scene;
	struct fx_cpu *cpu = start(*state, &scene);
	struct peerbar_buffer_info info;
	uint64_t newest;

	fx_scene_close(&scene);
	newest = fx_cpu_begun(cpu);
	is_shut_out(cpu);
	fx_scene_is_dead(&scene);
	refused(peerbar_buffer_info(scene.buf, &info), -ENODEV);
	refused(peerbar_buffer_revoke(scene.buf), -ENODEV);
	fx_scene_open(&scene);
	is_shut_out(cpu);
	came_through_right(cpu, &scene, newest);
}

#define VARIANTS(fn)                               \
	FX_VARIANT(fn, #fn " under loads", &load), \
		FX_VARIANT(fn, #fn " under stores", &store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VARIANTS(test_memory_disable),
		VARIANTS(test_reset),
		FX_VARIANT(test_reset, "test_reset by sysfs under loads",
			   &load_sysfs),
		FX_VARIANT(test_reset, "test_reset by sysfs under stores",
			   &store_sysfs),
		VARIANTS(test_permanent_revoke),
		VARIANTS(test_device_close),
	};

	return FX_RUN(tests);
}
