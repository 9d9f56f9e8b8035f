// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Buffers that go to another process, and what it is told of them afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"
#include "fake_kernel.h"
#include "fake_priv.h"
#include "message.h"

#define PAGE 4096u

static const struct peerbar_range pieces[] = {
	{4 * PAGE, 2 * PAGE},
	{0, PAGE},
};

/* The owner's side and the holder's. */
static struct peerbar_device *dev;
static struct peerbar_channel *owner, *holder;

static struct peerbar_buffer *export_pieces(unsigned int flags)
{
	struct peerbar_buffer *buf;

	assert_int_equal(peerbar_buffer_export(dev, FAKE_BAR, pieces,
					       NR(pieces), flags, &buf),
			 0);
	return buf;
}

static int set_up(void **state)
{
	int fds[2];

	fake_reset();
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	fake_socketpair(SOCK_SEQPACKET, fds);
	assert_int_equal(peerbar_channel_open(fds[0], &owner), 0);
	assert_int_equal(peerbar_channel_open(fds[1], &holder), 0);
	return 0;
}

static int tear_down(void **state)
{
	peerbar_channel_close(owner);
	peerbar_channel_close(holder);
	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static struct peerbar_message receive(void)
{
	struct peerbar_message message;

	assert_int_equal(peerbar_channel_recv(holder, 0, &message), 0);
	return message;
}

static struct peerbar_buffer *receive_buffer(void)
{
	struct peerbar_message message = receive();

	assert_int_equal(message.type, PEERBAR_MESSAGE_BUFFER);
	return message.buf;
}

static void expect_state(uint64_t id, enum peerbar_state state, uint64_t revokes)
{
	struct peerbar_message message = receive();

	assert_int_equal(message.type, PEERBAR_MESSAGE_STATE);
	assert_int_equal(message.id, id);
	assert_int_equal(message.state, state);
	assert_int_equal(message.revokes, revokes);
	assert_null(message.buf);
}

static void expect_nothing(void)
{
	struct peerbar_message message;

	assert_error(peerbar_channel_recv(holder, 0, &message), EAGAIN,
		     "no message");
}

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

/* What follows sends bytes and descriptors that the library would not send. */
static void send_raw(const void *bytes, size_t len, unsigned int nr_fds,
		     const int *fds)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = {.room = ""};
	struct iovec iov = {.iov_base = (void *)bytes, .iov_len = len};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cmsg;

	if (nr_fds) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(nr_fds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&message);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(nr_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nr_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(fake_host_fd(peerbar_channel_fd(owner)),
				 &message, MSG_NOSIGNAL),
			 len);
}

static unsigned int real_fds(void)
{
	unsigned int fd, nr = 0;

	for (fd = 0; fd < 256; fd++)
		nr += fcntl(fd, F_GETFD) >= 0;
	return nr;
}

static void refused(const void *bytes, size_t len, unsigned int nr_fds,
		    const int *fds, int err, const char *detail)
{
	struct peerbar_message message = {.id = 4711};
	unsigned int held = fake_fds(), really = real_fds();

	send_raw(bytes, len, nr_fds, fds);
	assert_error(peerbar_channel_recv(holder, 0, &message), err, detail);
	assert_int_equal(message.id, 4711);
	assert_int_equal(fake_fds(), held);
	assert_int_equal(real_fds(), really);
}

/* A good message of the pieces, for a test to spoil. */
struct good {
	struct message_buffer buffer;
	struct message_range ranges[NR(pieces)];
};

static struct good good_message(void)
{
	struct message_buffer buffer = {
		.header = {.id = 5},
		.size = 3 * PAGE,
		.bar = FAKE_BAR,
		.nr_ranges = NR(pieces),
		.bdf = FAKE_BDF,
		.name = "good",
	};
	struct good good;

	message_encode_buffer(&good, &buffer, pieces);
	return good;
}

static int token_of(struct peerbar_buffer *buf)
{
	return fake_fd_get(peerbar_buffer_fd(buf))->buf->token;
}

static void the_good_message_is_taken(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct good good = good_message();
	int token = token_of(buf);

	send_raw(&good, sizeof(good), 1, &token);
	peerbar_buffer_close(receive_buffer());
	peerbar_buffer_close(buf);
}

