// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every way to take a BAR away, on every kind of device that can do it: no page
 * table has an entry left, whoever touches the BAR without a guard waits out a
 * reset and otherwise gets SIGBUS, and what was not taken for good comes back by
 * itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cause.h"
#include "child.h"

#define BASE	MIB(1)
#define PAGES	16
#define SEED	71
#define SOON_MS 20000

/**
 * struct path - one test
 * @device: kind of it
 * @why: no device of the guest can do that, and this is what the last one said
 */
struct path {
	const struct fx_cause *cause;
	const char *device;
	const char *bdf;
	const char *why;
};

/**
 * struct toucher - a process that loads from the BAR, plainly, all the time
 * @loose: what it reads may be wrong, the cause is late
 * @rounds: that it made, over all pages
 * @stop: it is to end
 */
struct toucher {
	struct fx_child *child;
	const volatile char *addr;
	bool loose;
	_Atomic uint64_t rounds;
	atomic_bool stop;
};

struct scene {
	struct fx *fx;
	struct fx_site site;
	struct peerbar_buffer *buf;
	const volatile char *mapping;
	const volatile char *device;
	struct toucher *toucher;
};

static uint64_t word(const volatile char *addr, unsigned int page)
{
	return *(const volatile uint64_t *)(addr + page * PAGE);
}

static bool reads_well(const volatile char *addr)
{
	uint64_t found;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		found = word(addr, i);
		if (!fx_pattern_good(&found, SEED, BASE + i * PAGE,
				     sizeof(found)))
			return false;
	}
	return true;
}

static uint64_t faults_so_far(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return (uint64_t)usage.ru_minflt;
}

/* of the pages, how many this process had no page-table entry for */
static uint64_t faults_in(const volatile char *addr)
{
	uint64_t before = faults_so_far();
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		word(addr, i);
	return faults_so_far() - before;
}

/* Without the device's descriptors, or it could not be closed. */
static int touch(int sock, void *arg)
{
	struct toucher *toucher = arg;

	if (close_range(3, (unsigned int)sock - 1, 0) ||
	    close_range((unsigned int)sock + 1, ~0u, 0))
		return 2;
	while (!toucher->stop) {
		if (!reads_well(toucher->addr) && !toucher->loose)
			return 1;
		toucher->rounds++;
	}
	return 0;
}

static void unmap_toucher(void *obj)
{
	munmap(obj, sizeof(struct toucher));
}

static void toucher_goes_on(struct toucher *toucher)
{
	uint64_t deadline = fx_now_ms() + SOON_MS, goal = toucher->rounds + 3;

	while (toucher->rounds < goal) {
		if (!fx_child_lives(toucher->child, 1))
			fx_die("who touches the BAR ended: %d",
			       fx_wait_child(toucher->child, 0));
		if (fx_now_ms() > deadline)
			fx_die("who touches the BAR is stuck");
	}
}

