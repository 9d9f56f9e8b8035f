// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Importers that end: closed, killed, unbound, before and during a revoke. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bar.h"
#include "child.h"
#include "importer.h"
#include "worker.h"

#define SEED	55
#define OLD	1955
#define CHUNK	PEERBAR_EDU_CHUNK
#define BASE	MIB(2)
#define SIZE	(4 * PAGE)
#define SOON_MS 20000

/* much less than an importer is told to hold, much more than a revoke takes */
#define FAST_MS 5000

struct scene {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	int edu;
};

static void scene_open(struct fx *fx, struct scene *s)
{
	s->fx = fx;
	s->dev = fx_device(fx, fx_bdf());
	fx_bar_fill(s->dev, OLD, BASE, SIZE);
	s->buf = fx_export_one(fx, s->dev, BASE, SIZE);
	s->edu = fx_edu(fx);
}

static void revoke_is_fast(struct scene *s)
{
	uint64_t start = fx_now_ms();

	ok(peerbar_buffer_revoke(s->buf));
	assert_in_range(fx_now_ms() - start, 0, FAST_MS);
	assert_int_equal(fx_info(s->buf).importers, 0);
}

/* The device is of use for the next one. */
static void works(struct fx *fx, struct peerbar_device *dev)
{
	struct peerbar_buffer *buf = fx_export_one(fx, dev, BASE, PAGE);
	int edu = fx_edu(fx);
	char mem[64];

	fx_edu_import(edu, peerbar_buffer_fd(buf), 0);
	fx_pattern_fill(mem, SEED + 9, BASE, sizeof(mem));
	ok(fx_edu_write(edu, 0, mem, sizeof(mem)));
	fx_bar_check(dev, SEED + 9, BASE, sizeof(mem));
	fx_drop_fd(fx, edu);
	fx_drop(fx, buf);
}

static void test_close_ends_the_import(void **state)
{
	struct scene s;

	scene_open(*state, &s);
	fx_edu_import(s.edu, peerbar_buffer_fd(s.buf), PEERBAR_EDU_HOLD_MAX_MS);
	assert_int_equal(fx_info(s.buf).importers, 1);
	fx_drop_fd(s.fx, s.edu);
	assert_int_equal(fx_info(s.buf).importers, 0);
	revoke_is_fast(&s);
	works(s.fx, s.dev);
}

static void test_the_import_keeps_the_buffer(void **state)
{
	struct scene s;
	char mem[64];

	scene_open(*state, &s);
	fx_edu_import(s.edu, peerbar_buffer_fd(s.buf), 0);
	fx_drop(s.fx, s.buf);
	fx_pattern_fill(mem, SEED, BASE, sizeof(mem));
	ok(fx_edu_write(s.edu, 0, mem, sizeof(mem)));
	fx_bar_check(s.dev, SEED, BASE, sizeof(mem));
	/* and not the device */
	fx_drop(s.fx, s.dev);
	refused(fx_edu_write(s.edu, 0, mem, sizeof(mem)), -ENXIO);
	refused(fx_edu_map(s.edu, NULL, 0), -ENODEV);
	ok(fx_edu_detach(s.edu));
}

/* Holds on for as long as it may, and is doing DMA whenever it is looked at. */
static int busy_importer(int sock, void *arg)
{
	struct scene *s = arg;
	char mem[SIZE];
	int edu = open("/dev/peerbar-edu0", O_RDWR | O_CLOEXEC);

	fx_edu_import(edu, peerbar_buffer_fd(s->buf), PEERBAR_EDU_HOLD_MAX_MS);
	fx_pattern_fill(mem, SEED, BASE, sizeof(mem));
	if (!fx_tell(sock, 'm'))
		return 1;
	for (;;)
		fx_edu_write(edu, 0, mem, sizeof(mem));
}

static void test_kill_ends_the_import(void **state)
{
	struct fx_child *child;
	struct scene s;

	scene_open(*state, &s);
	child = fx_fork(s.fx, busy_importer, &s);
	assert_true(fx_hear(child->sock, 'm', SOON_MS));
	assert_int_equal(fx_info(s.buf).importers, 1);
	fx_kill_child(child);
	assert_int_equal(fx_info(s.buf).importers, 0);
	revoke_is_fast(&s);
	works(s.fx, s.dev);
}

/* A revoke in a thread. */
struct taker {
	struct fx_worker worker;
	struct peerbar_buffer *buf;
	int ret;
	uint64_t ms;
};

static void taker_run(struct fx_worker *worker)
{
	struct taker *taker = (struct taker *)worker;
	uint64_t start = fx_now_ms();

	taker->ret = peerbar_buffer_revoke(taker->buf);
	taker->ms = fx_now_ms() - start;
}

static struct taker *taker_start(struct scene *s)
{
	struct taker *taker = fx_alloc(s->fx, sizeof(*taker));

	taker->buf = s->buf;
	fx_worker_start(s->fx, &taker->worker, taker_run);
	return taker;
}

