// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The peerbar program above the fake kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>
#include <json-c/json.h>

#include "test.h"
#include "fake_kernel.h"

#include "command.h"
#include "print.h"
#include "watch.h"

#define OUTPUT_SIZE 16384

static char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
static char run_dir[] = "/tmp/peerbar-unit.XXXXXX";

static void slurp(FILE *file, char text[OUTPUT_SIZE])
{
	size_t len;

	rewind(file);
	len = fread(text, 1, OUTPUT_SIZE - 1, file);
	text[len] = '\0';
	fclose(file);
}

static int divert(int fd, FILE **file)
{
	int saved = dup(fd);

	*file = tmpfile();
	assert_non_null(*file);
	assert_true(saved >= 0 && dup2(fileno(*file), fd) == fd);
	return saved;
}

static void restore(int fd, int saved)
{
	dup2(saved, fd);
	close(saved);
}

/* exit status; what was printed is in out and err */
static int run_words(char **argv)
{
	FILE *files[2];
	int saved[2], status, argc;

	for (argc = 0; argv[argc]; argc++)
		;
	fflush(NULL);
	saved[0] = divert(STDOUT_FILENO, &files[0]);
	saved[1] = divert(STDERR_FILENO, &files[1]);
	status = command_main(argc, argv);
	fflush(NULL);
	restore(STDOUT_FILENO, saved[0]);
	restore(STDERR_FILENO, saved[1]);
	slurp(files[0], out);
	slurp(files[1], err);
	return status;
}

#define peerbar(...) run_words((char *[]){(char *)"peerbar", __VA_ARGS__, NULL})

#define assert_said(text, word)                                                 \
	do {                                                                    \
		if (!strstr(text, word))                                        \
			fail_msg("\"%s\" does not contain \"%s\"", text, word); \
	} while (0)

/* Of all of a text, and nothing behind it. */
static json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new();
	json_object *root;

	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	root = json_tokener_parse_ex(tokener, text, strlen(text) + 1);
	if (!root)
		fail_msg("%s: \"%s\"",
			 json_tokener_error_desc(json_tokener_get_error(tokener)),
			 text);
	json_tokener_free(tokener);
	return root;
}

static json_object *get(json_object *object, const char *key)
{
	json_object *value;

	if (!json_object_object_get_ex(object, key, &value))
		fail_msg("no \"%s\" in %s", key,
			 json_object_to_json_string(object));
	return value;
}

#define assert_text(object, key, text) \
	assert_string_equal(json_object_get_string(get(object, key)), text)

static int set_up(void **state)
{
	fake_reset();
	return 0;
}

static int tear_down(void **state)
{
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static int make_run_dir(void **state)
{
	return mkdtemp(run_dir) ? setenv("PEERBAR_RUN_DIR", run_dir, 1) : -1;
}

/* Nothing may be left in it. */
static int remove_run_dir(void **state)
{
	return rmdir(run_dir);
}

static const char *record_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "%s/driver-" FAKE_BDF, run_dir);
	return path;
}

static void list_tells_devices(void **state)
{
	assert_int_equal(peerbar("list"), 0);
	assert_said(out, FAKE_BDF ": 1af4:1110");
	assert_said(out, "driver vfio-pci");
	assert_said(out, "\n  ready\n");
	assert_said(out, "BAR 2: 8 MiB of memory, prefetchable, mappable");
	assert_said(out, "BAR 0: 256 B of memory, not mappable: smaller");
	assert_said(out, FAKE_NEIGHBOUR);
	assert_said(out, "BAR 2: 64 B of ports, not mappable: I/O ports");
	assert_said(out, "peerbar bind " FAKE_NEIGHBOUR);
	assert_string_equal(err, "");
}

static void list_tells_why_a_device_is_not_ready(void **state)
{
	fake.neighbour_driver = "nvme";
	assert_int_equal(peerbar("list"), 0);
	assert_said(out, FAKE_NEIGHBOUR " of its IOMMU group is bound to nvme");
	fake.has_iommu = false;
	assert_int_equal(peerbar("list"), 0);
	assert_said(out, "in no IOMMU group");
}

