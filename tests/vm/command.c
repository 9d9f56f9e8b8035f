// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The peerbar program, run as a user runs it. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <json-c/json.h>

#include "bar.h"
#include "config.h"
#include "importer.h"
#include "memattr.h"
#include "program.h"

#define SEED 11

static const char *const spec_range = "/2@2M+64K,0+4K";
static const struct peerbar_range ranges[] = {
	{MIB(2), KIB(64)},
	{0, KIB(4)},
};

/* what the first word of a subcommand's argv is */
static const char *command(void)
{
	static char path[256];

	return fx_program_built("providers/command/peerbar", path);
}

#define ARGV(...) ((const char *const[]){command(), __VA_ARGS__, NULL})

static const char *self(void)
{
	static char path[256];

	return fx_program_built("tests/vm/command", path);
}

static void said(const char *text, const char *word)
{
	if (!strstr(text, word))
		fx_die("\"%s\" is not in: %s", word, text);
}

static json_object *get(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fx_die("no %s in %s", key, json_object_to_json_string(object));
	return value;
}

static void drop_json(void *obj)
{
	json_object_put(obj);
}

static json_object *parse(struct fx *fx, const char *text)
{
	json_object *root = json_tokener_parse(text);

	if (!root)
		fx_die("no JSON: %s", text);
	fx_keep(fx, root, drop_json);
	return root;
}

/* The member of an array whose @key is @value. */
static json_object *find(json_object *array, const char *key, const char *value)
{
	size_t i;

	for (i = 0; i < json_object_array_length(array); i++) {
		json_object *member = json_object_array_get_idx(array, i);

		if (!strcmp(json_object_get_string(get(member, key)), value))
			return member;
	}
	fx_die("no %s %s in %s", key, value, json_object_to_json_string(array));
	return NULL;
}

/* On the distribution's modules the driver is what is missing first. */
static void check_nic(json_object *nic)
{
	assert_int_equal(json_object_get_boolean(get(nic, "registers")),
			 fx_patched());
	if (fx_patched())
		assert_null(get(nic, "reason"));
	else
		said(json_object_get_string(get(nic, "reason")),
		     "kernel driver");
}

static void test_list_shows_devices_and_nics(void **state)
{
	json_object *root, *device, *bar;
	const char *text;

	assert_int_equal(fx_run(*state, ARGV("list", "--json"), &text), 0);
	root = parse(*state, text);
	device = find(get(root, "devices"), "bdf", fx_bdf());
	assert_true(json_object_get_boolean(get(device, "ready")));
	assert_string_equal(json_object_get_string(get(device, "driver")),
			    "vfio-pci");
	bar = find(get(device, "bars"), "index", "2");
	assert_int_equal(json_object_get_int64(get(bar, "size")), FX_BAR_SIZE);
	assert_true(json_object_get_boolean(get(bar, "mappable")));
	find(get(root, "devices"), "bdf", fx_bdf2());
	check_nic(find(get(root, "nics"), "name", fx_rdma_name()));

	assert_int_equal(fx_run(*state, ARGV("list"), &text), 0);
	said(text, fx_bdf());
	said(text, "BAR 2: 64 MiB of memory, prefetchable, mappable");
	said(text, fx_patched() ? "NIC rxe0: registers BAR memory: yes"
				: "NIC rxe0: registers BAR memory: no: ");
}

static void test_probe_asks_the_kernel_and_the_nic(void **state)
{
	json_object *root, *caps;
	const char *text;

	assert_int_equal(fx_run(*state, ARGV("probe", fx_bdf(), "-j"), &text), 0);
	root = parse(*state, text);
	caps = get(root, "capabilities");
	assert_true(
		json_object_get_boolean(get(get(caps, "export"), "present")));
	assert_int_equal(
		json_object_get_boolean(get(get(caps, "mmap"), "present")),
		fx_patched());
	check_nic(find(get(root, "nics"), "name", fx_rdma_name()));
}

static void expect_driver(struct fx *fx, const char *bdf, const char *driver)
{
	struct peerbar_pci_function function;

	ok(peerbar_pci_describe(bdf, &function));
	assert_string_equal(function.driver, driver);
}

