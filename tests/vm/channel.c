// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Buffers handed to a process that has no right to the device: it maps and
 * registers them, and is told when they are taken back.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bar.h"
#include "child.h"
#include "config.h"
#include "verbs.h"

#define NOBODY	65534
#define SEED	23
#define WAIT_MS 30000

static const struct peerbar_range ranges[] = {
	{MIB(4), KIB(64)},
	{KIB(8), KIB(8)},
};

/**
 * struct talk - an owner, this process, and a holder
 * @holder: has dropped its rights before the device was opened
 * @ch: to it
 */
struct talk {
	struct fx *fx;
	struct fx_child *holder;
	struct peerbar_channel *ch;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
};

/* What a holder does is one function; @ch is its end. */
struct role {
	int (*run)(struct peerbar_channel *ch, int sock);
	int fds[2];
};

static int become_nobody(void)
{
	return setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY) ? -errno
								      : 0;
}

static int hold(int sock, void *arg)
{
	const struct role *role = arg;
	struct peerbar_channel *ch;

	close(role->fds[0]);
	ok(become_nobody());
	ok(peerbar_channel_open(role->fds[1], &ch));
	return role->run(ch, sock);
}

static void drop_channel(void *obj)
{
	peerbar_channel_close(obj);
}

/* The holder first: it is to inherit nothing of the device. */
static struct talk talk(struct fx *fx,
			int (*run)(struct peerbar_channel *ch, int sock))
{
	struct role role = {.run = run};
	struct talk t = {.fx = fx};

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    role.fds),
			 0);
	t.holder = fx_fork(fx, hold, &role);
	close(role.fds[1]);
	ok(peerbar_channel_open(role.fds[0], &t.ch));
	fx_keep(fx, t.ch, drop_channel);
	t.dev = fx_device(fx, fx_bdf());
	fx_bar_fill(t.dev, SEED, ranges[0].offset, ranges[0].length);
	fx_bar_fill(t.dev, SEED, ranges[1].offset, ranges[1].length);
	t.buf = fx_export(fx, t.dev, ranges, ARRAY_LEN(ranges));
	return t;
}

static struct peerbar_buffer *take_buffer(struct peerbar_channel *ch)
{
	struct peerbar_message message;

	ok(peerbar_channel_recv(ch, WAIT_MS, &message));
	assert_int_equal(message.type, PEERBAR_MESSAGE_BUFFER);
	return message.buf;
}

static int use_it(struct peerbar_channel *ch, int sock)
{
	struct peerbar_buffer_attr attr;
	struct peerbar_device *dev;
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	struct peerbar_buffer_info info;

	refused(peerbar_device_open(fx_bdf(), NULL, &dev), -EACCES);
	buf = take_buffer(ch);
	peerbar_buffer_attr(buf, &attr);
	assert_string_equal(attr.bdf, fx_bdf());
	assert_string_equal(attr.name, "two pieces");
	assert_int_equal(attr.bar, FX_BAR);
	assert_int_equal(attr.nr_ranges, ARRAY_LEN(ranges));
	assert_memory_equal(attr.ranges, ranges, sizeof(ranges));
	assert_false(attr.read_only || attr.exported);

	ok(peerbar_buffer_map(buf, 0, 0, 0, &map));
	assert_false(peerbar_mapping_is_fallback(map));
	fx_map_check(map, SEED, ranges, ARRAY_LEN(ranges));
	ok(peerbar_write(map, KIB(64) + 5, "holder", 6));
	/* a holder is no owner */
	refused(peerbar_buffer_revoke(buf), -EOPNOTSUPP);
	refused(peerbar_buffer_info(buf, &info), -EOPNOTSUPP);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
	peerbar_channel_close(ch);
	return 0;
}

static void test_a_holder_without_rights(void **state)
{
	struct talk t = talk(*state, use_it);
	char bytes[6];

	ok(peerbar_channel_send(t.ch, t.buf, "two pieces", NULL));
	assert_int_equal(fx_wait_child(t.holder, WAIT_MS), 0);
	ok(peerbar_device_read(t.dev, FX_BAR, ranges[1].offset + 5, bytes, 6));
	assert_memory_equal(bytes, "holder", 6);
}

