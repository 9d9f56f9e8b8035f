// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A device is opened while its link is lost, and recovered: either it cannot be
 * opened, or its BARs are those that it had.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <unistd.h>

#include "cause.h"
#include "child.h"
#include "config.h"
#include "log.h"

#define SEED	93
#define LEN	KIB(4)
#define WAIT_MS 60000

/* One error each time that it is told, somewhen. */
static int break_link(int sock, void *arg)
{
	const char *const says[] = {"device recovery successful", NULL};
	uint64_t seed = fx_seed();
	struct fx_log log;

	while (fx_hear(sock, 'g', WAIT_MS)) {
		fx_log_mark(arg, &log);
		usleep((unsigned int)(fx_random(&seed) % 20000));
		ok(fx_link_error(fx_bdf_nvme(), PCI_ERR_UNC_MALF_TLP));
		assert_true(fx_logged(&log, says, WAIT_MS));
		fx_drop_fd(arg, log.kmsg);
		assert_true(fx_tell(sock, 'd'));
	}
	return 0;
}

static void wants_link_errors(struct fx *fx)
{
	struct fx_site site = {.fx = fx};
	const char *why = "the guest has no PCI Express device";

	if (fx_bdf_nvme()) {
		site.dev = fx_device(fx, fx_bdf_nvme());
		why = fx_cause_impossible(fx_cause("fatal error on the link"),
					  &site);
		fx_drop(fx, site.dev);
	}
	if (why) {
		print_message("%s\n", why);
		skip();
	}
}

/* EAGAIN: while the link is lost */
static struct peerbar_device *open_at_last(void)
{
	uint64_t until = fx_now_ms() + WAIT_MS;
	struct peerbar_device *dev;
	int ret;

	do
		ret = peerbar_device_open(fx_bdf_nvme(), NULL, &dev);
	while (ret == -EAGAIN && fx_now_ms() < until);
	ok(ret);
	return dev;
}

static unsigned int open_until_recovered(int sock, uint64_t good)
{
	struct peerbar_device *dev;
	unsigned int opens = 0;

	do {
		dev = open_at_last();
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

	wants_link_errors(*state);
	dev = open_at_last();
	fx_bar_fill(dev, SEED, 0, LEN);
	good = fx_config_bar(dev);
	assert_true(good & PCI_BASE_ADDRESS_MEM_MASK);
	peerbar_device_close(dev);
	child = fx_fork(*state, break_link, *state);
	for (rounds = 0; fx_now_ms() < until; rounds++) {
		assert_true(fx_tell(child->sock, 'g'));
		opens += open_until_recovered(child->sock, good);
		dev = open_at_last();
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