static void taker_is_fast(struct taker *taker)
{
	assert_true(fx_worker_ends(&taker->worker, SOON_MS));
	fx_worker_stop(&taker->worker);
	ok(taker->ret);
	assert_in_range(taker->ms, 0, FAST_MS);
}

/* Asked for again and again: nobody is told of a revoke that still waits. */
static void revoked(struct scene *s)
{
	uint64_t end = fx_now_ms() + SOON_MS;

	while (fx_info(s->buf).state != PEERBAR_REVOKED) {
		assert_true(fx_now_ms() < end);
		usleep(1000);
	}
}

static void test_kill_ends_the_wait(void **state)
{
	struct fx_child *child;
	struct taker *taker;
	struct scene s;

	scene_open(*state, &s);
	child = fx_fork(s.fx, busy_importer, &s);
	assert_true(fx_hear(child->sock, 'm', SOON_MS));
	taker = taker_start(&s);
	revoked(&s);
	assert_false(fx_worker_ends(&taker->worker, 0));
	fx_kill_child(child);
	taker_is_fast(taker);
	works(s.fx, s.dev);
}

static void driver_does(const char *verb, const char *bdf)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/peerbar_edu/%s", verb);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bdf, strlen(bdf)), strlen(bdf));
	close(fd);
}

/* A binding that is undone must not cost the tests that follow. */
static void bind_again(void *bdf)
{
	driver_does("bind", bdf);
}

static char *unbind(struct fx *fx)
{
	char *bdf = fx_alloc(fx, 13);

	fx_edu_device(bdf);
	driver_does("unbind", bdf);
	fx_keep(fx, bdf, bind_again);
	return bdf;
}

static void test_unbind_ends_the_import(void **state)
{
	struct scene s;
	char mem[16], *bdf;

	scene_open(*state, &s);
	fx_edu_import(s.edu, peerbar_buffer_fd(s.buf), PEERBAR_EDU_HOLD_MAX_MS);
	bdf = unbind(s.fx);
	assert_int_equal(fx_info(s.buf).importers, 0);
	refused(fx_edu_read(s.edu, 0, mem, sizeof(mem)), -ENODEV);
	refused(fx_edu_map(s.edu, NULL, 0), -ENODEV);
	refused(fx_edu_detach(s.edu), -ENODEV);
	assert_int_equal(fx_edu_state(s.edu).mapped, 0);
	fx_drop_fd(s.fx, s.edu);
	fx_drop(s.fx, bdf);
	revoke_is_fast(&s);
	works(s.fx, s.dev);
}

static void test_unbind_ends_the_wait(void **state)
{
	struct taker *taker;
	struct scene s;
	char *bdf;

	scene_open(*state, &s);
	fx_edu_import(s.edu, peerbar_buffer_fd(s.buf), PEERBAR_EDU_HOLD_MAX_MS);
	taker = taker_start(&s);
	fx_edu_until(s.edu, FX_EDU_STALE, SOON_MS);
	bdf = unbind(s.fx);
	taker_is_fast(taker);
	fx_drop_fd(s.fx, s.edu);
	fx_drop(s.fx, bdf);
	works(s.fx, s.dev);
}

/* objects of 32 bytes, the size of a scatterlist entry, in all kinds of slabs */
static uint64_t small_objects(void)
{
	unsigned long active, n = 0;
	char line[512], name[64];
	FILE *file;

	file = fopen("/proc/slabinfo", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu", name, &active) == 2 &&
		    !strncmp(name, "kmalloc", 7) && strlen(name) > 3 &&
		    !strcmp(name + strlen(name) - 3, "-32"))
			n += active;
	fclose(file);
	assert_true(n > 0);
	return n;
}

#define ROUNDS 5000

static void test_mappings_leave_nothing_behind(void **state)
{
	struct peerbar_range ranges[] = {
		{BASE, PAGE},
		{0, PAGE},
		{MIB(9), PAGE},
	};
	struct scene s;
	uint64_t before, after;
	unsigned int i;

	/* there KASAN keeps what was freed, for long; kmemleak looks instead */
	if (fx_debug())
		skip();
	scene_open(*state, &s);
	s.buf = fx_export(s.fx, s.dev, ranges, ARRAY_LEN(ranges));
	before = small_objects();
	for (i = 0; i < ROUNDS; i++) {
		ok(fx_edu_attach(s.edu, peerbar_buffer_fd(s.buf), 0, 0));
		ok(fx_edu_map(s.edu, NULL, 0));
		ok(fx_edu_detach(s.edu));
	}
	after = small_objects();
	/* one for each range and round if they leaked */
	assert_in_range(after, 0, before + ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_close_ends_the_import),
		FX_TEST(test_the_import_keeps_the_buffer),
		FX_TEST(test_kill_ends_the_import),
		FX_TEST(test_kill_ends_the_wait),
		FX_TEST(test_unbind_ends_the_import),
		FX_TEST(test_unbind_ends_the_wait),
		FX_TEST(test_mappings_leave_nothing_behind),
	};

	if (!fx_edu_present()) {
		print_message(
			"no device that does DMA: tests/lab/vm --device edu\n");
		return 4;
	}
	return FX_RUN(tests);
}