static void test_bind_and_unbind(void **state)
{
	const char *text;

	/* bound by other means, and no driver of the kernel wants it */
	assert_int_equal(fx_run(*state, ARGV("unbind", fx_bdf2()), &text), 0);
	said(text, "bound to none");
	expect_driver(*state, fx_bdf2(), "");
	assert_int_equal(fx_run(*state, ARGV("probe", fx_bdf2()), &text), 1);
	said(text, "peerbar bind ");
	assert_int_equal(fx_run(*state, ARGV("bind", fx_bdf2()), &text), 0);
	said(text, "was bound to none");
	expect_driver(*state, fx_bdf2(), "vfio-pci");
	assert_int_equal(fx_run(*state, ARGV("unbind", fx_bdf2()), &text), 0);
	expect_driver(*state, fx_bdf2(), "");
	assert_int_equal(fx_run(*state, ARGV("bind", fx_bdf2()), &text), 0);
	assert_int_equal(fx_run(*state, ARGV("probe", fx_bdf2()), &text), 0);
}

static void test_a_driver_gets_its_device_back(void **state)
{
	const char *text;
	char bdf[13];

	fx_edu_device(bdf);
	expect_driver(*state, bdf, "peerbar_edu");
	assert_int_equal(fx_run(*state, ARGV("bind", bdf), &text), 0);
	said(text, "was bound to peerbar_edu");
	expect_driver(*state, bdf, "vfio-pci");
	assert_int_equal(fx_run(*state, ARGV("probe", bdf), &text), 0);
	assert_int_equal(fx_run(*state, ARGV("unbind", bdf), &text), 0);
	expect_driver(*state, bdf, "peerbar_edu");
	fx_edu(*state);
}

static void test_a_device_in_use_is_not_taken(void **state)
{
	char root[PATH_MAX], *slash;
	const char *text;

	fx_device(*state, fx_bdf());
	assert_int_equal(fx_run(*state, ARGV("unbind", fx_bdf()), &text), 1);
	said(text, "in use");
	assert_int_equal(fx_run(*state, ARGV("probe", fx_bdf()), &text), 1);
	said(text, "in use");

	/* .../0000:00:04.0/virtio2/block/vda/device is virtio2 */
	assert_non_null(realpath("/sys/block/vda/device/..", root));
	slash = strrchr(root, '/');
	assert_int_equal(fx_run(*state, ARGV("bind", slash + 1), &text), 1);
	said(text, "mounted on /");
	expect_driver(*state, slash + 1, "virtio-pci");
}

static const char *spec(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "%s%s", fx_bdf(), spec_range);
	return text;
}

static void fill(struct fx *fx)
{
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(ranges); i++)
		fx_bar_fill(dev, SEED, ranges[i].offset, ranges[i].length);
	fx_drop(fx, dev);
}

static void test_a_program_finds_its_buffer(void **state)
{
	const char *text;
	int status;

	fill(*state);
	status = fx_run(*state,
			ARGV("export", spec(), "--exec", self(), "check"), &text);
	if (status != 7)
		fx_die("exit status %d: %s", status, text);
	/* nothing is left: neither socket nor device */
	fx_device(*state, fx_bdf());
}

static void test_write_combining(void **state)
{
	const char *text;
	int status;

	fill(*state);
	status = fx_run(*state,
			ARGV("export", "--json", "--write-combining", spec(),
			     "--exec", self(), "combining"),
			&text);
	if (status != (fx_patched() ? 9 : 1))
		fx_die("exit status %d: %s", status, text);
	said(text, fx_patched() ? "\"write_combining\":true" : "write-combining");
}

static void test_exit_statuses(void **state)
{
	const char *text;

	assert_int_equal(
		fx_run(*state,
		       ARGV("export", spec(), "-x", "sh", "-c", "exit 42"), &text),
		42);
	assert_int_equal(
		fx_run(*state,
		       ARGV("export", spec(), "-x", "sh", "-c", "kill -KILL $$"),
		       &text),
		128 + SIGKILL);
	assert_int_equal(
		fx_run(*state, ARGV("export", spec(), "-x", "/no/such"), &text),
		127);
	said(text, "/no/such: No such file");
	assert_int_equal(
		fx_run(*state, ARGV("export", spec(), "-x", "/etc/passwd"), &text),
		126);
	fx_device(*state, fx_bdf());
}

static void test_signals_are_passed_on(void **state)
{
	static const char script[] =
		"trap 'echo got TERM; exit 9' TERM; echo ready; "
		"while :; do read -r -t 1 x </dev/zero; done";
	struct fx_program *program =
		fx_program(*state, ARGV("export", spec(), "--exec", "/bin/bash",
					"-c", script));

	fx_says(program, "ready");
	assert_int_equal(kill(program->pid, SIGTERM), 0);
	assert_int_equal(fx_ends(program), 9);
	said(program->text, "got TERM");
}

