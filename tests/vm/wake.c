// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A user who lets his device sleep and waits to be told that it woke up: by a
 * call of his own, or by the kernel, which recovers the link above it.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <device_priv.h>
#include <linux/pci_regs.h>

#include "cause.h"
#include "config.h"
#include "raw.h"
#include "watch.h"

#define SEED	92
#define LEN	KIB(64)
#define WAIT_MS 60000

struct sleeper {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	/* without a period: asking the device would wake it */
	struct peerbar_events *events;
	int woken;
};

static void sleeper_open(struct fx *fx, struct sleeper *sleeper)
{
	*sleeper = (struct sleeper){.fx = fx, .dev = fx_link_device(fx)};
	fx_bar_fill(sleeper->dev, SEED, 0, LEN);
	sleeper->buf = fx_export_one(fx, sleeper->dev, 0, LEN);
	sleeper->map = fx_map(fx, sleeper->buf);
	sleeper->events = fx_watch_device(fx, sleeper->dev, 0);
	sleeper->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(sleeper->woken >= 0);
	fx_keep_fd(fx, sleeper->woken);
}

static bool suspended(void)
{
	char path[80], word[16] = "";
	FILE *file;

	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%s/power/runtime_status", fx_bdf_nvme());
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(word, sizeof(word), file));
	fclose(file);
	return !strcmp(word, "suspended\n");
}

/* The kernel does it when it likes, and tells nobody. */
static void fall_asleep(struct sleeper *sleeper)
{
	struct vfio_device_low_power_entry_with_wakeup entry = {
		.wakeup_eventfd = sleeper->woken,
	};
	uint64_t until = fx_now_ms() + WAIT_MS;

	ok(fx_feature(sleeper->dev->fd,
		      VFIO_DEVICE_FEATURE_SET |
			      VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP,
		      &entry, sizeof(entry)));
	while (!suspended() && fx_now_ms() < until)
		usleep(1000);
	assert_true(suspended());
}

static bool told(struct sleeper *sleeper, int ms)
{
	struct pollfd pfd = {.fd = sleeper->woken, .events = POLLIN};
	eventfd_t times;

	return poll(&pfd, 1, ms) == 1 &&
	       !eventfd_read(sleeper->woken, &times) && times == 1;
}

static enum peerbar_state state_of(struct sleeper *sleeper)
{
	enum peerbar_state now;

	ok(peerbar_buffer_state(sleeper->buf, &now));
	return now;
}

static void is_back(struct sleeper *sleeper)
{
	static char mem[LEN];

	ok(peerbar_read(sleeper->map, 0, mem, LEN));
	fx_pattern_check(mem, SEED, 0, LEN);
	assert_int_equal(state_of(sleeper), PEERBAR_LIVE);
}

/* No call may return before the memory can be touched. */
static void test_his_own_call_wakes_it(void **state)
{
	struct sleeper sleeper;
	uint16_t vendor;
	int i;

	sleeper_open(*state, &sleeper);
	for (i = 0; i < 10; i++) {
		fall_asleep(&sleeper);
		assert_false(told(&sleeper, 0));
		ok(fx_config_read(sleeper.dev, PCI_VENDOR_ID, &vendor, 2));
		is_back(&sleeper);
		assert_true(told(&sleeper, 0));
	}
}

static void test_an_error_wakes_it(void **state)
{
	struct sleeper sleeper;
	int i;

	sleeper_open(*state, &sleeper);
	for (i = 0; i < 3; i++) {
		fall_asleep(&sleeper);
		fx_link_break(*state, PCI_ERR_UNC_COMP_TIME);
		assert_true(told(&sleeper, WAIT_MS));
		is_back(&sleeper);
		fx_event_await(sleeper.events, PEERBAR_EVENT_ERROR);
	}
}

/* He is told of both; the memory comes back as it does for who was awake. */
static void test_a_lost_link_wakes_it(void **state)
{
	struct sleeper sleeper;
	int i;

	sleeper_open(*state, &sleeper);
	for (i = 0; i < 3; i++) {
		fall_asleep(&sleeper);
		fx_link_break(*state, PCI_ERR_UNC_MALF_TLP);
		assert_true(told(&sleeper, WAIT_MS));
		fx_event_await(sleeper.events, PEERBAR_EVENT_ERROR);
		assert_int_equal(state_of(&sleeper), PEERBAR_SUSPENDED);
		ok(peerbar_device_set_memory(sleeper.dev, true));
		is_back(&sleeper);
	}
}

/* It stays awake: nobody has asked for sleep again. */
static void test_awake_it_stays(void **state)
{
	struct sleeper sleeper;

	sleeper_open(*state, &sleeper);
	fall_asleep(&sleeper);
	fx_link_break(*state, PCI_ERR_UNC_COMP_TIME);
	assert_true(told(&sleeper, WAIT_MS));
	assert_false(told(&sleeper, 300));
	assert_false(suspended());
	is_back(&sleeper);
}

static void test_closed_in_its_sleep(void **state)
{
	struct sleeper sleeper;

	sleeper_open(*state, &sleeper);
	fall_asleep(&sleeper);
	fx_drop(*state, sleeper.events);
	fx_drop(*state, sleeper.map);
	fx_drop(*state, sleeper.buf);
	fx_drop(*state, sleeper.dev);
	sleeper_open(*state, &sleeper);
	is_back(&sleeper);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_his_own_call_wakes_it),
		FX_TEST(test_an_error_wakes_it),
		FX_TEST(test_a_lost_link_wakes_it),
		FX_TEST(test_awake_it_stays),
		FX_TEST(test_closed_in_its_sleep),
	};

	return FX_RUN(tests);
}
