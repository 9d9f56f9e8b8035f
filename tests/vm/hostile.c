// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Messages that nobody should send, with descriptors of the real kernel: each is
 * refused with its error, and leaves nothing behind in the receiver.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <message.h>

#include "bar.h"
#include "raw.h"

#define SIZE	KIB(64)
#define FDS_MAX 20

/**
 * struct scene - a receiver, and what its hostile sender has
 * @sock: the sender's end
 * @good: a dma-buf of SIZE bytes
 * @small: one of a page
 * @read_only: of SIZE bytes, O_RDONLY
 * @plain: no dma-buf
 */
struct scene {
	struct peerbar_channel *ch;
	int sock;
	int good;
	int small;
	int read_only;
	int plain;
	int before;
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int nr = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static void drop_channel(void *obj)
{
	peerbar_channel_close(obj);
}

static int export_fd(struct fx *fx, struct peerbar_device *dev, uint64_t size,
		     unsigned int flags)
{
	const struct peerbar_range range = {0, size};
	struct peerbar_buffer *buf;
	int fd;

	ok(peerbar_buffer_export(dev, FX_BAR, &range, 1, flags, &buf));
	fd = dup(peerbar_buffer_fd(buf));
	assert_true(fd >= 0);
	peerbar_buffer_close(buf);
	fx_keep_fd(fx, fd);
	return fd;
}

static struct scene scene(struct fx *fx)
{
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct scene s;
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	ok(peerbar_channel_open(fds[0], &s.ch));
	fx_keep(fx, s.ch, drop_channel);
	s.sock = fds[1];
	fx_keep_fd(fx, s.sock);
	s.good = export_fd(fx, dev, SIZE, 0);
	s.small = export_fd(fx, dev, PAGE, 0);
	s.read_only = export_fd(fx, dev, SIZE, PEERBAR_EXPORT_READ_ONLY);
	s.plain = open("/dev/null", O_RDWR | O_CLOEXEC);
	fx_keep_fd(fx, s.plain);
	s.before = count_fds();
	return s;
}

static void send_with(struct scene *s, const void *bytes, size_t len,
		      const int *fds, unsigned int nr_fds)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)bytes, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (nr_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nr_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(s->sock, &msg, MSG_NOSIGNAL), len);
}

static void expect(struct scene *s, int err, const char *word)
{
	struct peerbar_message message = {.id = 77};

	refused_saying(peerbar_channel_recv(s->ch, 0, &message), err, word);
	assert_int_equal(message.id, 77);
	assert_int_equal(count_fds(), s->before);
}

static struct message_buffer good_message(void)
{
	return (struct message_buffer){
		.header = {.magic = MESSAGE_MAGIC,
			   .version = MESSAGE_VERSION,
			   .type = MESSAGE_BUFFER,
			   .size = sizeof(struct message_buffer),
			   .id = 1},
		.size = SIZE,
	};
}

static void accepted(struct scene *s)
{
	const struct message_buffer message = good_message();
	struct peerbar_message got;

	send_with(s, &message, sizeof(message), &s->good, 1);
	ok(peerbar_channel_recv(s->ch, 0, &got));
	assert_int_equal(peerbar_buffer_size(got.buf), SIZE);
	peerbar_buffer_close(got.buf);
	assert_int_equal(count_fds(), s->before);
}