/* The terminal tells both; the program is to get it once. */
static void test_the_terminals_interrupt(void **state)
{
	static const char script[] =
		"n=0; trap 'n=$((n+1)); echo int $n' INT; trap 'exit "
		"$((20+n))' "
		"TERM; echo ready; while :; do read -r -t 1 x </dev/zero; done";
	struct fx_program *program =
		fx_program_on_terminal(*state, ARGV("export", spec(), "--exec",
						    "/bin/bash", "-c", script));

	fx_says(program, "ready");
	assert_int_equal(write(program->out, "\x03", 1), 1);
	fx_says(program, "int 1");
	assert_int_equal(kill(program->pid, SIGTERM), 0);
	assert_int_equal(fx_ends(program), 21);
	fx_device(*state, fx_bdf());
}

static const char *number(pid_t pid)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return text;
}

static void test_revoke_while_a_program_reads(void **state)
{
	struct fx_program *program = fx_program(
		*state, ARGV("export", spec(), "--exec", self(), "read"));
	const char *text;

	if (!fx_patched()) {
		/* an imported buffer cannot be mapped there */
		assert_int_equal(fx_ends(program), 3);
		return;
	}
	fx_says(program, "reading");
	assert_int_equal(
		fx_run(*state, ARGV("revoke", number(program->pid), "1"), &text),
		1);
	said(text, "no buffer \"1\"");
	assert_int_equal(
		fx_run(*state, ARGV("revoke", number(program->pid)), &text), 0);
	assert_int_equal(fx_ends(program), 5);
	said(program->text, "taken back");
	assert_int_equal(
		fx_run(*state, ARGV("revoke", number(program->pid)), &text), 1);
	said(text, "listens at");
}

static void test_revoke_without_our_modules(void **state)
{
	struct fx_program *program = fx_program(*state, ARGV("export", spec()));
	const char *text;

	fx_says(program, "control socket");
	assert_int_equal(
		fx_run(*state, ARGV("revoke", number(program->pid)), &text), 1);
	said(text, "modules");
	assert_int_equal(kill(program->pid, SIGTERM), 0);
	assert_int_equal(fx_ends(program), 0);
}

static void test_one_of_two_buffers(void **state)
{
	const char *other = fx_bdf2();
	char second[64];
	struct fx_program *program;
	const char *text;

	snprintf(second, sizeof(second), "%s/2@0+4K", other);
	program = fx_program(*state, ARGV("export", "--control", "/tmp/control",
					  "--json", spec(), second));
	fx_says(program, "}]}\n");
	assert_int_equal(json_object_array_length(
				 get(parse(*state, program->text), "buffers")),
			 2);
	assert_int_equal(
		fx_run(*state, ARGV("revoke", "/tmp/control", "0"), &text), 0);
	assert_int_equal(
		fx_run(*state, ARGV("revoke", "/tmp/control", "0"), &text), 1);
	said(text, "revoked");
	/* nothing is left to hold after the last one */
	assert_int_equal(
		fx_run(*state, ARGV("revoke", "-j", "/tmp/control"), &text), 0);
	parse(*state, text);
	assert_int_equal(fx_ends(program), 0);
	assert_int_equal(access("/tmp/control", F_OK), -1);
}

/* Who looks in the middle of it tells it in two lines. */
static void test_watch_sees_a_foreign_reset(void **state)
{
	struct fx_program *watch;
	json_object *event;
	const char *now;

	watch = fx_program(*state, ARGV("watch", fx_bdf()));
	fx_says(watch, "is watched");
	ok(fx_sysfs_write(fx_bdf(), "reset", "1"));
	fx_says(watch, "is back\n");
	assert_int_equal(kill(watch->pid, SIGTERM), 0);
	assert_int_equal(fx_ends(watch), -SIGTERM);

	watch = fx_program(*state, ARGV("watch", "-j", "-c1", fx_bdf()));
	fx_says(watch, "watching\"}\n");
	ok(fx_sysfs_write(fx_bdf(), "reset", "1"));
	assert_int_equal(fx_ends(watch), 0);
	event = parse(*state, strchr(watch->text, '\n') + 1);
	assert_string_equal(json_object_get_string(get(event, "subject")),
			    fx_bdf());
	assert_int_equal(json_object_get_int(get(event, "revokes")), 1);
	now = json_object_get_string(get(event, "state"));
	assert_true(!strcmp(now, "live") || !strcmp(now, "suspended"));
}