static int use_it_by_rdma(struct peerbar_channel *ch, int sock)
{
	void *state = NULL;
	struct peerbar_buffer *buf;
	struct fx_pair *pair;
	struct fx_nic *nic;
	struct ibv_mr *bar, *host;
	struct fx *fx;

	assert_int_equal(fx_setup(&state), 0);
	fx = state;
	buf = take_buffer(ch);
	nic = fx_nic(fx);
	pair = fx_pair(fx, nic, &fx_hasty);
	bar = fx_reg(fx, nic, buf);
	host = fx_host(fx, nic, KIB(64));
	/* an MR holds the memory by itself */
	peerbar_buffer_close(buf);
	fx_good(fx_rdma(pair, IBV_WR_RDMA_READ, host, 0, bar, 0, KIB(64)));
	fx_pattern_check(host->addr, SEED, ranges[0].offset, KIB(64));
	memset(host->addr, 'h', KIB(4));
	fx_good(fx_rdma(pair, IBV_WR_RDMA_WRITE, host, 0, bar, KIB(64), KIB(4)));
	assert_true(fx_tell(sock, 'w'));
	assert_true(fx_hear(sock, 'r', WAIT_MS));
	assert_int_not_equal(fx_rdma(pair, IBV_WR_RDMA_WRITE, host, 0, bar, 0,
				     KIB(4)),
			     IBV_WC_SUCCESS);
	fx_teardown(&state);
	return 0;
}

static void test_a_holder_registers(void **state)
{
	struct talk t = talk(*state, use_it_by_rdma);
	char bytes[16];

	ok(peerbar_channel_send(t.ch, t.buf, NULL, NULL));
	assert_true(fx_hear(t.holder->sock, 'w', WAIT_MS));
	ok(peerbar_device_read(t.dev, FX_BAR, ranges[1].offset, bytes, 16));
	assert_memory_equal(bytes, "hhhhhhhhhhhhhhhh", 16);
	ok(peerbar_buffer_revoke(t.buf));
	assert_true(fx_tell(t.holder->sock, 'r'));
	assert_int_equal(fx_wait_child(t.holder, WAIT_MS), 0);
	fx_bar_check(t.dev, SEED, ranges[0].offset, ranges[0].length);
}

/* What the owner does, one letter each, and what its holder must hear then. */
static const struct news {
	char cause;
	enum peerbar_state state;
	uint64_t revokes;
	int access;
} all_news[] = {
	{'r', PEERBAR_LIVE, 1, 0},
	{'-', PEERBAR_SUSPENDED, 2, -ENODEV},
	{'+', PEERBAR_LIVE, 2, 0},
	{'s', PEERBAR_LIVE, 3, 0},
	{'x', PEERBAR_REVOKED, 4, -ENODEV},
};

static int hear_news(struct peerbar_channel *ch, int sock)
{
	struct peerbar_buffer *buf = take_buffer(ch);
	struct peerbar_message message;
	struct peerbar_mapping *map;
	unsigned int i;
	char byte;

	ok(peerbar_buffer_map(buf, 0, 0, 0, &map));
	for (i = 0; i < ARRAY_LEN(all_news); i++) {
		assert_true(fx_tell(sock, '?'));
		ok(peerbar_channel_recv(ch, WAIT_MS, &message));
		assert_int_equal(message.type, PEERBAR_MESSAGE_STATE);
		assert_int_equal(message.id, 0);
		assert_int_equal(message.state, all_news[i].state);
		assert_int_equal(message.revokes, all_news[i].revokes);
		assert_int_equal(peerbar_read(map, 0, &byte, 1),
				 all_news[i].access);
	}
	refused(peerbar_buffer_map(buf, 0, 0, 0, &map), -ENODEV);
	assert_true(fx_tell(sock, '.'));
	/* and then nothing more */
	refused(peerbar_channel_recv(ch, WAIT_MS, &message), -EPIPE);
	return 0;
}

static void bring_about(struct talk *t, char cause)
{
	switch (cause) {
	case 'r':
		ok(peerbar_device_reset(t->dev));
		break;
	case '-':
		ok(peerbar_device_set_memory(t->dev, false));
		break;
	case '+':
		ok(peerbar_device_set_memory(t->dev, true));
		break;
	case 's':
		/* nobody notices before somebody looks */
		ok(fx_reset(t->dev, true));
		ok(peerbar_channel_flush(t->ch));
		break;
	default:
		ok(peerbar_buffer_revoke(t->buf));
	}
}