static void list_as_json(void **state)
{
	json_object *root, *device, *bar;

	assert_int_equal(peerbar("list", "--json"), 0);
	root = parse(out);
	assert_int_equal(json_object_array_length(get(root, "devices")), 2);
	device = json_object_array_get_idx(get(root, "devices"), 0);
	assert_text(device, "bdf", FAKE_BDF);
	assert_text(device, "driver", "vfio-pci");
	assert_null(get(device, "driver_override"));
	assert_int_equal(json_object_get_int(get(device, "iommu_group")), 7);
	assert_true(json_object_get_boolean(get(device, "ready")));
	assert_null(get(device, "reason"));
	assert_int_equal(json_object_array_length(get(device, "bars")), 2);
	bar = json_object_array_get_idx(get(device, "bars"), 1);
	assert_int_equal(json_object_get_int(get(bar, "index")), FAKE_BAR);
	assert_int_equal(json_object_get_int64(get(bar, "size")), FAKE_BAR_SIZE);
	assert_int_equal(json_object_get_int64(get(bar, "address")),
			 FAKE_BAR_ADDRESS);
	assert_true(json_object_get_boolean(get(bar, "mappable")));
	device = json_object_array_get_idx(get(root, "devices"), 1);
	assert_false(json_object_get_boolean(get(device, "ready")));
	assert_null(get(device, "driver"));
	get(root, "nics");
	json_object_put(root);
}

static void a_broken_sysfs_is_told(void **state)
{
	fake.fail_path = "/sys/bus/pci/devices/" FAKE_BDF "/resource";
	fake.fail_path_errno = EIO;
	assert_int_equal(peerbar("list"), 1);
	assert_said(err, "peerbar list: cannot read");
	assert_string_equal(out, "");
}

static void bind_and_unbind(void **state)
{
	fake.driver = "nvme";
	assert_int_equal(peerbar("bind", FAKE_BDF), 0);
	assert_string_equal(fake.driver, "vfio-pci");
	assert_said(out, "was bound to nvme");
	assert_int_equal(access(record_path(), F_OK), 0);
	/* another time is no mistake, and forgets nothing */
	assert_int_equal(peerbar("bind", "00:05.0"), 0);
	assert_said(out, "already");
	assert_int_equal(peerbar("unbind", "00:05.0"), 0);
	assert_string_equal(fake.driver, "nvme");
	assert_string_equal(fake.override, "");
	assert_said(out, "bound to nvme");
	assert_int_equal(access(record_path(), F_OK), -1);
}

static void bind_as_json(void **state)
{
	json_object *line;

	fake.driver = NULL;
	assert_int_equal(peerbar("bind", "-j", FAKE_BDF), 0);
	line = parse(out);
	assert_text(line, "bdf", FAKE_BDF);
	assert_text(line, "driver", "vfio-pci");
	assert_null(get(line, "was"));
	json_object_put(line);
	/* to none, as it was, although the kernel knows one */
	assert_int_equal(peerbar("unbind", "--json", FAKE_BDF), 0);
	assert_null(fake.driver);
	line = parse(out);
	assert_null(get(line, "driver"));
	json_object_put(line);
}

static void an_override_is_restored_too(void **state)
{
	fake.driver = "nvme";
	strcpy(fake.override, "nvme");
	assert_int_equal(peerbar("bind", FAKE_BDF), 0);
	assert_int_equal(peerbar("unbind", FAKE_BDF), 0);
	assert_string_equal(fake.override, "nvme");
	assert_string_equal(fake.driver, "nvme");
}

static void unbind_without_a_memory(void **state)
{
	assert_int_equal(peerbar("unbind", FAKE_BDF), 0);
	assert_string_equal(fake.driver, "nvme");
	assert_int_equal(peerbar("unbind", FAKE_BDF), 1);
	assert_said(err, "bound to nvme, not to a VFIO driver");
	fake.driver = "vfio-pci";
	assert_int_equal(peerbar("unbind", "--driver", "nvme", FAKE_BDF), 0);
	assert_string_equal(fake.driver, "nvme");
}

