// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A device is opened while its link is lost, and recovered: either it cannot be
 * opened, or its BARs are those that it had.
 */
#include <linux/pci_regs.h>
#include <stdio.h>
#include <unistd.h>

#include "cause.h"
#include "child.h"
#include "config.h"

#define SEED	93
#define LEN	KIB(4)
#define WAIT_MS 60000

/* One error each time that it is told, somewhen. */
static int break_link(int sock, void *arg)
{
	uint64_t seed = fx_seed();

	while (fx_hear(sock, 'g', WAIT_MS)) {
		usleep((unsigned int)(fx_random(&seed) % 20000));
		fx_link_break(arg, PCI_ERR_UNC_MALF_TLP);
		assert_true(fx_tell(sock, 'd'));
	}
	return 0;
}

static unsigned int open_until_recovered(int sock, uint64_t good)
{
	struct peerbar_device *dev;
	unsigned int opens = 0;

	do {
		dev = fx_open_at_last(fx_bdf_nvme(), WAIT_MS);
		assert_int_equal(fx_config_bar(dev), good);
		peerbar_device_close(dev);
		opens++;
	} while (!fx_hear(sock, 'd', 0));
	return opens;
}

static void test_opened_while_the_link_is_lost(void **state)
{
	uint64_t until = fx_now_ms() + (fx_debug() ? 30000 : 20000), good;
	unsigned int rounds, opens = 0;
	struct peerbar_device *dev;
	struct fx_child *child;

	dev = fx_link_device(*state);
	fx_bar_fill(dev, SEED, 0, LEN);
	good = fx_config_bar(dev);
	assert_true(good & PCI_BASE_ADDRESS_MEM_MASK);
	fx_drop(*state, dev);
	child = fx_fork(*state, break_link, *state);
	for (rounds = 0; fx_now_ms() < until; rounds++) {
		assert_true(fx_tell(child->sock, 'g'));
		opens += open_until_recovered(child->sock, good);
		dev = fx_open_at_last(fx_bdf_nvme(), WAIT_MS);
		assert_int_equal(fx_config_bar(dev), good);
		fx_bar_check(dev, SEED, 0, LEN);
		peerbar_device_close(dev);
	}
	printf("# %u errors, %u opens\n", rounds, opens);
	fflush(stdout);
	assert_in_range(rounds, 3, 1u << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_opened_while_the_link_is_lost),
	};

	return FX_RUN(tests);
}
