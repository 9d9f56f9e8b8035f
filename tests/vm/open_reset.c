// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A device is opened and closed, over and over, while another process resets it
 * behind VFIO's back: its BAR is where it was, each time, and can be read after
 * memory was disabled and enabled.
 */
#include <stdio.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "bar.h"
#include "child.h"
#include "config.h"

#define OPEN_MS 20000
#define SEED	73

/* BAR 2, of 64 bits, as the device has it */
static uint64_t bar(void)
{
	int fd = fx_port_config(fx_bdf());
	uint64_t bar;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &bar, 8, PCI_BASE_ADDRESS_2), 8);
	close(fd);
	return bar;
}

static int reset_all_the_time(int sock, void *arg)
{
	int ret = 0;

	while (!ret && !fx_hear(sock, 'e', 0))
		ret = fx_sysfs_write(fx_bdf(), "reset", "1");
	return ret ? 1 : 0;
}

static void test_open_and_close(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_open_at_last(fx_bdf(), OPEN_MS);
	const uint64_t good = bar();
	uint64_t until = fx_now_ms() + (fx_debug() ? 20000 : 10000);
	unsigned int rounds = 0;
	struct fx_child *child;
	char mem[64];

	assert_true(good);
	fx_bar_fill(dev, SEED, 0, sizeof(mem));
	/* without the device */
	peerbar_device_close(dev);
	child = fx_fork(fx, reset_all_the_time, NULL);
	while (fx_now_ms() < until) {
		dev = fx_open_at_last(fx_bdf(), OPEN_MS);
		assert_int_equal(bar(), good);
		ok(peerbar_device_set_memory(dev, false));
		ok(peerbar_device_set_memory(dev, true));
		ok(peerbar_device_read(dev, FX_BAR, 0, mem, sizeof(mem)));
		fx_pattern_check(mem, SEED, 0, sizeof(mem));
		peerbar_device_close(dev);
		rounds++;
	}
	assert_true(fx_tell(child->sock, 'e'));
	assert_int_equal(fx_wait_child(child, OPEN_MS), 0);
	printf("# %u times\n", rounds);
	fflush(stdout);
	assert_int_equal(bar(), good);
	assert_in_range(rounds, 3, 1u << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_open_and_close),
	};

	return FX_RUN(tests);
}
