// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Buffers that go to another process, and what it is told of them afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel_scene.h"
#include "fake_priv.h"

static void a_buffer_arrives_with_all_that_is_known(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0), *got;
	struct peerbar_buffer_attr attr;
	struct peerbar_mapping *map;
	struct peerbar_message message;
	uint64_t id = 77;

	memset(fake_bar() + 4 * PAGE, 0x5a, PAGE);
	assert_int_equal(peerbar_channel_send(owner, buf, "slice 3", &id), 0);
	peerbar_buffer_close(buf);

	message = receive();
	assert_int_equal(message.id, id);
	got = message.buf;
	assert_int_equal(peerbar_buffer_size(got), 3 * PAGE);
	peerbar_buffer_attr(got, &attr);
	assert_string_equal(attr.bdf, FAKE_BDF);
	assert_string_equal(attr.name, "slice 3");
	assert_int_equal(attr.bar, FAKE_BAR);
	assert_int_equal(attr.nr_ranges, 2);
	assert_memory_equal(attr.ranges, pieces, sizeof(pieces));
	assert_false(attr.read_only);
	assert_false(attr.exported);

	assert_int_equal(peerbar_buffer_map(got, 0, 0, 0, &map), 0);
	assert_int_equal(*(unsigned char *)peerbar_mapping_addr(map), 0x5a);
	peerbar_mapping_close(map);
	assert_error(peerbar_buffer_revoke(got), EOPNOTSUPP, "imported");
	peerbar_buffer_close(got);
}

static void write_combining_is_told(void **state)
{
	struct peerbar_buffer *buf =
		export_pieces(PEERBAR_EXPORT_WRITE_COMBINING);
	struct peerbar_buffer_attr attr;
	struct peerbar_buffer *got;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, NULL), 0);
	got = receive_buffer();
	peerbar_buffer_attr(got, &attr);
	assert_int_equal(attr.memattr, PEERBAR_WRITE_COMBINING);
	peerbar_buffer_close(got);
	peerbar_buffer_close(buf);
}

static void a_read_only_buffer_stays_so(void **state)
{
	struct peerbar_buffer *buf = export_pieces(PEERBAR_EXPORT_READ_ONLY);
	struct peerbar_buffer *got;
	struct peerbar_mapping *map;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, NULL), 0);
	got = receive_buffer();
	assert_error(peerbar_buffer_map(got, 0, 0, 0, &map), EACCES, "read-only");
	peerbar_buffer_close(got);
	peerbar_buffer_close(buf);
}

static void a_buffer_can_be_passed_on(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0), *got, *again;
	struct peerbar_buffer_attr attr;
	int fd;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, NULL), 0);
	got = receive_buffer();
	assert_int_equal(peerbar_channel_send(owner, got, "again", NULL), 0);
	again = receive_buffer();
	peerbar_buffer_attr(again, &attr);
	assert_string_equal(attr.bdf, FAKE_BDF);
	assert_string_equal(attr.name, "again");
	peerbar_buffer_close(again);
	peerbar_buffer_close(got);

	/* and one of which nothing is known */
	fd = fake_foreign_dma_buf(PAGE, false);
	assert_int_equal(peerbar_buffer_import(fd, &got), 0);
	assert_int_equal(peerbar_channel_send(owner, got, NULL, NULL), 0);
	again = receive_buffer();
	peerbar_buffer_attr(again, &attr);
	assert_string_equal(attr.bdf, "");
	assert_int_equal(attr.nr_ranges, 0);
	peerbar_buffer_close(again);
	peerbar_buffer_close(got);
	fake_close(fd);
	peerbar_buffer_close(buf);
}

static void a_revoke_is_told_to_its_holder_only(void **state)
{
	struct peerbar_buffer *mine = export_pieces(0);
	struct peerbar_buffer *other = export_pieces(0);
	uint64_t id, other_id;

	assert_int_equal(peerbar_channel_send(owner, mine, NULL, &id), 0);
	assert_int_equal(peerbar_channel_send(owner, other, NULL, &other_id), 0);
	assert_int_not_equal(id, other_id);
	peerbar_buffer_close(receive_buffer());
	peerbar_buffer_close(receive_buffer());
	expect_nothing();

	assert_int_equal(peerbar_buffer_revoke(mine), 0);
	expect_state(id, PEERBAR_REVOKED, 1);
	expect_nothing();
	assert_error(peerbar_channel_send(owner, mine, NULL, NULL), ENODEV,
		     "revoked for good");
	peerbar_buffer_close(mine);

	/* the owner's object is not needed to tell */
	peerbar_buffer_close(other);
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect_state(other_id, PEERBAR_LIVE, 1);
	peerbar_device_close(dev);
	dev = NULL;
	expect_state(other_id, PEERBAR_REVOKED, 2);
	expect_nothing();
}

static void memory_off_and_on_are_told(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	uint64_t id;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_buffer_close(receive_buffer());
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	expect_state(id, PEERBAR_SUSPENDED, 1);
	/* who gets it now learns both */
	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_buffer_close(receive_buffer());
	expect_state(id, PEERBAR_SUSPENDED, 0);
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	expect_state(id, PEERBAR_LIVE, 0);
	expect_state(id - 1, PEERBAR_LIVE, 1);
	expect_nothing();
	peerbar_buffer_close(buf);
}

