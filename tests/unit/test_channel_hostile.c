// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes and descriptors that the library would not send. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel_scene.h"
#include "fake_priv.h"
#include "message.h"

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