static void test_holders_are_told(void **state)
{
	struct talk t = talk(*state, hear_news);
	unsigned int i;
	uint64_t id;

	ok(peerbar_channel_send(t.ch, t.buf, "slice", &id));
	assert_int_equal(id, 0);
	for (i = 0; i < ARRAY_LEN(all_news); i++) {
		assert_true(fx_hear(t.holder->sock, '?', WAIT_MS));
		bring_about(&t, all_news[i].cause);
	}
	assert_true(fx_hear(t.holder->sock, '.', WAIT_MS));
	refused(peerbar_channel_send(t.ch, t.buf, NULL, NULL), -ENODEV);
	fx_drop(t.fx, t.ch);
	assert_int_equal(fx_wait_child(t.holder, WAIT_MS), 0);
}

static int only_read(struct peerbar_channel *ch, int sock)
{
	struct peerbar_buffer *buf = take_buffer(ch);
	struct peerbar_mapping *map;
	struct peerbar_buffer_attr attr;

	peerbar_buffer_attr(buf, &attr);
	assert_true(attr.read_only);
	refused(peerbar_buffer_map(buf, 0, 0, 0, &map), -EACCES);
	ok(peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_READ, &map));
	fx_map_check(map, SEED, ranges, 1);
	refused(peerbar_write(map, 0, "x", 1), -EACCES);
	/* past the library there is no way either */
	assert_int_equal(mprotect(peerbar_mapping_addr(map), PAGE,
				  PROT_READ | PROT_WRITE),
			 -1);
	assert_int_equal(errno, EACCES);
	return 0;
}

static void test_read_only(void **state)
{
	struct talk t = talk(*state, only_read);
	struct peerbar_buffer *buf;

	ok(peerbar_buffer_export(t.dev, FX_BAR, ranges, 1,
				 PEERBAR_EXPORT_READ_ONLY, &buf));
	ok(peerbar_channel_send(t.ch, buf, NULL, NULL));
	peerbar_buffer_close(buf);
	assert_int_equal(fx_wait_child(t.holder, WAIT_MS), 0);
}

/* An owner that is another process, and is killed. */
static int own(int sock, void *arg)
{
	const int *fds = arg;
	const struct peerbar_range range = {0, KIB(64)};
	struct peerbar_channel *ch;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;

	close(fds[0]);
	ok(peerbar_channel_open(fds[1], &ch));
	ok(peerbar_device_open(fx_bdf(), NULL, &dev));
	ok(peerbar_buffer_export(dev, FX_BAR, &range, 1, 0, &buf));
	ok(peerbar_channel_send(ch, buf, "mortal", NULL));
	fx_hear(sock, 'n', 10 * WAIT_MS);
	return 1;
}

static void test_the_owner_is_killed(void **state)
{
	struct peerbar_message message;
	struct peerbar_channel *ch;
	struct peerbar_mapping *map;
	struct fx_child *owner;
	struct peerbar_buffer *buf;
	enum peerbar_state found;
	int fds[2];
	char byte;

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	owner = fx_fork(*state, own, fds);
	close(fds[1]);
	ok(peerbar_channel_open(fds[0], &ch));
	fx_keep(*state, ch, drop_channel);
	buf = take_buffer(ch);
	ok(peerbar_buffer_map(buf, 0, 0, 0, &map));
	ok(peerbar_read(map, 0, &byte, 1));
	fx_kill_child(owner);
	refused(peerbar_channel_recv(ch, WAIT_MS, &message), -EPIPE);
	/* its process has been waited for: the device is closed */
	refused(peerbar_read(map, 0, &byte, 1), -ENODEV);
	ok(peerbar_buffer_state(buf, &found));
	assert_int_equal(found, PEERBAR_REVOKED);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_a_holder_without_rights),
		FX_TEST(test_a_holder_registers),
		FX_TEST(test_holders_are_told),
		FX_TEST(test_read_only),
		FX_TEST(test_the_owner_is_killed),
	};

	return FX_RUN(tests);
}
