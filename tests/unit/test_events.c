// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a watcher is told, by which way it was found out. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "test.h"
#include "fake_kernel.h"
#include "uapi.h"

#define PAGE 4096u

static const struct peerbar_range page = {.length = PAGE};
static struct peerbar_device *dev;
static struct peerbar_buffer *buf;
static struct peerbar_events *events;

static void export_one(void)
{
	assert_int_equal(peerbar_buffer_export(dev, FAKE_BAR, &page, 1, 0, &buf),
			 0);
}

static int set_up(void **state)
{
	fake_reset();
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	export_one();
	events = NULL;
	return 0;
}

static int tear_down(void **state)
{
	peerbar_events_close(events);
	peerbar_buffer_close(buf);
	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static void expect(enum peerbar_state state, uint64_t revokes)
{
	struct peerbar_event event;

	assert_int_equal(peerbar_events_next(events, &event), 0);
	assert_int_equal(event.type, PEERBAR_EVENT_STATE);
	assert_int_equal(event.state, state);
	assert_int_equal(event.revokes, revokes);
}

static void expect_type(enum peerbar_event_type type)
{
	struct peerbar_event event;

	assert_int_equal(peerbar_events_next(events, &event), 0);
	assert_int_equal(event.type, type);
}

static void expect_nothing(void)
{
	struct peerbar_event event = {.revokes = 99};

	assert_error(peerbar_events_next(events, &event), EAGAIN, "nothing");
	assert_int_equal(event.revokes, 99);
	assert_false(fake_readable(peerbar_events_fd(events)));
}

static void wait_readable(void)
{
	struct pollfd fd = {
		.fd = fake_host_fd(peerbar_events_fd(events)),
		.events = POLLIN,
	};

	assert_int_equal(poll(&fd, 1, 60000), 1);
}

static void own_calls_wake_at_once(void **state)
{
	assert_int_equal(peerbar_buffer_watch(buf, 0, &events), 0);
	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_KERNEL);
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_STATE));
	assert_false(peerbar_events_has(events, PEERBAR_EVENT_ERROR));
	expect_nothing();

	assert_int_equal(peerbar_device_reset(dev), 0);
	assert_int_equal(peerbar_device_reset(dev), 0);
	assert_true(fake_readable(peerbar_events_fd(events)));
	expect(PEERBAR_LIVE, 2);
	expect_nothing();

	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	expect(PEERBAR_SUSPENDED, 1);
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	expect(PEERBAR_LIVE, 0);

	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	expect(PEERBAR_REVOKED, 1);
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect_nothing();
}

static void what_others_do_is_found_in_a_period(void **state)
{
	assert_int_equal(peerbar_buffer_watch(buf, 1, &events), 0);
	fake_foreign_reset();
	wait_readable();
	expect(PEERBAR_LIVE, 1);
	wait_readable();
}

static void the_buffer_may_be_closed_meanwhile(void **state)
{
	assert_int_equal(peerbar_buffer_watch(buf, 0, &events), 0);
	peerbar_buffer_close(buf);
	buf = NULL;
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect(PEERBAR_LIVE, 1);
	peerbar_device_close(dev);
	dev = NULL;
	assert_true(fake_readable(peerbar_events_fd(events)));
	expect(PEERBAR_REVOKED, 1);
	expect_nothing();
}

static void without_our_modules_own_calls_are_known(void **state)
{
	fake.has_modules = false;
	assert_int_equal(peerbar_buffer_watch(buf, 0, &events), 0);
	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_CALLS);
	fake_foreign_reset();
	expect_nothing();
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect(PEERBAR_LIVE, 1);
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	expect(PEERBAR_SUSPENDED, 1);
	peerbar_device_close(dev);
	dev = NULL;
	expect(PEERBAR_REVOKED, 1);
}

