// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What peerbar_probe() says about kernels of different abilities. */
#include <errno.h>

#include "test.h"
#include "fake_kernel.h"
#include "uapi.h"

static struct peerbar_device *dev;

static int setup(void **state)
{
	fake_reset();
	return 0;
}

static void probe(bool expected[PEERBAR_CAP_NR], const char *reason)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];
	unsigned int i, fds;

	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	fds = fake_fds();
	assert_int_equal(peerbar_probe(dev, caps), 0);
	assert_int_equal(fake_fds(), fds);
	assert_int_equal(fake_mappings(), 0);
	for (i = 0; i < PEERBAR_CAP_NR; i++) {
		assert_int_equal(caps[i].present, expected[i]);
		if (expected[i])
			assert_string_equal(caps[i].reason, "");
		else
			assert_non_null(strstr(caps[i].reason, reason));
	}
	peerbar_device_close(dev);
}

static void with_modules(void **state)
{
	bool all[] = {true, true, true, true, true, true};

	probe(all, "");
}

static void stock_kernel(void **state)
{
	bool expected[] = {true, false, false, false, true, false};

	fake.has_modules = false;
	probe(expected, "modules of peerbar");
}

static void no_reset(void **state)
{
	bool expected[] = {true, true, true, true, false, true};

	fake.can_reset = false;
	probe(expected, "no reset method");
}

static void no_pat(void **state)
{
	bool expected[] = {true, true, true, true, true, false};

	fake.no_pat = true;
	probe(expected, "this machine");
}

static void old_kernel(void **state)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];

	fake.has_modules = false;
	fake.has_export = false;
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	assert_int_equal(peerbar_probe(dev, caps), 0);
	assert_false(caps[PEERBAR_CAP_EXPORT].present);
	assert_non_null(strstr(caps[PEERBAR_CAP_EXPORT].reason, "Linux 6.19"));
	assert_false(caps[PEERBAR_CAP_MMAP].present);
	assert_non_null(strstr(caps[PEERBAR_CAP_MMAP].reason, "exported"));
	peerbar_device_close(dev);
}

static void no_bar(void **state)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];

	fake.has_bar = false;
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	assert_int_equal(peerbar_probe(dev, caps), 0);
	assert_false(caps[PEERBAR_CAP_EXPORT].present);
	assert_non_null(strstr(caps[PEERBAR_CAP_EXPORT].reason, "no BAR"));
	assert_true(caps[PEERBAR_CAP_REVOKE].present);
	peerbar_device_close(dev);
}

static void asking_fails(void **state)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR] = {{.reason = "kept"}};

	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	fake.fail_request = VFIO_DEVICE_FEATURE;
	fake.fail_request_errno = EMFILE;
	assert_error(peerbar_probe(dev, caps), EMFILE, "Too many open files");
	assert_string_equal(caps[0].reason, "kept");
	peerbar_device_close(dev);
}

static void names(void **state)
{
	assert_string_equal(peerbar_cap_name(PEERBAR_CAP_EXPORT), "export");
	assert_string_equal(peerbar_cap_name(PEERBAR_CAP_RESET), "reset");
	assert_null(peerbar_cap_name(PEERBAR_CAP_NR));
	assert_null(peerbar_cap_name((enum peerbar_cap) - 1));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(with_modules), TEST(stock_kernel), TEST(no_reset), TEST(no_pat),
		TEST(old_kernel),   TEST(no_bar),	TEST(asking_fails),
		TEST(names),
	};

	return RUN(tests);
}