static void a_damaged_memory_is_told(void **state)
{
	FILE *file = fopen(record_path(), "w");

	fputs("nvme", file);
	fclose(file);
	assert_int_equal(peerbar("unbind", FAKE_BDF), 1);
	assert_said(err, "--driver NAME");
	assert_string_equal(fake.driver, "vfio-pci");
	assert_int_equal(peerbar("unbind", "-dnvme", FAKE_BDF), 0);
}

static void bind_that_fails_leaves_nothing(void **state)
{
	fake.driver = "nvme";
	fake.refused_by = "vfio-pci";
	assert_int_equal(peerbar("bind", FAKE_BDF), 1);
	assert_said(err, "peerbar bind: ");
	assert_string_equal(fake.driver, "nvme");
	assert_int_equal(access(record_path(), F_OK), -1);
	fake.has_iommu = false;
	assert_int_equal(peerbar("bind", FAKE_BDF), 1);
	assert_said(err, "boot with intel_iommu=on");
	assert_int_equal(peerbar("bind", "00:07.0"), 1);
	assert_said(err, "no PCI device");
}

static void a_module_that_cannot_be_loaded(void **state)
{
	char *path = strdup(getenv("PATH"));

	fake.driver = "nvme";
	fake.has_vfio_driver = false;
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(peerbar("bind", FAKE_BDF), 1);
	setenv("PATH", path, 1);
	free(path);
	assert_said(err, "vfio-pci is not loaded, and modprobe");
	assert_string_equal(fake.driver, "nvme");
}

static void who_blocks_the_group_is_told(void **state)
{
	fake.neighbour_driver = "nvme";
	assert_int_equal(peerbar("bind", FAKE_BDF), 0);
	assert_said(err, FAKE_NEIGHBOUR " is in the same IOMMU group");
}

static void a_device_in_use_stays(void **state)
{
	fake.fail_path = "/dev/vfio/7";
	fake.fail_path_errno = EBUSY;
	assert_int_equal(peerbar("unbind", FAKE_BDF), 1);
	assert_said(err, "in use");
	assert_string_equal(fake.driver, "vfio-pci");
}

static void probe_tells_what_works(void **state)
{
	assert_int_equal(peerbar("probe", "0:5.0"), 0);
	assert_said(out, FAKE_BDF ": opened by group");
	assert_said(out, "  mmap    yes\n");
	assert_said(out, "BAR 2: 8 MiB, mappable");
	fake.has_modules = false;
	assert_int_equal(peerbar("probe", FAKE_BDF), 0);
	assert_said(out, "  revoke  no: it takes the vfio-pci modules");
}

static void probe_as_json(void **state)
{
	json_object *root, *cap;

	fake.has_cdev = true;
	fake.has_modules = false;
	assert_int_equal(peerbar("probe", "--json", FAKE_BDF), 0);
	root = parse(out);
	assert_text(root, "bdf", FAKE_BDF);
	assert_text(root, "backend", "cdev");
	cap = get(get(root, "capabilities"), "export");
	assert_true(json_object_get_boolean(get(cap, "present")));
	assert_null(get(cap, "reason"));
	cap = get(get(root, "capabilities"), "mmap");
	assert_false(json_object_get_boolean(get(cap, "present")));
	assert_non_null(get(cap, "reason"));
	assert_int_equal(json_object_array_length(get(root, "bars")), 2);
	json_object_put(root);
}