static void an_importer_learns_of_the_end_only(void **state)
{
	struct peerbar_events *second;
	struct peerbar_buffer *imported;

	assert_int_equal(
		peerbar_buffer_import(peerbar_buffer_fd(buf), &imported), 0);
	assert_int_equal(peerbar_buffer_watch(imported, 1, &events), 0);
	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_PROBE);
	assert_int_equal(peerbar_device_reset(dev), 0);
	wait_readable();
	assert_error(peerbar_events_next(events, &(struct peerbar_event){}),
		     EAGAIN, "nothing");
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	wait_readable();
	expect(PEERBAR_REVOKED, 0);

	assert_error(peerbar_buffer_watch(imported, 1, &second), ENODEV,
		     "revoked for good");
	fake.has_modules = false;
	assert_error(peerbar_buffer_watch(imported, 1, &second), EOPNOTSUPP,
		     "modules");
	peerbar_buffer_close(imported);
}

static void a_device_is_watched_by_a_page_of_it(void **state)
{
	struct peerbar_events *second;

	assert_int_equal(peerbar_device_watch(dev, 0, &events), 0);
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_STATE));
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_ERROR));
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_REQUEST));
	assert_error(peerbar_device_watch(dev, 0, &second), EBUSY,
		     "watched already");

	/* another buffer's end is not the device's */
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	expect_nothing();
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect(PEERBAR_LIVE, 1);

	fake_raise(VFIO_PCI_REQ_IRQ_INDEX);
	fake_raise(VFIO_PCI_ERR_IRQ_INDEX);
	assert_true(fake_readable(peerbar_events_fd(events)));
	expect_type(PEERBAR_EVENT_ERROR);
	expect_type(PEERBAR_EVENT_REQUEST);
	expect_nothing();

	peerbar_events_close(events);
	assert_false(fake_trigger_set(VFIO_PCI_REQ_IRQ_INDEX));
	assert_false(fake_trigger_set(VFIO_PCI_ERR_IRQ_INDEX));
	assert_int_equal(peerbar_device_watch(dev, 0, &events), 0);
	peerbar_device_close(dev);
	dev = NULL;
	expect(PEERBAR_REVOKED, 1);
}

static void what_a_device_cannot_do_is_said(void **state)
{
	fake.reports_errors = false;
	fake.has_export = false;
	assert_int_equal(peerbar_device_watch(dev, 0, &events), 0);
	assert_false(peerbar_events_has(events, PEERBAR_EVENT_STATE));
	assert_false(peerbar_events_has(events, PEERBAR_EVENT_ERROR));
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_REQUEST));
	assert_int_equal(peerbar_device_reset(dev), 0);
	expect_nothing();
}

static void a_watched_device_tells_its_holders(void **state)
{
	struct peerbar_channel *owner, *holder;
	struct peerbar_message message;
	int fds[2];

	fake_socketpair(SOCK_SEQPACKET, fds);
	assert_int_equal(peerbar_channel_open(fds[0], &owner), 0);
	assert_int_equal(peerbar_channel_open(fds[1], &holder), 0);
	assert_int_equal(peerbar_channel_send(owner, buf, NULL, NULL), 0);
	assert_int_equal(peerbar_channel_recv(holder, 0, &message), 0);
	peerbar_buffer_close(message.buf);

	assert_int_equal(peerbar_device_watch(dev, 1, &events), 0);
	fake_foreign_reset();
	wait_readable();
	expect(PEERBAR_LIVE, 1);
	assert_int_equal(peerbar_channel_recv(holder, 0, &message), 0);
	assert_int_equal(message.type, PEERBAR_MESSAGE_STATE);
	assert_int_equal(message.revokes, 1);
	peerbar_channel_close(owner);
	peerbar_channel_close(holder);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(own_calls_wake_at_once),
		TEST(what_others_do_is_found_in_a_period),
		TEST(the_buffer_may_be_closed_meanwhile),
		TEST(without_our_modules_own_calls_are_known),
		TEST(an_importer_learns_of_the_end_only),
		TEST(a_device_is_watched_by_a_page_of_it),
		TEST(what_a_device_cannot_do_is_said),
		TEST(a_watched_device_tells_its_holders),
	};

	return RUN(tests);
}
