// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* BAR memory in words: what a text means, and where a wrong one goes wrong. */
#include <errno.h>
#include <stdio.h>

#include "test.h"
#include "fake_kernel.h"

static void a_bare_bar_means_all_of_it(void **state)
{
	struct peerbar_spec spec;

	assert_int_equal(peerbar_spec_parse("0000:01:00.0/2", &spec), 0);
	assert_string_equal(spec.bdf, "0000:01:00.0");
	assert_int_equal(spec.bar, 2);
	assert_int_equal(spec.nr_ranges, 0);
}

static void the_address_becomes_full(void **state)
{
	struct peerbar_spec spec;

	assert_int_equal(peerbar_spec_parse("1:0.7/0", &spec), 0);
	assert_string_equal(spec.bdf, "0000:01:00.7");
	assert_int_equal(peerbar_spec_parse("10001:E0:1F.0/5", &spec), 0);
	assert_string_equal(spec.bdf, "10001:e0:1f.0");
	assert_int_equal(spec.bar, 5);
}

static void ranges_keep_their_order(void **state)
{
	struct peerbar_spec spec;

	assert_int_equal(
		peerbar_spec_parse("01:00.0/2@8M+0x1000,0+4k,1G+010", &spec), 0);
	assert_int_equal(spec.nr_ranges, 3);
	assert_int_equal(spec.ranges[0].offset, 8 << 20);
	assert_int_equal(spec.ranges[0].length, 4096);
	assert_int_equal(spec.ranges[1].offset, 0);
	assert_int_equal(spec.ranges[1].length, 4096);
	assert_int_equal(spec.ranges[2].offset, 1 << 30);
	assert_int_equal(spec.ranges[2].length, 10);
}

static void limits_are_met_exactly(void **state)
{
	char text[64 + 4 * (PEERBAR_SPEC_RANGES + 1)] = "01:00.0/2@0+1";
	struct peerbar_spec spec;
	unsigned int i;

	for (i = 1; i < PEERBAR_SPEC_RANGES; i++)
		strcat(text, ",0+1");
	assert_int_equal(peerbar_spec_parse(text, &spec), 0);
	assert_int_equal(spec.nr_ranges, PEERBAR_SPEC_RANGES);
	strcat(text, ",0+1");
	assert_error(peerbar_spec_parse(text, &spec), E2BIG, "more than 64");

	assert_int_equal(
		peerbar_spec_parse("1:0.0/0@0xfffffffffffffffe+1", &spec), 0);
	assert_int_equal(spec.ranges[0].offset, UINT64_MAX - 1);
}

static void mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text;
		const char *detail;
	} bad[] = {
		{"", "character 1: a PCI address"},
		{"/2", "character 1: a PCI address"},
		{"01:00/2", "character 1: a PCI address"},
		{"0000:01:00.0 /2", "character 1: a PCI address"},
		{"00000000000000000000000000:01:00.0/2", "character 1: a PCI"},
		{"01:00.0", "character 8: \"/\""},
		{"01:00.0/", "character 9: a BAR number"},
		{"01:00.0/6", "character 9: a BAR number"},
		{"01:00.0/22", "character 9: a BAR number"},
		{"01:00.0/-1", "character 9: a BAR number"},
		{"01:00.0/2,0+4K", "character 10: \"@\" or the end"},
		{"01:00.0/2 ", "character 10: \"@\" or the end"},
		{"01:00.0/2@", "character 11: an offset"},
		{"01:00.0/2@-1+4K", "character 11: an offset"},
		{"01:00.0/2@ 1+4K", "character 11: an offset"},
		{"01:00.0/2@0x+4K", "character 13: an offset"},
		{"01:00.0/2@0", "character 12: \"+\""},
		{"01:00.0/2@0KB+1", "character 13: \"+\""},
		{"01:00.0/2@0+", "character 13: a length"},
		{"01:00.0/2@0+K", "character 13: a length"},
		{"01:00.0/2@0+0", "character 11: the range is empty"},
		{"01:00.0/2@0+4K,", "character 16: an offset"},
		{"01:00.0/2@0+4K;", "character 15: \",\" or the end"},
		{"01:00.0/2@0+4Kx", "character 15: \",\" or the end"},
		{"01:00.0/2@0+18446744073709551616", "character 13: more than"},
		{"01:00.0/2@0+0x10000000000000000", "character 13: more than"},
		{"01:00.0/2@17179869184G+1", "character 11: more than 64"},
		{"01:00.0/2@0xffffffffffffffff+1",
		 "character 11: the range ends"},
	};
	struct peerbar_spec spec, before;
	unsigned int i;

	memset(&spec, 0x5a, sizeof(spec));
	before = spec;
	for (i = 0; i < NR(bad); i++)
		assert_error(peerbar_spec_parse(bad[i].text, &spec), EINVAL,
			     bad[i].detail);
	assert_error(peerbar_spec_parse(NULL, &spec), EINVAL, "character 1");
	assert_memory_equal(&spec, &before, sizeof(spec));
}