static void what_cannot_be_opened(void **state)
{
	static const char *const commands[] = {"probe", "watch"};
	size_t i;

	fake.driver = "nvme";
	for (i = 0; i < NR(commands); i++) {
		assert_int_equal(peerbar((char *)commands[i], FAKE_BDF), 1);
		assert_said(err, "peerbar bind " FAKE_BDF);
		assert_string_equal(out, "");
	}
	assert_int_equal(peerbar("export", FAKE_BDF "/2"), 1);
	assert_said(err, "peerbar export: ");
	assert_said(err, "peerbar bind " FAKE_BDF);
	fake.driver = "vfio-pci";
	fake.fail_path = "/dev/vfio/7";
	fake.fail_path_errno = EACCES;
	assert_int_equal(peerbar("probe", FAKE_BDF), 1);
	assert_said(err, "run as root");
}

static void exports_of_nothing(void **state)
{
	assert_int_equal(peerbar("export", "05.0/2"), 1);
	assert_said(err, "character");
	assert_int_equal(peerbar("export", "00:05.0/7"), 1);
	assert_int_equal(peerbar("export", "00:05.0/2@1+4K"), 1);
	assert_said(err, "aligned");
	/* the first is taken back when the second fails */
	assert_int_equal(peerbar("export", "00:05.0/2@0+4K", "00:05.0/1"), 1);
	assert_said(err, "BAR 1");
}

/* It is asked of the kernel, whose refusal ends the export. */
static void write_combining_that_cannot_be_had(void **state)
{
	fake.memattr_errno = EBUSY;
	assert_int_equal(peerbar("export", "--write-combining",
				 "00:05.0/2@0+4K", "00:05.0/1"),
			 1);
	assert_said(err, "write-combining");
	assert_int_equal(peerbar("export", "00:05.0/2@0+4K", "00:05.0/1"), 1);
	assert_said(err, "BAR 1");
}

static void targets_that_are_none(void **state)
{
	static const char *const commands[] = {"revoke", "watch"};
	char longer[200];
	size_t i;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (i = 0; i < NR(commands); i++) {
		assert_int_equal(peerbar((char *)commands[i], "1"), 1);
		assert_said(err, "no \"peerbar export\" listens at");
		assert_int_equal(peerbar((char *)commands[i], "/nonexistent"), 1);
		assert_int_equal(peerbar((char *)commands[i], ""), 1);
		assert_int_equal(peerbar((char *)commands[i], longer), 1);
		assert_said(err, "characters");
	}
}

static void wrong_command_lines(void **state)
{
	static char *const lines[][5] = {
		{"peerbar"},
		{"peerbar", "nonsense"},
		{"peerbar", "help", "nonsense"},
		{"peerbar", "list", "operand"},
		{"peerbar", "list", "--nonsense"},
		{"peerbar", "list", "-jx"},
		{"peerbar", "list", "--json=yes"},
		{"peerbar", "bind"},
		{"peerbar", "unbind", "--driver"},
		{"peerbar", "probe"},
		{"peerbar", "probe", FAKE_BDF, FAKE_NEIGHBOUR},
		{"peerbar", "export"},
		{"peerbar", "export", FAKE_BDF "/2", "--exec"},
		{"peerbar", "export", "--exec", "true"},
		{"peerbar", "export", "--period=-1", FAKE_BDF "/2"},
		{"peerbar", "revoke"},
		{"peerbar", "watch"},
		{"peerbar", "watch", "--count", "many", FAKE_BDF},
		{"peerbar", "watch", "--count=", FAKE_BDF},
		{"peerbar", "watch", "--count=99999999999", FAKE_BDF},
	};
	size_t i;

	for (i = 0; i < NR(lines); i++) {
		char *argv[6] = {NULL};

		memcpy(argv, lines[i], sizeof(lines[i]));
		if (run_words(argv) != 2)
			fail_msg("%s %s ... is taken", argv[0], argv[1]);
		assert_string_equal(out, "");
		assert_said(err, argv[1] ? "peerbar" : "usage");
	}
}