static struct toucher *toucher_start(struct fx *fx, const volatile char *addr,
				     bool loose)
{
	struct toucher *toucher =
		mmap(NULL, sizeof(*toucher), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(toucher, MAP_FAILED);
	fx_keep(fx, toucher, unmap_toucher);
	toucher->addr = addr;
	toucher->loose = loose;
	toucher->child = fx_fork(fx, touch, toucher);
	toucher_goes_on(toucher);
	return toucher;
}

static void toucher_stop(struct toucher *toucher)
{
	toucher->stop = true;
	assert_int_equal(fx_wait_child(toucher->child, SOON_MS), 0);
}

/* A mapping of the device's own file keeps it open. */
static bool can_map_device(const struct fx_cause *cause)
{
	return cause->duration != FX_FOR_GOOD;
}

static void scene_open(struct fx *fx, struct scene *s, const struct path *path)
{
	*s = (struct scene){.fx = fx, .site.fx = fx};
	s->site.dev = fx_device(fx, path->bdf);
	fx_bar_fill(s->site.dev, SEED, BASE, PAGES * PAGE);
	s->buf = fx_export_one(fx, s->site.dev, BASE, PAGES * PAGE);
	s->site.dmabuf_fd = peerbar_buffer_fd(s->buf);
	s->mapping = peerbar_mapping_addr(fx_map(fx, s->buf));
	if (can_map_device(path->cause))
		s->device = fx_mmap_device(fx, s->site.dev, BASE, PAGES * PAGE);
	s->toucher = toucher_start(fx, s->mapping, path->cause->late);
}

/* what it is to have no entry of before, and to get all of them anew */
static void comes_back(const volatile char *addr)
{
	assert_int_equal(faults_in(addr), PAGES);
	assert_int_equal(faults_in(addr), 0);
	assert_true(reads_well(addr));
}

static void all_comes_back(struct scene *s)
{
	comes_back(s->mapping);
	if (s->device)
		comes_back(s->device);
}

/* A child has the entries that its parent has: it dies only if there are none. */
static void is_away(struct scene *s, const volatile char *addr)
{
	unsigned int i;

	for (i = 0; i < PAGES; i += PAGES - 1)
		assert_int_equal(fx_load_signal(s->fx, (volatile char *)addr +
							       i * PAGE),
				 SIGBUS);
}

static void all_is_away(struct scene *s)
{
	assert_int_equal(fx_wait_child(s->toucher->child, SOON_MS), -SIGBUS);
	is_away(s, s->mapping);
	if (s->device)
		is_away(s, s->device);
}

static void test_path(void **state)
{
	struct fx *fx = *state;
	const struct path *path = fx->variant;
	struct peerbar_mapping *map;
	struct scene s;

	if (path->why) {
		print_message("%s\n", path->why);
		skip();
	}
	scene_open(fx, &s, path);
	all_comes_back(&s);
	ok(fx_cause_take(path->cause, &s.site));
	switch (path->cause->duration) {
	case FX_MOMENT:
		toucher_goes_on(s.toucher);
		toucher_stop(s.toucher);
		all_comes_back(&s);
		break;
	case FX_WHILE:
		all_is_away(&s);
		ok(fx_cause_give_back(path->cause, &s.site));
		all_comes_back(&s);
		break;
	case FX_FOR_GOOD:
		all_is_away(&s);
		refused(peerbar_buffer_map(s.buf, 0, 0, 0, &map), -ENODEV);
		ok(fx_cause_give_back(path->cause, &s.site));
		break;
	}
}

/* Half a hundred resets while somebody touches the BAR: not one signal. */
#define RESETS 50

static void test_resets_are_waited_out(void **state)
{
	struct fx *fx = *state;
	const struct path path = {
		.cause = fx->variant,
		.bdf = fx_bdf(),
	};
	struct scene s;
	int i;

	scene_open(fx, &s, &path);
	all_comes_back(&s);
	for (i = 0; i < RESETS; i++)
		ok(fx_cause_take(path.cause, &s.site));
	toucher_goes_on(s.toucher);
	toucher_stop(s.toucher);
	all_comes_back(&s);
}

static char *title(const char *first, const char *second)
{
	char *text;

	if (asprintf(&text, "%s: %s", first, second) < 0)
		abort();
	return text;
}

/* NULL, or why not; a device whose user is to be asked for it is opened anew */
static const char *impossible(const struct path *path)
{
	struct fx_site site = {.dmabuf_fd = -1};
	const char *why;

	if (peerbar_device_open(path->bdf, NULL, &site.dev))
		return "it cannot be opened";
	why = fx_cause_impossible(path->cause, &site);
	peerbar_device_close(site.dev);
	return why;
}

static struct CMUnitTest *add_path(struct CMUnitTest *test, struct path *path)
{
	*test = (struct CMUnitTest)FX_TEST(test_path);
	test->name = title(path->device, path->cause->name);
	test->initial_state = path;
	return test + 1;
}

/*
 * Tests of a cause: of the devices that can, or one that says why none can.
 * What cannot be undone is done to the NVMe only.
 */
static struct CMUnitTest *add(struct CMUnitTest *tests,
			      const struct fx_cause *cause)
{
	const struct path devices[] = {
		{cause, "bar", fx_bdf(), NULL},
		{cause, "pair", fx_bdf_pair(), NULL},
		{cause, "nvme", fx_bdf_nvme(), NULL},
	};
	struct CMUnitTest *first = tests;
	struct path *path = NULL;
	unsigned int i;

	for (i = cause->once ? 2 : 0; i < ARRAY_LEN(devices); i++) {
		if (!devices[i].bdf)
			continue;
		path = calloc(1, sizeof(*path));
		if (!path)
			abort();
		*path = devices[i];
		path->why = impossible(path);
		if (path->why)
			printf("# %s: %s: %s\n", path->device, cause->name,
			       path->why);
		else
			tests = add_path(tests, path);
	}
	return tests == first && path ? add_path(tests, path) : tests;
}

int main(void)
{
	static struct CMUnitTest tests[64];
	struct CMUnitTest *end = tests;
	unsigned int i;

	assert_in_range(3 * fx_nr_causes + 4, 0, ARRAY_LEN(tests));
	*end++ = (struct CMUnitTest)FX_VARIANT(
		test_resets_are_waited_out, "VFIO_DEVICE_RESET, over and over",
		fx_cause("VFIO_DEVICE_RESET"));
	*end++ = (struct CMUnitTest)FX_VARIANT(
		test_resets_are_waited_out, "reset through sysfs, over and over",
		fx_cause("reset through sysfs"));
	for (i = 0; i < fx_nr_causes; i++)
		end = add(end, fx_causes[i]);
	return _cmocka_run_group_tests("reset_paths", tests,
				       (size_t)(end - tests), NULL, NULL);
}
