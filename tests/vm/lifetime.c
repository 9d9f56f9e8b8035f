// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Descriptors, mappings and processes that outlive what they came from. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "raw.h"
#include "scene.h"

#define SEED 83
#define MS   20000

/* An O_PATH descriptor of a buffer whose file is gone: only the inode lives. */
static int path_without_file(struct fx *fx, struct peerbar_device *dev)
{
	int device_fd = peerbar_device_fd(dev), fd, path;

	fd = ok(fx_export_fd(device_fd, 0, MIB(2), O_RDWR | O_CLOEXEC));
	path = ok(fx_open_path(fd));
	fx_touch(fx_mmap(fx, fd, 0, PAGE, PROT_READ), PAGE);
	fx_keep_fd(fx, path);
	close(fd);
	return path;
}

static void test_path_through_revokes(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	int i;

	for (i = 0; i < 8; i++)
		path_without_file(fx, dev);
	ok(peerbar_device_set_memory(dev, false));
	ok(peerbar_device_set_memory(dev, true));
	ok(peerbar_device_reset(dev));
	fx_drop(fx, dev);
	ok(peerbar_device_reset(fx_device(fx, fx_bdf())));
}

/* The same without a mapping, which would keep the file. */
static void test_path_alone(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	int device_fd = peerbar_device_fd(dev), path[16], fd, i;

	for (i = 0; i < 16; i++) {
		fd = ok(fx_export_fd(device_fd, 0, MIB(2), O_RDWR | O_CLOEXEC));
		path[i] = ok(fx_open_path(fd));
		fx_keep_fd(fx, path[i]);
		close(fd);
	}
	ok(peerbar_device_set_memory(dev, false));
	ok(peerbar_device_set_memory(dev, true));
	/* half of them go while the device lives, half of them after it */
	for (i = 0; i < 8; i++)
		fx_drop_fd(fx, path[i]);
	ok(peerbar_device_reset(dev));
	fx_drop(fx, dev);
	for (i = 8; i < 16; i++)
		fx_drop_fd(fx, path[i]);
	fx_device(fx, fx_bdf());
}

static void test_path_of_a_revoked_buffer(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, MIB(2));
	int path = ok(fx_open_path(peerbar_buffer_fd(buf)));

	fx_keep_fd(fx, path);
	ok(peerbar_buffer_revoke(buf));
	fx_drop(fx, buf);
	ok(peerbar_device_reset(dev));
	fx_drop(fx, dev);
	fx_drop_fd(fx, path);
	fx_device(fx, fx_bdf());
}

/* Owner: exports, sends, and ends with everything open when told. */
static int run_owner(int sock, void *arg)
{
	const struct peerbar_range range = {MIB(2), MIB(2)};
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	char block[PAGE];

	fx_pattern_fill(block, SEED, range.offset, PAGE);
	if (peerbar_device_open(fx_bdf(), NULL, &dev) ||
	    peerbar_device_write(dev, FX_BAR, range.offset, block, PAGE) ||
	    peerbar_buffer_export(dev, FX_BAR, &range, 1, 0, &buf) ||
	    fx_send_fd(sock, peerbar_buffer_fd(buf)))
		return 1;
	fx_hear(sock, 'q', MS);
	return 0;
}

/* Holder: maps what it is sent; the owner ends; nothing is left of it. */
static int run_holder(int sock, void *arg)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	enum peerbar_state state;
	char block[PAGE];
	int fd = fx_recv_fd(sock, MS);

	if (fd < 0 || peerbar_buffer_import(fd, &buf) ||
	    peerbar_buffer_map(buf, 0, 0, 0, &map))
		return 1;
	close(fd);
	if (peerbar_read(map, 0, block, PAGE) ||
	    !fx_pattern_good(block, SEED, MIB(2), PAGE))
		return 2;
	if (!fx_tell(sock, 'm') || !fx_hear(sock, 'g', MS))
		return 3;
	if (peerbar_read(map, 0, block, PAGE) != -ENODEV ||
	    peerbar_write(map, 0, block, PAGE) != -ENODEV)
		return 4;
	if (peerbar_buffer_state(buf, &state) || state != PEERBAR_REVOKED)
		return 5;
	peerbar_buffer_close(buf);
	/* a plain touch of what is left of the mapping, at last */
	(void)*(volatile char *)peerbar_mapping_addr(map);
	return 6;
}

static void test_holder_outlives_the_owner(void **state)
{
	struct fx *fx = *state;
	struct fx_child *owner = fx_fork(fx, run_owner, NULL);
	struct fx_child *holder = fx_fork(fx, run_holder, NULL);
	int fd = ok(fx_recv_fd(owner->sock, MS));

	ok(fx_send_fd(holder->sock, fd));
	close(fd);
	assert_true(fx_hear(holder->sock, 'm', MS));
	fx_tell(owner->sock, 'q');
	assert_int_equal(fx_wait_child(owner, MS), 0);
	/* nobody but the holder is left, and the device is free again */
	fx_device(fx, fx_bdf());
	assert_true(fx_tell(holder->sock, 'g'));
	assert_int_equal(fx_wait_child(holder, MS), -SIGBUS);
}

static void test_holder_of_a_killed_owner(void **state)
{
	struct fx *fx = *state;
	struct fx_child *owner = fx_fork(fx, run_owner, NULL);
	struct fx_child *holder = fx_fork(fx, run_holder, NULL);
	int fd = ok(fx_recv_fd(owner->sock, MS));

	ok(fx_send_fd(holder->sock, fd));
	close(fd);
	assert_true(fx_hear(holder->sock, 'm', MS));
	fx_kill_child(owner);
	fx_device(fx, fx_bdf());
	assert_true(fx_tell(holder->sock, 'g'));
	assert_int_equal(fx_wait_child(holder, MS), -SIGBUS);
}

static int load_after_close(int sock, void *arg)
{
	const struct peerbar_range range = {0, PAGE};
	struct peerbar_device *dev;
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;

	if (peerbar_device_open(fx_bdf(), NULL, &dev) ||
	    peerbar_buffer_export(dev, FX_BAR, &range, 1, 0, &buf) ||
	    peerbar_buffer_map(buf, 0, 0, 0, &map))
		return 1;
	(void)*(volatile char *)peerbar_mapping_addr(map);
	peerbar_device_close(dev);
	(void)*(volatile char *)peerbar_mapping_addr(map);
	return 2;
}

static void test_touch_after_close_then_exit(void **state)
{
	struct fx_child *child = fx_fork(*state, load_after_close, NULL);

	assert_int_equal(fx_wait_child(child, MS), -SIGBUS);
	fx_device(*state, fx_bdf());
}

static void test_mapping_keeps_the_buffer(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, PAGE);
	struct peerbar_mapping *map = fx_map(fx, buf);
	char byte;

	fx_drop(fx, buf);
	ok(peerbar_read(map, 0, &byte, 1));
	ok(peerbar_device_reset(dev));
	ok(peerbar_read(map, 0, &byte, 1));
	fx_drop(fx, dev);
	refused(peerbar_read(map, 0, &byte, 1), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_path_alone),
		FX_TEST(test_path_through_revokes),
		FX_TEST(test_path_of_a_revoked_buffer),
		FX_TEST(test_holder_outlives_the_owner),
		FX_TEST(test_holder_of_a_killed_owner),
		FX_TEST(test_touch_after_close_then_exit),
		FX_TEST(test_mapping_keeps_the_buffer),
	};

	return FX_RUN(tests);
}
