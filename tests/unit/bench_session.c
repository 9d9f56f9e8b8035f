// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole runs without a NIC: both ends in this process, above a transport that copies.
 * It can be told to go wrong, which the comparison has to notice.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "channel.h"
#include "clock.h"
#include "error.h"
#include "fake_transport.h"
#include "interrupt.h"
#include "program.h"
#include "session.h"

/* runs "PROGRAM --loopback LINE"; the table does not clutter the log */
static int run_program(const struct bench_program *program, const char *line,
		       enum fake_fault what)
{
	char *words = strdup(line), *save, *argv[32] = {"program", "--loopback"};
	int rc, out, argc = 2;
	struct bench_opts opts;

	for (char *w = strtok_r(words, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	assert_int_equal(bench_program_parse(program, &opts, argc, argv), 0);
	opts.transport = &fake_transport;
	fake_fault = what;
	fflush(stdout);
	out = dup(1);
	assert_non_null(freopen("/dev/null", "w", stdout));
	rc = bench_session_run(&opts);
	fflush(stdout);
	dup2(out, 1);
	close(out);
	free(words);
	assert_int_equal(atomic_load(&fake_opened), 0);
	return rc;
}

static int run(const char *line, enum fake_fault what)
{
	return run_program(&bench_bw_program, line, what);
}

static int run_lat(const char *line, enum fake_fault what)
{
	return run_program(&bench_lat_program, line, what);
}

static void test_runs_pass(void **state)
{
	assert_int_equal(run("-n 20 -O write,read -s 1,100,5000", NO_FAULT), 0);
	assert_int_equal(
		run("-n 33 -q 3 -t 8 -Q 5 -O write,read -s 100", NO_FAULT), 0);
	assert_int_equal(run("-n 33 -b -q 2 -O write,read -s 100", NO_FAULT), 0);
	assert_int_equal(run("-D 0.01 -Q 7 -b -O write,read -s 1,4K", NO_FAULT),
			 0);
	assert_int_equal(run("-n 20 --no-verify", FLIP_A_BIT), 0);
}

static void test_sends_pass(void **state)
{
	assert_int_equal(run("-n 20 -O send -s 1,100,5000", NO_FAULT), 0);
	assert_int_equal(
		run("-n 33 -O send -q 3 -t 8 -r 5 -Q 5 -s 100 -e", NO_FAULT), 0);
	assert_int_equal(run("-n 33 -b -q 2 -O send -s 100", NO_FAULT), 0);
	assert_int_equal(run("-D 0.01 -Q 7 -b -O send -s 1,4K", NO_FAULT), 0);
}

static void test_datagrams_may_get_lost(void **state)
{
	assert_int_equal(run("-c UD -n 20 -O send -s 100", NO_FAULT), 0);
	assert_int_equal(run("-c UD -n 30 -O send -s 100 -t 8", LOSE_THE_LAST),
			 0);
	/* and the last of all is */
	assert_int_equal(run("-c UD -n 20 -O send -s 100 -t 8", LOSE_THE_LAST),
			 0);
	assert_true(run("-c UD -n 20 -O send -s 100 -t 8", FLIP_A_BIT) < 0);
}

static void test_connections_may_lose_nothing(void **state)
{
	assert_int_equal(run("-n 20 -O send -s 100 -t 8", DROP_ONE),
			 -EREMOTEIO);
	assert_non_null(
		strstr(bench_error(), "message 10 of QP 0 came when 9 was due"));
	assert_int_equal(run("-c UD -n 20 -O send -s 100 -t 8", DROP_ONE), 0);
}

static void test_latency_runs_pass(void **state)
{
	assert_int_equal(run_lat("-n 300 -O write,read,send -s 1,100", NO_FAULT),
			 0);
	assert_int_equal(
		run_lat("-D 0.02 -O write,read,send -s 64 -e", NO_FAULT), 0);
	assert_int_equal(run_lat("-n 20 -c UD -O send -s 64", NO_FAULT), 0);
}

static void test_latency_runs_compare(void **state)
{
	static const char *const lines[] = {
		"-n 20 -s 100",
		"-n 20 -s 100 -O read",
		"-n 20 -s 100 -O send",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_true(run_lat(lines[i], FLIP_A_BIT) < 0);
		assert_true(run_lat(lines[i], WRITE_TOO_FAR) < 0);
	}
	assert_int_equal(run_lat("-n 20 -O read", FAIL_A_COMPLETION), -EIO);
}

/* the far end waits for messages that will not come */
static void test_far_end_notices_the_end(void **state)
{
	uint64_t start = bench_now();

	assert_int_equal(run("-n 30 -O send -t 8", FAIL_A_COMPLETION), -EIO);
	assert_true(bench_now() - start < 10 * BENCH_NSEC_PER_SEC);
}

/* and that the other one has done its part, and answered, is not the end */
static void test_acks_may_be_late(void **state)
{
	assert_int_equal(run("-n 20 -O send -s 100 -t 8", LATE_ACKS), 0);
	assert_int_equal(run("-n 20 -O send -s 100 -t 8 -e", LATE_ACKS), 0);
}

/* in a process of its own: a signal is caught once */
static void interrupt(const struct bench_program *program, const char *line)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		signal(SIGINT, SIG_DFL);
		if (run_program(program, line, INTERRUPT) == -EINTR &&
		    !strcmp(bench_error(), "interrupted"))
			bench_interrupt_die();
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

static void test_an_interrupt_ends_a_run(void **state)
{
	interrupt(&bench_bw_program, "-D 1000 -s 100 -O write");
	interrupt(&bench_bw_program, "-D 1000 -s 100 -O send");
	/* both ends of a WRITE would go on into memory of a thread that has left */
	interrupt(&bench_lat_program, "-D 1000 -O read");
}

static void test_each_qp_has_its_mr(void **state)
{
	atomic_store(&fake_registered, 0);
	assert_int_equal(
		run("-n 20 -q 3 --mr_per_qp -O write,send -s 64", NO_FAULT), 0);
	assert_int_equal(atomic_load(&fake_registered), 6);
}

static void test_too_large_a_message(void **state)
{
	assert_int_equal(run("-n 2 -s 2M", NO_FAULT), -EMSGSIZE);
	assert_non_null(strstr(bench_error(), "at most 1048576"));
}

static void test_wrong_content_fails(void **state)
{
	static const char *const lines[] = {
		"-n 20 -t 8 -s 100",	     "-n 20 -t 8 -O read -s 100",
		"-n 20 -t 8 -b -s 100",	     "-n 20 -t 8 -b -O read -s 100",
		"-n 20 -t 8 -O send -s 100", "-n 20 -t 8 -b -O send -s 100",
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		assert_int_equal(run(lines[i], NO_FAULT), 0);
		assert_true(run(lines[i], FLIP_A_BIT) < 0);
		assert_non_null(strstr(bench_error(), "1 of 128 bytes"));
		assert_true(run(lines[i], WRITE_TOO_FAR) < 0);
		assert_non_null(strstr(bench_error(), "byte 100 of slot 3"));
		assert_true(run(lines[i], LOSE_THE_LAST) < 0);
	}
}

static void test_error_completion_is_told(void **state)
{
	assert_int_equal(run("-n 20", FAIL_A_COMPLETION), -EIO);
	assert_string_equal(
		bench_error(),
		"write of 65536 bytes, QP 0, iteration 19: broken on purpose");
}

static void test_unknown_memory_of_either_end(void **state)
{
	assert_int_equal(run("--near-mem tape", NO_FAULT), -EINVAL);
	assert_non_null(strstr(bench_error(), "no memory \"tape\""));
	assert_int_equal(run("--mem tape", NO_FAULT), -EREMOTEIO);
	assert_non_null(strstr(bench_error(), "far end: no memory \"tape\""));
}

static struct json_object *get(struct json_object *obj, const char *key)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(obj, key, &value));
	return value;
}

