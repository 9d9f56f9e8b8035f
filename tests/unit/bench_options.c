// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Command lines of the benchmarks: what they mean, and what mistakes are told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "options.h"
#include "program.h"

static int parse(struct bench_opts *opts, const char *line)
{
	static char words[1024]; /* the options point into it */
	char *argv[32] = {"peerbar_bw"}, *save;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *w = strtok_r(words, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return bench_program_parse(&bench_bw_program, opts, argc, argv);
}

static void refuses(const char *line, const char *words)
{
	struct bench_opts opts;

	assert_int_equal(parse(&opts, line), -EINVAL);
	if (!strstr(bench_error(), words))
		fail_msg("\"%s\": \"%s\" does not say \"%s\"", line,
			 bench_error(), words);
}

static void test_defaults_are_perftests(void **state)
{
	struct bench_opts opts;

	assert_int_equal(parse(&opts, ""), 0);
	assert_null(opts.server);
	assert_int_equal(opts.nr_sizes, 1);
	assert_int_equal(opts.size[0], 65536);
	assert_int_equal(opts.depth, 128);
	assert_int_equal(opts.qps, 1);
	assert_int_equal(opts.tcp_port, 18515);
	assert_true(opts.verify);
	assert_true(opts.op[BENCH_WRITE]);
	assert_false(opts.op[BENCH_READ]);
	assert_string_equal(opts.mem.spec[0], "host");
}

static void test_letters_are_perftests(void **state)
{
	struct bench_opts opts;

	assert_int_equal(parse(&opts, "-d rxe1 -i 2 -x 3 -s 4K -n 10 -q 4 -t 8 "
				      "-Q 2 -F -b -p 2000 -m 1024 -u 18 "
				      "--report_gbits far.example"),
			 0);
	assert_string_equal(opts.nic.device, "rxe1");
	assert_int_equal(opts.nic.port, 2);
	assert_int_equal(opts.nic.gid, 3);
	assert_int_equal(opts.size[0], 4096);
	assert_int_equal(opts.iters, 10);
	assert_int_equal(opts.qps, 4);
	assert_int_equal(opts.depth, 8);
	assert_int_equal(opts.cq_mod, 2);
	assert_true(opts.bidirectional);
	assert_int_equal(opts.tcp_port, 2000);
	assert_int_equal(opts.nic.mtu, 1024);
	assert_int_equal(opts.nic.timeout, 18);
	assert_true(opts.gbits);
	assert_string_equal(opts.server, "far.example");
}

static void test_latency_has_its_own_defaults(void **state)
{
	char *bad[] = {"peerbar_lat", "-q", "2", NULL};
	char *none[] = {"peerbar_lat", NULL};
	struct bench_opts opts;

	assert_int_equal(bench_program_parse(&bench_lat_program, &opts, 1, none),
			 0);
	assert_true(opts.latency);
	assert_int_equal(opts.size[0], 2);
	assert_int_equal(bench_program_parse(&bench_lat_program, &opts, 3, bad),
			 -EINVAL);
	assert_non_null(strstr(bench_error(), "no option -q"));
}

static void test_all_means_2_to_8_mib(void **state)
{
	struct bench_opts opts;

	assert_int_equal(parse(&opts, "-s 3 -a"), 0);
	assert_int_equal(opts.nr_sizes, 23);
	assert_int_equal(opts.size[0], 2);
	assert_int_equal(opts.size[22], 8 << 20);
	assert_int_equal(bench_opts_max_size(&opts), 8 << 20);
}

static void test_lists_and_repetitions(void **state)
{
	struct bench_opts opts;

	assert_int_equal(parse(&opts, "-O read,write -s 1,3000001,2M -D 0.5 "
				      "--mem host --mem bar:0000:01:00.0/2 "
				      "--no-verify --rounds 7"),
			 0);
	assert_true(opts.op[BENCH_WRITE] && opts.op[BENCH_READ]);
	assert_int_equal(opts.nr_sizes, 3);
	assert_int_equal(opts.size[1], 3000001);
	assert_int_equal(opts.mem.n, 2);
	assert_string_equal(opts.mem.spec[1], "bar:0000:01:00.0/2");
	assert_false(opts.verify);
	assert_true(opts.duration > 0.49 && opts.duration < 0.51);
	assert_int_equal(opts.rounds, 7);
}

static void test_mistakes_are_told(void **state)
{
	refuses("-Z", "no option -Z");
	refuses("--wrong", "no option --wrong");
	refuses("-s", "--size wants");
	refuses("--help=3", "--help takes no value");
	refuses("-q 0", "from 1 to 256");
	refuses("-q -1", "from 1 to 256");
	refuses("-q 4x", "from 1 to 256");
	refuses("-n 99999999999999999999", "--iters wants a number");
	refuses("-s 12Q", "is not a size");
	refuses("-s 0", "1 byte to 1G");
	refuses("-s 2G", "1 byte to 1G");
	refuses("-s ,", "an empty list");
	refuses("-O sent", "no operation \"sent\"");
	refuses("-c UC", "there are RC and UD");
	refuses("-c UD", "nothing but -O send");
	refuses("--transport pigeon",
		"no transport \"pigeon\"; this build has verbs");
	refuses("-m 700", "512, 1024");
	refuses("-D never", "--duration wants a number");
	refuses("-D -1", "--duration wants a number");
	refuses("-Q 9 -t 8", "must not exceed");
	refuses("one two", "one host at most");
	refuses("--loopback host", "leave out the host");
	refuses("--near-mem host", "is for --loopback");
	refuses("--mem a --mem b --mem c --mem d --mem e", "more than 4");
}

static void test_help_names_every_option(void **state)
{
	static const char *const names[] = {
		"--ib-dev",   "--size",	    "--all",  "--report_gbits", "--mem",
		"--near-mem", "--loopback", "--json", "--no-verify",
	};
	char text[8192] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	bench_program_help(&bench_bw_program, f);
	fclose(f);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_non_null(strstr(text, names[i]));
}

static void test_sizes(void **state)
{
	uint64_t size;

	assert_int_equal(bench_parse_size("0x1000", &size), 0);
	assert_int_equal(size, 4096);
	assert_int_equal(bench_parse_size("3g", &size), 0);
	assert_true(size == 3ull << 30);
	assert_int_equal(bench_parse_size("99999999999G", &size), -EINVAL);
	assert_int_equal(bench_parse_size("-1", &size), -EINVAL);
	assert_int_equal(bench_parse_size("1KB", &size), -EINVAL);
	assert_int_equal(bench_parse_size("", &size), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_perftests),
		cmocka_unit_test(test_letters_are_perftests),
		cmocka_unit_test(test_latency_has_its_own_defaults),
		cmocka_unit_test(test_all_means_2_to_8_mib),
		cmocka_unit_test(test_lists_and_repetitions),
		cmocka_unit_test(test_mistakes_are_told),
		cmocka_unit_test(test_help_names_every_option),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
