// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A device whose link is dead is not opened, and loses nothing by the attempt.
 *
 * To be run before the tests that inject errors: from then on the kernel's
 * aer_inject takes a lock when anybody reads config space of a port, and lockdep
 * objects to it.
 */
#include <errno.h>
#include <linux/pci_regs.h>
#include <unistd.h>

#include "config.h"

#define SEED 94
#define LEN  KIB(4)

struct port {
	int fd;
	uint8_t numbers[2];
};

static void port_restore(void *obj)
{
	struct port *port = obj;

	if (pwrite(port->fd, port->numbers, 2, PCI_SECONDARY_BUS) != 2)
		print_error("%s has lost its port\n", fx_bdf());
	close(port->fd);
}

/* A port that leads elsewhere: what is read behind it is all ones. */
static struct port *port_divert(struct fx *fx, const char *bdf)
{
	const uint8_t nowhere[2] = {0xfe, 0xfe};
	struct port *port = fx_alloc(fx, sizeof(*port));
	char bridge[24];

	ok(fx_bridge(bdf, bridge));
	port->fd = fx_port_config(bridge);
	assert_true(port->fd >= 0);
	assert_int_equal(pread(port->fd, port->numbers, 2, PCI_SECONDARY_BUS), 2);
	fx_keep(fx, port, port_restore);
	assert_int_equal(pwrite(port->fd, nowhere, 2, PCI_SECONDARY_BUS), 2);
	return port;
}

static void test_no_answer_no_device(void **state)
{
	struct peerbar_device *dev;
	struct port *port;
	uint64_t good;

	dev = fx_device(*state, fx_bdf());
	fx_bar_fill(dev, SEED, 0, LEN);
	good = fx_config_bar(dev);
	fx_drop(*state, dev);
	port = port_divert(*state, fx_bdf());
	refused_saying(peerbar_device_open(fx_bdf(), NULL, &dev), -EIO, "link");
	fx_drop(*state, port);
	dev = fx_device(*state, fx_bdf());
	assert_int_equal(fx_config_bar(dev), good);
	fx_bar_check(dev, SEED, 0, LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_no_answer_no_device),
	};

	return FX_RUN(tests);
}