static void what_others_do_is_told_by_a_flush(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	uint64_t id;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_buffer_close(receive_buffer());
	fake_foreign_reset();
	expect_nothing();
	assert_int_equal(peerbar_channel_flush(owner), 0);
	expect_state(id, PEERBAR_LIVE, 1);
	assert_int_equal(peerbar_channel_flush(owner), 0);
	expect_nothing();
	peerbar_buffer_close(buf);
}

static void without_our_modules_own_calls_are_told(void **state)
{
	struct peerbar_buffer *buf;
	uint64_t id;

	fake.has_modules = false;
	buf = export_pieces(0);
	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_buffer_close(receive_buffer());
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect_state(id, PEERBAR_LIVE, 1);
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	expect_state(id, PEERBAR_SUSPENDED, 2);
	peerbar_buffer_close(buf);
	peerbar_device_close(dev);
	dev = NULL;
	expect_state(id, PEERBAR_REVOKED, 3);
}

static void a_forgotten_buffer_is_not_told_of(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	unsigned int fds;
	uint64_t id;

	fds = fake_fds();
	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_buffer_close(receive_buffer());
	assert_int_equal(fake_fds(), fds + 1);
	assert_int_equal(peerbar_channel_forget(owner, id), 0);
	assert_int_equal(fake_fds(), fds);
	assert_error(peerbar_channel_forget(owner, id), ENOENT, "nothing to");
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	expect_nothing();
	peerbar_buffer_close(buf);
}

/* Its receive queue full, the holder keeps nobody waiting and misses nothing. */
static void a_holder_that_does_not_read_is_told_later(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct peerbar_message message;
	unsigned int sent = 0;
	uint64_t id;
	int ret;

	while (!(ret = peerbar_channel_send(owner, buf, NULL, &id)))
		assert_int_equal(peerbar_channel_forget(owner, id), 0), sent++;
	assert_int_equal(ret, -EAGAIN);
	assert_detail("does not read");
	assert_true(sent > 0);
	peerbar_buffer_close(receive_buffer());
	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);

	assert_int_equal(peerbar_device_reset(dev), 0);
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	assert_int_equal(peerbar_channel_flush(owner), -EAGAIN);
	for (; sent; sent--)
		peerbar_buffer_close(receive_buffer());
	expect_nothing();
	assert_int_equal(peerbar_channel_flush(owner), 0);
	expect_state(id, PEERBAR_REVOKED, 2);
	assert_error(peerbar_channel_recv(holder, 0, &message), EAGAIN, "no");
	peerbar_buffer_close(buf);
}

static void the_end_of_the_other_side_is_seen(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct peerbar_message message;
	unsigned int fds = fake_fds();
	uint64_t id;

	assert_int_equal(peerbar_channel_send(owner, buf, NULL, &id), 0);
	peerbar_channel_close(holder);
	holder = NULL;
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	assert_error(peerbar_channel_flush(owner), EPIPE, "closed");
	assert_error(peerbar_channel_flush(owner), EPIPE, "closed");
	assert_int_equal(fake_fds(), fds - 1);
	assert_error(peerbar_channel_recv(owner, -1, &message), EPIPE, "closed");
	assert_error(peerbar_channel_recv(owner, -1, &message), EPIPE, "closed");
	peerbar_buffer_close(buf);
	buf = export_pieces(0);
	assert_error(peerbar_channel_send(owner, buf, NULL, &id), EPIPE,
		     "closed");
	peerbar_buffer_close(buf);
}

static void names_are_checked(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	char name[PEERBAR_NAME_SIZE + 1];

	memset(name, 'n', sizeof(name));
	name[PEERBAR_NAME_SIZE] = '\0';
	assert_error(peerbar_channel_send(owner, buf, name, NULL), EINVAL,
		     "longer than 63");
	assert_error(peerbar_channel_send(owner, buf, "a\nb", NULL), EINVAL,
		     "control characters");
	name[PEERBAR_NAME_SIZE - 1] = '\0';
	assert_int_equal(peerbar_channel_send(owner, buf, name, NULL), 0);
	peerbar_buffer_close(receive_buffer());
	peerbar_buffer_close(buf);
}

static void only_one_kind_of_socket_will_do(void **state)
{
	struct peerbar_channel *ch;
	unsigned int before = fake_fds();
	int fds[2];

	fake_socketpair(SOCK_STREAM, fds);
	assert_error(peerbar_channel_open(fds[0], &ch), EPROTOTYPE, "SEQPACKET");
	fake_close(fds[0]);
	fake_close(fds[1]);
	assert_int_equal(fake_fds(), before);
	peerbar_channel_close(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_buffer_arrives_with_all_that_is_known),
		TEST(write_combining_is_told),
		TEST(a_read_only_buffer_stays_so),
		TEST(a_buffer_can_be_passed_on),
		TEST(a_revoke_is_told_to_its_holder_only),
		TEST(memory_off_and_on_are_told),
		TEST(what_others_do_is_told_by_a_flush),
		TEST(without_our_modules_own_calls_are_told),
		TEST(a_forgotten_buffer_is_not_told_of),
		TEST(a_holder_that_does_not_read_is_told_later),
		TEST(the_end_of_the_other_side_is_seen),
		TEST(names_are_checked),
		TEST(only_one_kind_of_socket_will_do),
	};

	return RUN(tests);
}