static void test_descriptors_at_odds_with_the_message(void **state)
{
	struct message_buffer message = good_message();
	struct scene s = scene(*state);
	const int two[] = {s.good, s.good};
	int many[FDS_MAX], i;

	accepted(&s);
	send_with(&s, &message, sizeof(message), NULL, 0);
	expect(&s, -EPROTO, "without its descriptor");
	send_with(&s, &message, sizeof(message), &s.plain, 1);
	expect(&s, -EPROTO, "dma-buf");
	send_with(&s, &message, sizeof(message), &s.small, 1);
	expect(&s, -EPROTO, "bytes");
	send_with(&s, &message, sizeof(message), &s.sock, 1);
	expect(&s, -EPROTO, "dma-buf");
	send_with(&s, &message, sizeof(message), two, 2);
	expect(&s, -EPROTO, "more than one descriptor");
	for (i = 0; i < FDS_MAX; i++)
		many[i] = i % 2 ? s.good : s.plain;
	send_with(&s, &message, sizeof(message), many, FDS_MAX);
	expect(&s, -EPROTO, "more than one descriptor");
	/* says that it can be written to, and cannot; and the other way */
	send_with(&s, &message, sizeof(message), &s.read_only, 1);
	expect(&s, -EPROTO, "read");
	message.flags = MESSAGE_READ_ONLY;
	send_with(&s, &message, sizeof(message), &s.good, 1);
	expect(&s, -EPROTO, "read");
	accepted(&s);
}

static void test_an_o_path_descriptor(void **state)
{
	const struct message_buffer message = good_message();
	struct scene s = scene(*state);
	int fd = fx_open_path(s.good);

	if (fd < 0)
		return;
	fx_keep_fd(*state, fd);
	s.before = count_fds();
	send_with(&s, &message, sizeof(message), &fd, 1);
	expect(&s, -EPROTO, "");
}

static void test_malformed_messages(void **state)
{
	static unsigned char junk[MESSAGE_SIZE_MAX + 64];
	struct scene s = scene(*state);
	struct message_buffer message;
	struct message_state news = {
		.header = {.magic = MESSAGE_MAGIC,
			   .version = MESSAGE_VERSION,
			   .type = MESSAGE_STATE,
			   .size = sizeof(news)},
		.state = 3,
	};

	send_with(&s, "x", 1, &s.good, 1);
	expect(&s, -EPROTO, "header");
	send_with(&s, junk, 4096, &s.good, 1);
	expect(&s, -EPROTO, "channel of peerbar");
	send_with(&s, junk, sizeof(junk), &s.good, 1);
	expect(&s, -EMSGSIZE, "larger");
	message = good_message();
	message.header.version = 2;
	send_with(&s, &message, sizeof(message), &s.good, 1);
	expect(&s, -EPROTONOSUPPORT, "version 2");
	message = good_message();
	message.nr_ranges = UINT32_MAX;
	send_with(&s, &message, sizeof(message), &s.good, 1);
	expect(&s, -EPROTO, "ranges");
	message = good_message();
	memset(message.name, 'x', sizeof(message.name));
	send_with(&s, &message, sizeof(message), &s.good, 1);
	expect(&s, -EPROTO, "name");
	send_with(&s, &news, sizeof(news), NULL, 0);
	expect(&s, -EPROTO, "state");
	news.state = PEERBAR_REVOKED;
	send_with(&s, &news, sizeof(news), &s.good, 1);
	expect(&s, -EPROTO, "with a descriptor");
	accepted(&s);
}

/* Every beginning of a good message, with the descriptor. */
static void test_truncated_messages(void **state)
{
	const struct message_buffer message = good_message();
	struct scene s = scene(*state);
	size_t len;

	for (len = 1; len < sizeof(message); len++) {
		send_with(&s, &message, len, &s.good, 1);
		expect(&s, -EPROTO, "malformed");
	}
	accepted(&s);
}

static void test_no_room_for_the_descriptor(void **state)
{
	const struct message_buffer message = good_message();
	struct scene s = scene(*state);
	struct rlimit before, none;
	struct peerbar_message got;

	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = 3;
	send_with(&s, &message, sizeof(message), &s.good, 1);
	setrlimit(RLIMIT_NOFILE, &none);
	refused_saying(peerbar_channel_recv(s.ch, 0, &got), -EMFILE, "ulimit");
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(count_fds(), s.before);
	accepted(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_descriptors_at_odds_with_the_message),
		FX_TEST(test_an_o_path_descriptor),
		FX_TEST(test_malformed_messages),
		FX_TEST(test_truncated_messages),
		FX_TEST(test_no_room_for_the_descriptor),
	};

	return FX_RUN(tests);
}