static void the_detail_text_stays_one_line(void **state)
{
	struct peerbar_spec spec;

	assert_error(peerbar_spec_parse("1:0.0/2\n\x1b[2J", &spec), EINVAL,
		     "\"1:0.0/2??[2J\", character 8");
}

static void sizes(void **state)
{
	uint64_t size = 7;

	assert_int_equal(peerbar_size_parse("0xFfK", &size), 0);
	assert_int_equal(size, 255 << 10);
	assert_int_equal(peerbar_size_parse("0", &size), 0);
	assert_int_equal(size, 0);
	size = 7;
	assert_error(peerbar_size_parse("", &size), EINVAL, "a size");
	assert_error(peerbar_size_parse(NULL, &size), EINVAL, "a size");
	assert_error(peerbar_size_parse("-1", &size), EINVAL, "a size");
	assert_error(peerbar_size_parse("1KB", &size), EINVAL, "character 3");
	assert_error(peerbar_size_parse("99999999999G", &size), EINVAL,
		     "64 bits");
	assert_int_equal(size, 7);
}

static void export_of_a_text(void **state)
{
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_spec spec;

	fake_reset();
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);

	assert_int_equal(peerbar_spec_parse(FAKE_BDF "/2", &spec), 0);
	assert_int_equal(peerbar_spec_export(dev, &spec, 0, &buf), 0);
	assert_int_equal(peerbar_buffer_size(buf), FAKE_BAR_SIZE);
	peerbar_buffer_close(buf);

	assert_int_equal(peerbar_spec_parse(FAKE_BDF "/2@8K+4K,0+4K", &spec), 0);
	assert_int_equal(peerbar_spec_export(dev, &spec, 0, &buf), 0);
	assert_int_equal(peerbar_buffer_size(buf), 8192);
	peerbar_buffer_close(buf);

	assert_int_equal(peerbar_spec_parse(FAKE_BDF "/2@8M+4K", &spec), 0);
	assert_error(peerbar_spec_export(dev, &spec, 0, &buf), EINVAL, "beyond");
	assert_int_equal(peerbar_spec_parse(FAKE_BDF "/1", &spec), 0);
	assert_error(peerbar_spec_export(dev, &spec, 0, &buf), ENODEV,
		     "no BAR 1");

	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_bar_means_all_of_it),
		cmocka_unit_test(the_address_becomes_full),
		cmocka_unit_test(ranges_keep_their_order),
		cmocka_unit_test(limits_are_met_exactly),
		cmocka_unit_test(mistakes_are_told_with_their_place),
		cmocka_unit_test(the_detail_text_stays_one_line),
		cmocka_unit_test(sizes),
		cmocka_unit_test(export_of_a_text),
	};

	return RUN(tests);
}