static void every_command_has_help(void **state)
{
	static const char *const names[] = {
		"list", "bind", "unbind", "probe", "export", "revoke", "watch"};
	size_t i;

	assert_int_equal(peerbar("--version"), 0);
	assert_said(out, peerbar_version_text());
	assert_int_equal(peerbar("--help"), 0);
	for (i = 0; i < NR(names); i++) {
		assert_said(out, names[i]);
		assert_int_equal(peerbar((char *)names[i], "--help"), 0);
		assert_said(out, names[i]);
		assert_said(out, "--json");
		assert_string_equal(err, "");
		assert_int_equal(peerbar("help", (char *)names[i]), 0);
		assert_said(out, "--json");
		assert_int_equal(peerbar("help"), 0);
	}
}

static void operands_and_options_mix(void **state)
{
	json_object *root;

	assert_int_equal(peerbar("probe", FAKE_BDF, "--json"), 0);
	root = parse(out);
	json_object_put(root);
	assert_int_equal(peerbar("probe", "--", "--json"), 1);
	assert_said(err, "\"--json\" is not a PCI address");
}

/* A full disk behind stdout is a failure. */
static void output_that_is_lost(void **state)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), saved;
	char *argv[] = {(char *)"peerbar", (char *)"list", NULL};
	FILE *ignored;
	int saved_err;

	assert_true(full >= 0);
	fflush(NULL);
	saved = dup(STDOUT_FILENO);
	saved_err = divert(STDERR_FILENO, &ignored);
	dup2(full, STDOUT_FILENO);
	close(full);
	assert_int_equal(command_main(2, argv), 1);
	clearerr(stdout);
	restore(STDOUT_FILENO, saved);
	restore(STDERR_FILENO, saved_err);
	slurp(ignored, err);
	assert_said(err, "stdout");
}

static void events_as_lines(void **state)
{
	struct watcher watcher = {.left = 2};
	const struct watch_event events[] = {
		{"a", "state", PEERBAR_LIVE, 2, 0},
		{"a", "state", PEERBAR_REVOKED, 1, 0},
	};
	FILE *file;
	int saved;

	fflush(NULL);
	saved = divert(STDOUT_FILENO, &file);
	assert_true(watch_print(&watcher, &events[0]));
	assert_false(watch_print(&watcher, &events[1]));
	restore(STDOUT_FILENO, saved);
	slurp(file, out);
	assert_said(out, "Z a: was taken away and is back (2 times)\n");
	assert_said(out, "Z a: is revoked for good\n");
}

static void events_as_json(void **state)
{
	const struct watch_event event = {"a\"b", "state", PEERBAR_SUSPENDED, 1,
					  0};
	struct watcher watcher = {.json = true};
	json_object *line;
	FILE *file;
	int saved;

	fflush(NULL);
	saved = divert(STDOUT_FILENO, &file);
	assert_true(watch_print(&watcher, &event));
	restore(STDOUT_FILENO, saved);
	slurp(file, out);
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	line = parse(out);
	assert_text(line, "subject", "a\"b");
	assert_text(line, "event", "state");
	assert_text(line, "state", "suspended");
	assert_int_equal(json_object_get_int(get(line, "revokes")), 1);
	json_object_put(line);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_tells_devices),
		TEST(list_tells_why_a_device_is_not_ready),
		TEST(list_as_json),
		TEST(a_broken_sysfs_is_told),
		TEST(bind_and_unbind),
		TEST(bind_as_json),
		TEST(an_override_is_restored_too),
		TEST(unbind_without_a_memory),
		TEST(a_damaged_memory_is_told),
		TEST(bind_that_fails_leaves_nothing),
		TEST(a_module_that_cannot_be_loaded),
		TEST(a_device_in_use_stays),
		TEST(probe_tells_what_works),
		TEST(probe_as_json),
		TEST(what_cannot_be_opened),
		TEST(exports_of_nothing),
		TEST(write_combining_that_cannot_be_had),
		TEST(targets_that_are_none),
		TEST(wrong_command_lines),
		TEST(every_command_has_help),
		TEST(operands_and_options_mix),
		TEST(output_that_is_lost),
		TEST(events_as_lines),
		TEST(events_as_json),
		TEST(who_blocks_the_group_is_told),
	};

	return cmocka_run_group_tests(tests, make_run_dir, remove_run_dir) ? 1
									   : 0;
}
