// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The states of a buffer and what leads from one to the other. */
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "raw.h"
#include "scene.h"

static void test_disabling_twice_counts_once(void **state)
{
	struct fx_scene scene;

	fx_scene(*state, &scene);
	assert_int_equal(fx_info(scene.buf).revokes, 0);
	ok(peerbar_device_set_memory(scene.dev, false));
	ok(peerbar_device_set_memory(scene.dev, false));
	assert_int_equal(fx_info(scene.buf).revokes, 1);
	assert_int_equal(fx_scene_state(&scene), PEERBAR_SUSPENDED);
	ok(peerbar_device_set_memory(scene.dev, true));
	ok(peerbar_device_set_memory(scene.dev, true));
	assert_int_equal(fx_info(scene.buf).revokes, 1);
	assert_int_equal(fx_scene_state(&scene), PEERBAR_LIVE);
	ok(peerbar_device_reset(scene.dev));
	assert_int_equal(fx_info(scene.buf).revokes, 2);
	ok(peerbar_buffer_revoke(scene.buf));
	assert_int_equal(fx_info(scene.buf).revokes, 3);
	assert_in_range(fx_info(scene.buf).revoke_ns, 1, 3000000000u);
	/* what is dead is not revoked once more */
	ok(peerbar_device_reset(scene.dev));
	assert_int_equal(fx_info(scene.buf).revokes, 3);
}

static void test_revoking_twice_is_an_error(void **state)
{
	struct fx_scene scene;

	fx_scene(*state, &scene);
	ok(peerbar_buffer_revoke(scene.buf));
	refused_saying(peerbar_buffer_revoke(scene.buf), -EBADFD, "already");
	refused(peerbar_buffer_revoke(scene.buf), -EBADFD);
	fx_scene_is_dead(&scene);
}

static void test_a_duplicate_is_the_same_buffer(void **state)
{
	struct fx_scene scene;
	int twin, device_fd;

	fx_scene(*state, &scene);
	device_fd = peerbar_device_fd(scene.dev);
	twin = dup(peerbar_buffer_fd(scene.buf));
	fx_keep_fd(*state, twin);
	ok(fx_revoke_fd(device_fd, twin));
	refused(peerbar_buffer_revoke(scene.buf), -EBADFD);
	refused(fx_revoke_fd(device_fd, twin), -EBADFD);
	fx_scene_is_dead(&scene);
}

static void test_map_while_suspended(void **state)
{
	struct fx *fx = *state;
	struct peerbar_mapping *map;
	struct fx_scene scene;
	char byte;

	fx_scene(fx, &scene);
	ok(peerbar_device_set_memory(scene.dev, false));
	map = fx_map(fx, scene.buf);
	refused(peerbar_read(map, 0, &byte, 1), -ENODEV);
	assert_int_equal(fx_load_signal(fx, peerbar_mapping_addr(map)), SIGBUS);
	ok(peerbar_device_set_memory(scene.dev, true));
	ok(peerbar_read(map, 0, &byte, 1));
	assert_int_equal(fx_load_signal(fx, peerbar_mapping_addr(map)), 0);
}

static void test_export_while_suspended(void **state)
{
	struct fx *fx = *state;
	struct fx_scene scene;

	fx_scene(fx, &scene);
	ok(peerbar_device_set_memory(scene.dev, false));
	scene.buf = fx_export_one(fx, scene.dev, MIB(1), MIB(1));
	assert_int_equal(fx_scene_state(&scene), PEERBAR_SUSPENDED);
	scene.map = fx_map(fx, scene.buf);
	assert_int_equal(fx_load_signal(fx, peerbar_mapping_addr(scene.map)),
			 SIGBUS);
	ok(peerbar_device_set_memory(scene.dev, true));
	assert_int_equal(fx_scene_state(&scene), PEERBAR_LIVE);
	fx_touch(peerbar_mapping_addr(scene.map), MIB(1));
	ok(peerbar_device_set_memory(scene.dev, false));
	ok(peerbar_buffer_revoke(scene.buf));
	ok(peerbar_device_set_memory(scene.dev, true));
	fx_scene_is_dead(&scene);
}