static void test_json_has_every_sample(void **state)
{
	char file[] = "/tmp/peerbar-bench.XXXXXX", line[256];
	struct json_object *doc, *rows, *row;
	int fd = mkstemp(file);

	assert_true(fd >= 0);
	snprintf(line, sizeof(line),
		 "-n 20 -s 64,4K --rounds 3 --mem host --mem host --json %s",
		 file);
	assert_int_equal(run(line, NO_FAULT), 0);
	doc = json_object_from_file(file);
	unlink(file);
	close(fd);
	assert_non_null(doc);
	assert_string_equal(json_object_get_string(get(doc, "schema")),
			    "peerbar-bw");
	assert_int_equal(json_object_get_int(get(doc, "version")), 1);
	get(get(doc, "environment"), "kernel");
	rows = get(doc, "rows");
	assert_int_equal(json_object_array_length(rows), 4);
	row = json_object_array_get_idx(rows, 3);
	assert_int_equal(json_object_get_int(get(row, "bytes")), 4096);
	assert_int_equal(json_object_get_int(get(row, "memory")), 1);
	assert_int_equal(json_object_get_int(get(row, "iterations")), 60);
	assert_int_equal(json_object_array_length(get(row, "samples_MiBps")), 3);
	assert_true(json_object_get_double(get(row, "bw_average_MiBps")) > 0);
	json_object_put(doc);
}

static void test_channel(void **state)
{
	static const char two[] = "{\"a\":1}\n{\"error\":\"no\"}\n[]\n";
	static struct bench_channel ch;
	struct json_object *obj;
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	bench_channel_open(&ch, fd[0]);
	assert_int_equal(write(fd[1], two, strlen(two)), strlen(two));
	assert_int_equal(bench_channel_recv(&ch, &obj), 0);
	assert_int_equal(json_object_get_int(get(obj, "a")), 1);
	json_object_put(obj);
	assert_true(bench_channel_gave_up(&ch, 0));
	assert_int_equal(bench_channel_recv(&ch, &obj), -EREMOTEIO);
	assert_string_equal(bench_error(), "far end: no");
	assert_false(bench_channel_gave_up(&ch, 0));
	assert_int_equal(bench_channel_recv(&ch, &obj), -EPROTO);
	assert_false(bench_channel_gave_up(&ch, 0));
	close(fd[1]);
	assert_true(bench_channel_gave_up(&ch, 0));
	assert_int_equal(bench_channel_recv(&ch, &obj), -ECONNRESET);
	bench_channel_close(&ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_pass),
		cmocka_unit_test(test_sends_pass),
		cmocka_unit_test(test_datagrams_may_get_lost),
		cmocka_unit_test(test_connections_may_lose_nothing),
		cmocka_unit_test(test_latency_runs_pass),
		cmocka_unit_test(test_latency_runs_compare),
		cmocka_unit_test(test_far_end_notices_the_end),
		cmocka_unit_test(test_acks_may_be_late),
		cmocka_unit_test(test_an_interrupt_ends_a_run),
		cmocka_unit_test(test_each_qp_has_its_mr),
		cmocka_unit_test(test_too_large_a_message),
		cmocka_unit_test(test_wrong_content_fails),
		cmocka_unit_test(test_error_completion_is_told),
		cmocka_unit_test(test_unknown_memory_of_either_end),
		cmocka_unit_test(test_json_has_every_sample),
		cmocka_unit_test(test_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
