// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Descriptors to poll: what this process does, what others do, and the kernel. */
#include <errno.h>
#include <stdio.h>

#include "bar.h"
#include "child.h"
#include "config.h"
#include "watch.h"

#define WAIT_MS	  30000
#define PERIOD_MS 50

static void expect(struct peerbar_events *events, enum peerbar_state state,
		   uint64_t revokes)
{
	struct peerbar_event event = fx_event_next(events);

	assert_int_equal(event.type, PEERBAR_EVENT_STATE);
	assert_int_equal(event.state, state);
	assert_int_equal(event.revokes, revokes);
	fx_event_none(events);
}

static void test_what_this_process_does(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	/* without a period: its own calls wake it */
	struct peerbar_events *events = fx_watch_buffer(*state, buf, 0);

	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_KERNEL);
	assert_false(fx_events_ready(events, 0));
	ok(peerbar_device_reset(dev));
	assert_true(fx_events_ready(events, 0));
	expect(events, PEERBAR_LIVE, 1);
	assert_false(fx_events_ready(events, 0));
	ok(peerbar_device_set_memory(dev, false));
	expect(events, PEERBAR_SUSPENDED, 1);
	ok(peerbar_device_set_memory(dev, true));
	expect(events, PEERBAR_LIVE, 0);
	ok(peerbar_buffer_revoke(buf));
	expect(events, PEERBAR_REVOKED, 1);
	refused(peerbar_buffer_watch(buf, 0, &events), -ENODEV);
}

/* None of them is missed, although nobody looked between. */
static void test_what_others_do(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_events *events = fx_watch_buffer(*state, buf, PERIOD_MS);
	struct peerbar_event event;
	unsigned int seen = 0;
	int i;

	for (i = 0; i < 3; i++)
		ok(fx_reset(dev, true));
	while (seen < 3) {
		event = fx_event_next(events);
		assert_int_equal(event.state, PEERBAR_LIVE);
		assert_true(event.revokes);
		seen += event.revokes;
	}
	assert_int_equal(seen, 3);
	fx_event_none(events);
}

static void test_a_buffer_that_was_imported(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_buffer *twin = fx_import(*state, peerbar_buffer_fd(buf));
	struct peerbar_events *events = fx_watch_buffer(*state, twin, PERIOD_MS);

	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_PROBE);
	ok(peerbar_device_reset(dev));
	fx_event_none(events);
	ok(peerbar_buffer_revoke(buf));
	expect(events, PEERBAR_REVOKED, 0);
}

static void test_the_device_is_closed(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_events *of_buf = fx_watch_buffer(*state, buf, 0);
	struct peerbar_events *of_dev = fx_watch_device(*state, dev, PERIOD_MS);

	fx_drop(*state, buf);
	fx_drop(*state, dev);
	expect(of_buf, PEERBAR_REVOKED, 1);
	expect(of_dev, PEERBAR_REVOKED, 1);
}

static void test_a_device(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_events *events = fx_watch_device(*state, dev, PERIOD_MS),
			      *second;

	assert_true(peerbar_events_has(events, PEERBAR_EVENT_STATE));
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_REQUEST));
	refused_saying(peerbar_device_watch(dev, 0, &second), -EBUSY,
		       "watched already");
	ok(fx_reset(dev, true));
	expect(events, PEERBAR_LIVE, 1);
	fx_drop(*state, events);
	fx_drop(*state, fx_watch_device(*state, dev, PERIOD_MS));
}

static int unbind(int sock, void *arg)
{
	return fx_hear(sock, 'u', WAIT_MS)
		       ? -fx_sysfs_write(fx_bdf2(), "driver/unbind", fx_bdf2())
		       : 255;
}

static void bind_again(void *obj)
{
	fx_bind(fx_bdf2());
}

/*
 * Somebody unbinds the driver, and waits for us to close the device.  He comes
 * first, or else he would inherit it.
 */
static void test_the_kernel_wants_it_back(void **state)
{
	struct peerbar_events *events;
	struct peerbar_event event;
	struct peerbar_device *dev;
	struct fx_child *child;

	fx_keep(*state, *state, bind_again);
	child = fx_fork(*state, unbind, NULL);
	dev = fx_device(*state, fx_bdf2());
	events = fx_watch_device(*state, dev, PERIOD_MS);
	assert_true(fx_tell(child->sock, 'u'));
	event = fx_event_next(events);
	assert_int_equal(event.type, PEERBAR_EVENT_REQUEST);
	assert_true(fx_child_lives(child, 0));
	fx_drop(*state, events);
	fx_drop(*state, dev);
	assert_int_equal(fx_wait_child(child, WAIT_MS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_what_this_process_does),
		FX_TEST(test_what_others_do),
		FX_TEST(test_a_buffer_that_was_imported),
		FX_TEST(test_the_device_is_closed),
		FX_TEST(test_a_device),
		FX_TEST(test_the_kernel_wants_it_back),
	};

	return FX_RUN(tests);
}