static void malformed_messages_are_refused(void **state)
{
	static const struct {
		size_t offset;
		size_t size;
		uint64_t value;
		int err;
		const char *detail;
	} bad[] = {
#define FIELD(field) \
	offsetof(struct good, field), sizeof(((struct good *)0)->field)
		{FIELD(buffer.header.magic), 1, EPROTO, "not of a channel"},
		{FIELD(buffer.header.version), 2, EPROTONOSUPPORT,
		 "version 2; this library speaks version 1"},
		{FIELD(buffer.header.version), 0, EPROTONOSUPPORT, "version 0"},
		{FIELD(buffer.header.type), 0, EPROTO, "unknown type"},
		{FIELD(buffer.header.type), 3, EPROTO, "unknown type"},
		{FIELD(buffer.header.type), 2, EPROTO, "not that of a state"},
		{FIELD(buffer.header.size), 1, EPROTO, "that it claims"},
		{FIELD(buffer.header.size), UINT32_MAX, EPROTO, "that it claims"},
		{FIELD(buffer.header.reserved), 1, EPROTO, "reserved"},
		{FIELD(buffer.size), 0, EPROTO, "an empty buffer"},
		{FIELD(buffer.size), PAGE, EPROTO, "do not add up"},
		{FIELD(buffer.flags), 2, EPROTO, "unknown flags"},
		{FIELD(buffer.memattr), 2, EPROTO, "unknown memory attribute"},
		{FIELD(buffer.bar), 6, EPROTO, "no such BAR"},
		{FIELD(buffer.nr_ranges), 1, EPROTO, "does not fit its ranges"},
		{FIELD(buffer.nr_ranges), 3, EPROTO, "does not fit its ranges"},
		{FIELD(buffer.nr_ranges), UINT32_MAX, EPROTO, "more ranges"},
		{FIELD(buffer.nr_ranges), 1u << 28, EPROTO, "more ranges"},
		{FIELD(buffer.bdf[0]), 'x', EPROTO, "the PCI address is none"},
		{FIELD(buffer.bdf[0]), 0, EPROTO, "the PCI address is no text"},
		{FIELD(buffer.bdf[12]), 'x', EPROTO, "the PCI address is none"},
		{FIELD(buffer.bdf[23]), 'x', EPROTO, "is no text"},
		{FIELD(buffer.name[1]), '\n', EPROTO, "the name is no text"},
		{FIELD(buffer.name[4]), 0x7f, EPROTO, "the name is no text"},
		{FIELD(buffer.name[63]), 'x', EPROTO, "the name is no text"},
		{FIELD(ranges[0].offset), 1, EPROTO, "not page-aligned"},
		{FIELD(ranges[1].length), 0, EPROTO, "empty"},
		{FIELD(ranges[1].length), 2 * PAGE, EPROTO, "do not add up"},
		{FIELD(ranges[1].offset), -(uint64_t)PAGE, EPROTO,
		 "beyond 64 bits"},
		{FIELD(ranges[1].length), -(uint64_t)PAGE, EPROTO,
		 "beyond 64 bits"},
#undef FIELD
	};
	struct peerbar_buffer *buf = export_pieces(0);
	int token = token_of(buf);
	struct good good;
	unsigned int i;

	for (i = 0; i < NR(bad); i++) {
		good = good_message();
		memcpy((char *)&good + bad[i].offset, &bad[i].value, bad[i].size);
		refused(&good, sizeof(good), 1, &token, bad[i].err,
			bad[i].detail);
	}
	peerbar_buffer_close(buf);
}

static void truncated_messages_are_refused(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct good good = good_message();
	int token = token_of(buf);
	size_t len;

	for (len = 1; len < sizeof(good); len++)
		refused(&good, len, 1, &token, EPROTO, "malformed message");
	/* and when the size is adjusted to it */
	for (len = sizeof(good.buffer.header); len < sizeof(good); len++) {
		good.buffer.header.size = len;
		refused(&good, len, 1, &token, EPROTO, "malformed message");
	}
	peerbar_buffer_close(buf);
}

static void an_oversized_message_is_refused(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	size_t size = MESSAGE_SIZE_MAX + 1;
	struct good good = good_message();
	int token = token_of(buf);
	char *bytes = calloc(1, size);

	memcpy(bytes, &good, sizeof(good));
	refused(bytes, size, 1, &token, EMSGSIZE, "larger than any");
	free(bytes);
	peerbar_buffer_close(buf);
}

