// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An error on the link: what the user is told, when, and how he gets on. */
#include <errno.h>
#include <linux/pci_regs.h>
#include <signal.h>
#include <stdio.h>

#include "cause.h"
#include "child.h"
#include "log.h"
#include "watch.h"

#define SEED	91
#define LEN	KIB(64)
#define WAIT_MS 60000

struct link {
	struct fx *fx;
	struct fx_site site;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct peerbar_events *events;
	struct fx_log log;
};

static void link_open(struct fx *fx, struct link *link)
{
	*link = (struct link){.fx = fx, .site.fx = fx};
	link->site.dev = fx_link_device(fx);
	fx_bar_fill(link->site.dev, SEED, 0, LEN);
	link->buf = fx_export_one(fx, link->site.dev, 0, LEN);
	link->site.dmabuf_fd = peerbar_buffer_fd(link->buf);
	link->map = fx_map(fx, link->buf);
	link->events = fx_watch_device(fx, link->site.dev, 10);
	assert_true(peerbar_events_has(link->events, PEERBAR_EVENT_ERROR));
}

static void reads_well(struct link *link)
{
	static char mem[LEN];

	ok(peerbar_read(link->map, 0, mem, LEN));
	fx_pattern_check(mem, SEED, 0, LEN);
}

static enum peerbar_state state_of(struct link *link)
{
	enum peerbar_state now;

	ok(peerbar_buffer_state(link->buf, &now));
	return now;
}

static void inject(struct link *link, uint32_t status)
{
	fx_log_mark(link->fx, &link->log);
	ok(fx_link_error(fx_bdf_nvme(), status));
}

/* The port says so last of all, to nobody but the log. */
static void await_recovery(struct link *link)
{
	const char *const says[] = {"device recovery successful", NULL};

	assert_true(fx_logged(&link->log, says, WAIT_MS));
}

static void break_link(struct link *link)
{
	inject(link, PCI_ERR_UNC_MALF_TLP);
	fx_event_await(link->events, PEERBAR_EVENT_ERROR);
	await_recovery(link);
}

static void test_who_is_told_has_lost_it(void **state)
{
	volatile char *addr;
	struct link link;
	char byte;

	link_open(*state, &link);
	reads_well(&link);
	break_link(&link);
	assert_int_equal(state_of(&link), PEERBAR_SUSPENDED);
	refused(peerbar_read(link.map, 0, &byte, 1), -ENODEV);
	addr = peerbar_mapping_addr(link.map);
	assert_int_equal(fx_load_signal(*state, addr), SIGBUS);
	assert_int_equal(fx_info(link.buf).revokes, 1);
}

/* The device has no BARs any more, and a reset restores the BARs it finds. */
static void test_a_reset_alone_does_not_give_it_back(void **state)
{
	struct link link;

	link_open(*state, &link);
	break_link(&link);
	ok(peerbar_device_reset(link.site.dev));
	assert_int_equal(state_of(&link), PEERBAR_SUSPENDED);
	ok(peerbar_device_set_memory(link.site.dev, true));
	assert_int_equal(state_of(&link), PEERBAR_LIVE);
	reads_well(&link);
}

static void test_again_and_again(void **state)
{
	struct link link;
	int i;

	link_open(*state, &link);
	for (i = 1; i <= 5; i++) {
		break_link(&link);
		assert_int_equal(fx_info(link.buf).revokes, i);
		ok(peerbar_device_set_memory(link.site.dev, true));
		reads_well(&link);
	}
}

/* What is exported meanwhile is as far away as what was there before. */
static void test_what_is_exported_meanwhile(void **state)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	struct link link;
	char byte;

	link_open(*state, &link);
	break_link(&link);
	buf = fx_export_one(*state, link.site.dev, 0, LEN);
	map = fx_map(*state, buf);
	refused(peerbar_read(map, 0, &byte, 1), -ENODEV);
	ok(peerbar_device_set_memory(link.site.dev, true));
	ok(peerbar_read(map, 0, &byte, 1));
	reads_well(&link);
}

/* The link is not reset for it. */
static void test_an_error_that_is_not_fatal_takes_nothing(void **state)
{
	struct link link;

	link_open(*state, &link);
	inject(&link, PCI_ERR_UNC_COMP_TIME);
	fx_event_await(link.events, PEERBAR_EVENT_ERROR);
	await_recovery(&link);
	assert_int_equal(state_of(&link), PEERBAR_LIVE);
	assert_int_equal(fx_info(link.buf).revokes, 0);
	reads_well(&link);
}

static void link_close(struct link *link)
{
	fx_drop(link->fx, link->events);
	fx_drop(link->fx, link->map);
	fx_drop(link->fx, link->buf);
	fx_drop(link->fx, link->site.dev);
}

/* It can be opened as soon as the link is up. */
static void await_open(void)
{
	peerbar_device_close(fx_open_at_last(fx_bdf_nvme(), WAIT_MS));
}

/* The next user finds all of it, whether the last one saw the error or not. */
static void test_closed_before_and_after(void **state)
{
	struct link link;

	link_open(*state, &link);
	inject(&link, PCI_ERR_UNC_MALF_TLP);
	link_close(&link);
	await_recovery(&link);
	await_open();
	link_open(*state, &link);
	reads_well(&link);
	link_close(&link);
	inject(&link, PCI_ERR_UNC_MALF_TLP);
	await_recovery(&link);
	await_open();
	link_open(*state, &link);
	reads_well(&link);
}

static void test_memory_turned_on_too_early(void **state)
{
	struct link link;

	link_open(*state, &link);
	inject(&link, PCI_ERR_UNC_MALF_TLP);
	fx_event_await(link.events, PEERBAR_EVENT_STATE);
	ok(peerbar_device_set_memory(link.site.dev, true));
	fx_event_await(link.events, PEERBAR_EVENT_ERROR);
	if (state_of(&link) == PEERBAR_SUSPENDED)
		ok(peerbar_device_set_memory(link.site.dev, true));
	reads_well(&link);
	await_recovery(&link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_who_is_told_has_lost_it),
		FX_TEST(test_a_reset_alone_does_not_give_it_back),
		FX_TEST(test_again_and_again),
		FX_TEST(test_what_is_exported_meanwhile),
		FX_TEST(test_an_error_that_is_not_fatal_takes_nothing),
		FX_TEST(test_memory_turned_on_too_early),
		FX_TEST(test_closed_before_and_after),
	};

	return FX_RUN(tests);
}
