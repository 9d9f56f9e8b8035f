// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole runs without a NIC: both ends in this process, and a transport that
 * copies.  It can be told to go wrong, which the comparison has to notice.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "channel.h"
#include "error.h"
#include "memory.h"
#include "session.h"
#include "transport.h"

enum fault {
	NO_FAULT,
	FLIP_A_BIT,
	WRITE_TOO_FAR,
	LOSE_THE_LAST,
	FAIL_A_COMPLETION,
};

static enum fault fault;
static atomic_int opened;

#define QUEUE 1024

struct copier {
	struct bench_transport base;
	struct bench_completion queue[QUEUE];
	unsigned int head, tail;
	unsigned int posted;
};

static int copier_open(const struct bench_nic *nic, uint32_t qps,
		       uint32_t depth, struct bench_transport **out);

static void copier_close(struct bench_transport *t)
{
	atomic_fetch_sub(&opened, 1);
	free(t);
}

static int copier_reg(struct bench_transport *t, struct bench_mem *mem,
		      struct bench_mr *mr)
{
	mr->addr = (uintptr_t)mem->addr;
	mr->priv = mem;
	return 0;
}

static void copier_unreg(struct bench_transport *t, struct bench_mr *mr)
{
	memset(mr, 0, sizeof(*mr));
}

static struct json_object *copier_describe(struct bench_transport *t)
{
	return json_object_new_object();
}

static int copier_connect(struct bench_transport *t, struct json_object *far)
{
	return 0;
}

static int copier_reset(struct bench_transport *t)
{
	return 0;
}

static int copier_post(struct bench_transport *t, const struct bench_wr *wr)
{
	struct copier *c = (struct copier *)t;
	uint8_t *near = (uint8_t *)(uintptr_t)wr->local;
	uint8_t *far = (uint8_t *)(uintptr_t)wr->remote;
	uint8_t *to = wr->op == BENCH_READ ? near : far;
	bool last = c->posted++ == 19;

	if (!(last && fault == LOSE_THE_LAST))
		memcpy(to, wr->op == BENCH_READ ? far : near, wr->len);
	if (last && fault == FLIP_A_BIT)
		to[wr->len / 2] ^= 4;
	if (last && fault == WRITE_TOO_FAR)
		to[wr->len] = 1;
	if (wr->signaled)
		c->queue[c->tail++ % QUEUE] = (struct bench_completion){
			.qp = wr->qp,
			.id = wr->id,
			.status = last && fault == FAIL_A_COMPLETION,
			.error = last && fault == FAIL_A_COMPLETION
					 ? "broken on purpose"
					 : NULL,
		};
	return 0;
}

static int copier_poll(struct bench_transport *t, struct bench_completion *out,
		       int n)
{
	struct copier *c = (struct copier *)t;
	int got = 0;

	while (got < n && c->head != c->tail)
		out[got++] = c->queue[c->head++ % QUEUE];
	return got;
}

static const struct bench_transport_ops copier = {
	.name = "copier",
	.open = copier_open,
	.close = copier_close,
	.reg = copier_reg,
	.unreg = copier_unreg,
	.describe = copier_describe,
	.connect = copier_connect,
	.reset = copier_reset,
	.post = copier_post,
	.poll = copier_poll,
};

static int copier_open(const struct bench_nic *nic, uint32_t qps,
		       uint32_t depth, struct bench_transport **out)
{
	struct copier *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->base.ops = &copier;
	atomic_fetch_add(&opened, 1);
	*out = &c->base;
	return 0;
}

/* runs "peerbar_bw --loopback LINE"; the table does not clutter the log */
static int run(const char *line, enum fault what)
{
	char *words = strdup(line), *save,
	     *argv[32] = {"peerbar_bw", "--loopback"};
	int rc, out, argc = 2;
	struct bench_opts opts;

	for (char *w = strtok_r(words, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	assert_int_equal(bench_opts_parse(&opts, argc, argv), 0);
	opts.transport = &copier;
	fault = what;
	fflush(stdout);
	out = dup(1);
	assert_non_null(freopen("/dev/null", "w", stdout));
	rc = bench_session_run(&opts);
	fflush(stdout);
	dup2(out, 1);
	close(out);
	free(words);
	assert_int_equal(atomic_load(&opened), 0);
	return rc;
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

static void test_wrong_content_fails(void **state)
{
	static const char *const lines[] = {
		"-n 20 -t 8 -s 100",
		"-n 20 -t 8 -O read -s 100",
		"-n 20 -t 8 -b -s 100",
		"-n 20 -t 8 -b -O read -s 100",
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
	assert_int_equal(bench_channel_recv(&ch, &obj), -EREMOTEIO);
	assert_string_equal(bench_error(), "far end: no");
	assert_int_equal(bench_channel_recv(&ch, &obj), -EPROTO);
	close(fd[1]);
	assert_int_equal(bench_channel_recv(&ch, &obj), -ECONNRESET);
	bench_channel_close(&ch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_pass),
		cmocka_unit_test(test_wrong_content_fails),
		cmocka_unit_test(test_error_completion_is_told),
		cmocka_unit_test(test_unknown_memory_of_either_end),
		cmocka_unit_test(test_json_has_every_sample),
		cmocka_unit_test(test_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