static void the_largest_message_passes(void **state)
{
	struct message_buffer buffer = {
		.size = (uint64_t)PEERBAR_MAX_RANGES * PAGE,
		.nr_ranges = PEERBAR_MAX_RANGES,
		.bdf = FAKE_BDF,
	};
	static struct peerbar_range ranges[PEERBAR_MAX_RANGES];
	struct fake_dma_buf *object = fake_dma_buf_new(buffer.size);
	struct peerbar_buffer_attr attr;
	struct peerbar_buffer *got;
	char *bytes = malloc(MESSAGE_SIZE_MAX);
	unsigned int i;

	for (i = 0; i < NR(ranges); i++)
		ranges[i] = (struct peerbar_range){2 * i * PAGE, PAGE};
	message_encode_buffer(bytes, &buffer, ranges);
	send_raw(bytes, MESSAGE_SIZE_MAX, 1, &object->token);
	got = receive_buffer();
	peerbar_buffer_attr(got, &attr);
	assert_int_equal(attr.nr_ranges, PEERBAR_MAX_RANGES);
	assert_memory_equal(attr.ranges, ranges, sizeof(ranges));
	peerbar_buffer_close(got);
	free(bytes);
}

static void the_descriptor_is_checked_against_the_message(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct good good = good_message();
	struct fake_dma_buf *larger = fake_dma_buf_new(4 * PAGE);
	struct fake_dma_buf *read_only = fake_dma_buf_new(3 * PAGE);
	int plain = open("/dev/null", O_RDWR | O_CLOEXEC);
	int token = token_of(buf), many[64];
	unsigned int i;

	read_only->read_only = true;
	refused(&good, sizeof(good), 1, &larger->token, EPROTO,
		"says 0x3000 bytes, its descriptor has 0x4000");
	refused(&good, sizeof(good), 1, &read_only->token, EPROTO,
		"says writable, its descriptor is read-only");
	good.buffer.flags = MESSAGE_READ_ONLY;
	refused(&good, sizeof(good), 1, &token, EPROTO,
		"says read-only, its descriptor is writable");
	good.buffer.flags = 0;
	refused(&good, sizeof(good), 1, &plain, EPROTO, "not a dma-buf");
	refused(&good, sizeof(good), 0, NULL, EPROTO, "without its descriptor");
	for (i = 0; i < NR(many); i++)
		many[i] = token;
	refused(&good, sizeof(good), 2, many, EPROTO, "more than one");
	refused(&good, sizeof(good), 16, many, EPROTO, "more than one");
	refused(&good, sizeof(good), 17, many, EPROTO, "more than one");
	refused(&good, sizeof(good), 64, many, EPROTO, "more than one");
	close(plain);
	peerbar_buffer_close(buf);
}

static void states_are_checked(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	int token = token_of(buf);
	struct message_state good, bad;

	message_encode_state(&good, 3, PEERBAR_SUSPENDED, 9);
	send_raw(&good, sizeof(good), 0, NULL);
	expect_state(3, PEERBAR_SUSPENDED, 9);
	refused(&good, sizeof(good), 1, &token, EPROTO, "with a descriptor");
	bad = good;
	bad.state = 3;
	refused(&bad, sizeof(bad), 0, NULL, EPROTO, "unknown state");
	bad = good;
	bad.reserved = 1;
	refused(&bad, sizeof(bad), 0, NULL, EPROTO, "reserved");
	bad = good;
	bad.header.type = MESSAGE_BUFFER;
	refused(&bad, sizeof(bad), 0, NULL, EPROTO, "shorter than a buffer");
	peerbar_buffer_close(buf);
}

/* The kernel drops what does not fit, and says so. */
static void a_full_table_is_told_from_a_missing_descriptor(void **state)
{
	struct peerbar_buffer *buf = export_pieces(0);
	struct good good = good_message();
	struct peerbar_message message;
	struct rlimit before, none;
	int token = token_of(buf);

	send_raw(&good, sizeof(good), 1, &token);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	/* poll() of one descriptor is refused, too, when none are allowed */
	assert_int_equal(peerbar_channel_recv(holder, 0, &message), -EINVAL);
	none.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_error(peerbar_channel_recv(holder, 0, &message), EMFILE,
		     "no room for it");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	peerbar_buffer_close(buf);
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
		TEST(the_good_message_is_taken),
		TEST(malformed_messages_are_refused),
		TEST(truncated_messages_are_refused),
		TEST(an_oversized_message_is_refused),
		TEST(the_largest_message_passes),
		TEST(the_descriptor_is_checked_against_the_message),
		TEST(states_are_checked),
		TEST(a_full_table_is_told_from_a_missing_descriptor),
	};

	return RUN(tests);
}