static void test_watch_of_an_export(void **state)
{
	struct fx_program *owner, *watch;
	const char *text;

	owner = fx_program(*state, ARGV("export", spec(), "--period", "20"));
	fx_says(owner, "control socket");
	watch = fx_program(*state, ARGV("watch", number(owner->pid)));
	fx_says(watch, "is there, 68 KiB");
	if (fx_patched()) {
		ok(fx_sysfs_write(fx_bdf(), "reset", "1"));
		fx_says(watch, "is back\n");
		assert_int_equal(
			fx_run(*state, ARGV("revoke", number(owner->pid)), &text),
			0);
	} else {
		assert_int_equal(kill(owner->pid, SIGINT), 0);
	}
	assert_int_equal(fx_ends(owner), 0);
	assert_int_equal(fx_ends(watch), 0);
	said(watch->text, "is revoked for good");
	said(watch->text, "has ended");
}

/* What this program is when "export" runs it. */

static int inherited(struct peerbar_buffer **buf)
{
	const char *fd = getenv("PEERBAR_FD");

	return fd ? peerbar_buffer_import(atoi(fd), buf) : -ENOENT;
}

static int check_pattern(void)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	uint64_t done = 0;
	char *mem;
	unsigned int i;

	if (inherited(&buf) || peerbar_buffer_size(buf) != KIB(68) ||
	    strcmp(getenv("PEERBAR_SIZES"), "69632"))
		return 1;
	if (peerbar_buffer_map(buf, 0, 0, 0, &map))
		return fx_patched() ? 2 : 7;
	mem = malloc(KIB(68));
	if (!mem || peerbar_read(map, 0, mem, KIB(68)))
		return 3;
	for (i = 0; i < ARRAY_LEN(ranges); i++) {
		if (!fx_pattern_good(mem + done, SEED, ranges[i].offset,
				     ranges[i].length))
			return 4;
		done += ranges[i].length;
	}
	return 7;
}

/* by the page tables, not by what the library says */
static int check_combining(void)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;

	if (inherited(&buf) || peerbar_buffer_map(buf, 0, 0, 0, &map))
		return 2;
	return fx_pte_is(peerbar_mapping_addr(map), PEERBAR_PTE_WC, PAGE) ? 9 : 3;
}

static int read_until_revoked(void)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	uint64_t until = fx_now_ms() + FX_PROGRAM_MS;
	char bytes[64];
	int ret;

	if (inherited(&buf) || peerbar_buffer_map(buf, 0, 0, 0, &map))
		return 3;
	printf("reading\n");
	fflush(stdout);
	do
		ret = peerbar_read(map, 0, bytes, sizeof(bytes));
	while (!ret && fx_now_ms() < until);
	printf("%s\n", ret == -ENODEV ? "taken back" : "still there");
	return ret == -ENODEV ? 5 : 1;
}

static int run_as(const char *what)
{
	if (!strcmp(what, "check"))
		return check_pattern();
	return strcmp(what, "combining") ? read_until_revoked()
					 : check_combining();
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_list_shows_devices_and_nics),
		FX_TEST(test_probe_asks_the_kernel_and_the_nic),
		FX_TEST(test_bind_and_unbind),
		FX_TEST(test_a_device_in_use_is_not_taken),
		FX_TEST(test_a_program_finds_its_buffer),
		FX_TEST(test_write_combining),
		FX_TEST(test_exit_statuses),
		FX_TEST(test_signals_are_passed_on),
		FX_TEST(test_the_terminals_interrupt),
		FX_TEST(test_revoke_while_a_program_reads),
		FX_TEST(test_watch_of_an_export),
	};
	const struct CMUnitTest with_modules[] = {
		FX_TEST(test_a_driver_gets_its_device_back),
		FX_TEST(test_one_of_two_buffers),
		FX_TEST(test_watch_sees_a_foreign_reset),
	};
	const struct CMUnitTest without_modules[] = {
		FX_TEST(test_revoke_without_our_modules),
	};

	if (argc == 2)
		return run_as(argv[1]);
	return FX_RUN(tests) +
	       (fx_patched() ? FX_RUN(with_modules) : FX_RUN(without_modules));
}