static void test_register_when_it_is_gone(void **state)
{
	struct fx_scene scene;
	struct ibv_mr *mr;

	fx_scene(*state, &scene);
	scene.nic = fx_nic(*state);
	ok(peerbar_device_set_memory(scene.dev, false));
	refused(peerbar_verbs_reg_mr(scene.nic->pd, scene.buf, 0, PAGE, 0,
				     FX_ACCESS, &mr),
		-ENODEV);
	ok(peerbar_device_set_memory(scene.dev, true));
	fx_reg(*state, scene.nic, scene.buf);
	ok(peerbar_buffer_revoke(scene.buf));
	refused(peerbar_verbs_reg_mr(scene.nic->pd, scene.buf, 0, PAGE, 0,
				     FX_ACCESS, &mr),
		-ENODEV);
}

static void test_a_holder_sees_the_end(void **state)
{
	struct fx *fx = *state;
	enum peerbar_state found;
	struct peerbar_buffer *twin;
	struct fx_scene scene;

	fx_scene(fx, &scene);
	twin = fx_import(fx, peerbar_buffer_fd(scene.buf));
	assert_int_equal(peerbar_buffer_size(twin),
			 peerbar_buffer_size(scene.buf));
	ok(peerbar_buffer_state(twin, &found));
	assert_int_equal(found, PEERBAR_LIVE);
	ok(peerbar_device_set_memory(scene.dev, false));
	ok(peerbar_buffer_state(twin, &found));
	assert_int_equal(found, PEERBAR_LIVE);
	refused(peerbar_buffer_revoke(twin), -EOPNOTSUPP);
	ok(peerbar_buffer_revoke(scene.buf));
	ok(peerbar_buffer_state(twin, &found));
	assert_int_equal(found, PEERBAR_REVOKED);
}

static void test_export_anew_after_revoke(void **state)
{
	struct fx_scene scene;
	struct fx_traffic *traffic;

	fx_scene(*state, &scene);
	fx_scene_nic(&scene, &fx_hasty);
	ok(peerbar_buffer_revoke(scene.buf));
	fx_scene_is_dead(&scene);
	fx_scene_close(&scene);
	fx_scene(*state, &scene);
	fx_scene_nic(&scene, &fx_hasty);
	traffic = fx_scene_traffic(&scene, IBV_WR_RDMA_WRITE, false);
	assert_true(fx_worker_reaches(&traffic->worker, FX_GOOD, 20, 20000));
	fx_worker_stop(&traffic->worker);
	fx_ledger_check(&traffic->ledger, scene.dev, UINT64_MAX);
}

/* The zap must find device-fd mappings, too: they have other offsets. */
static void test_device_mapping_is_shut_as_well(void **state)
{
	struct fx_scene scene;
	volatile char *addr;

	fx_scene(*state, &scene);
	addr = fx_mmap_device(*state, scene.dev, MIB(8), PAGE);
	assert_int_equal(fx_load_signal(*state, addr), 0);
	ok(peerbar_device_set_memory(scene.dev, false));
	assert_int_equal(fx_load_signal(*state, addr), SIGBUS);
	ok(peerbar_device_set_memory(scene.dev, true));
	assert_int_equal(fx_load_signal(*state, addr), 0);
	/* it is no mapping of the buffer */
	ok(peerbar_buffer_revoke(scene.buf));
	assert_int_equal(fx_load_signal(*state, addr), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_disabling_twice_counts_once),
		FX_TEST(test_revoking_twice_is_an_error),
		FX_TEST(test_a_duplicate_is_the_same_buffer),
		FX_TEST(test_map_while_suspended),
		FX_TEST(test_export_while_suspended),
		FX_TEST(test_register_when_it_is_gone),
		FX_TEST(test_a_holder_sees_the_end),
		FX_TEST(test_export_anew_after_revoke),
		FX_TEST(test_device_mapping_is_shut_as_well),
	};

	return FX_RUN(tests);
}
