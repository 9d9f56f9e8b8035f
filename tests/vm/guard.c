// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Populated mappings, and loads and stores by pointer in guarded scopes. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "bar.h"
#include "child.h"
#include "worker.h"

#define SEED	31
#define WAIT_MS 30000
#define THREADS 4

static uint64_t faults(struct peerbar_buffer *buf)
{
	struct peerbar_buffer_info info = fx_info(buf);

	return info.faults_4k + info.faults_2m + info.faults_1g;
}

/* 4 KiB off: only small entries fit, one for each page. */
static const struct peerbar_range odd = {KIB(4), KIB(256)};

static void test_populate_leaves_no_fault(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export(*state, dev, &odd, 1);
	struct peerbar_mapping *map;
	uint64_t before;

	fx_bar_fill(dev, SEED, odd.offset, odd.length);
	ok(peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_POPULATE, &map));
	before = faults(buf);
	assert_true(before > 0);
	fx_touch(peerbar_mapping_addr(map), odd.length);
	fx_map_check(map, SEED, &odd, 1);
	assert_int_equal(faults(buf), before);
	/* a revoke removes what was inserted; it comes back one by one */
	ok(peerbar_device_reset(dev));
	assert_int_equal(faults(buf), before);
	fx_touch(peerbar_mapping_addr(map), odd.length);
	assert_int_equal(faults(buf), before + odd.length / PAGE);
	peerbar_mapping_close(map);
}

static void test_populate_of_a_window(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export(*state, dev, &odd, 1);
	struct peerbar_mapping *map;

	ok(peerbar_buffer_map(buf, KIB(8), KIB(16), PEERBAR_MAP_POPULATE, &map));
	assert_int_equal(faults(buf), 4);
	peerbar_mapping_close(map);
}

static void test_populate_refused(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export(*state, dev, &odd, 1);
	struct peerbar_mapping *map;

	refused(peerbar_buffer_map(buf, 0, 0,
				   PEERBAR_MAP_POPULATE | PEERBAR_MAP_WRITE,
				   &map),
		-EINVAL);
	ok(peerbar_device_set_memory(dev, false));
	refused(peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_POPULATE, &map),
		-EAGAIN);
	ok(peerbar_buffer_map(buf, 0, 0, 0, &map));
	ok(peerbar_device_set_memory(dev, true));
	fx_touch(peerbar_mapping_addr(map), odd.length);
	peerbar_mapping_close(map);
	ok(peerbar_buffer_revoke(buf));
	refused(peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_POPULATE, &map),
		-ENODEV);
}

/* The sum of the first words; -ENODEV when they are gone. */
static int sum_words(struct peerbar_mapping *map, unsigned int nr, uint64_t *sum)
{
	const volatile uint64_t *words = peerbar_mapping_addr(map);
	volatile uint64_t total = 0;
	PEERBAR_GUARD(guard);
	unsigned int i;

	if (peerbar_guard_begin(&guard, map))
		return -ENODEV;
	for (i = 0; i < nr; i++)
		total += words[i];
	*sum = total;
	return 0;
}

static void test_a_scope(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_mapping *map = fx_map(*state, buf);
	const uint64_t words[] = {1, 20, 300};
	uint64_t sum = 0;

	ok(peerbar_device_write(dev, FX_BAR, 0, words, sizeof(words)));
	ok(sum_words(map, 3, &sum));
	assert_int_equal(sum, 321);
	ok(peerbar_device_set_memory(dev, false));
	refused(sum_words(map, 3, &sum), -ENODEV);
	ok(peerbar_device_set_memory(dev, true));
	sum = 0;
	ok(sum_words(map, 3, &sum));
	assert_int_equal(sum, 321);
	ok(peerbar_buffer_revoke(buf));
	refused(sum_words(map, 3, &sum), -ENODEV);
	/* the scope was left by return: nothing is guarded any more */
	assert_int_equal(fx_load_signal(*state, peerbar_mapping_addr(map)),
			 SIGBUS);
}

static int touch_both(struct peerbar_mapping *outer,
		      struct peerbar_mapping *inner,
		      struct peerbar_mapping *touched)
{
	const volatile uint32_t *word = peerbar_mapping_addr(touched);
	PEERBAR_GUARD(one);

	if (peerbar_guard_begin(&one, outer))
		return 1;
	{
		PEERBAR_GUARD(two);

		if (peerbar_guard_begin(&two, inner))
			return 2;
		(void)*word;
	}
	return 0;
}

static void test_nested_scopes(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *a = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_buffer *b = fx_export_one(*state, dev, KIB(64), KIB(64));
	struct peerbar_mapping *of_a = fx_map(*state, a);
	struct peerbar_mapping *of_b = fx_map(*state, b);

	assert_int_equal(touch_both(of_a, of_b, of_a), 0);
	ok(peerbar_buffer_revoke(b));
	assert_int_equal(touch_both(of_a, of_b, of_b), 2);
	assert_int_equal(touch_both(of_b, of_a, of_b), 1);
	assert_int_equal(touch_both(of_a, of_b, of_a), 0);
}

struct reader {
	struct fx_worker worker;
	struct peerbar_mapping *map;
};

static void read_on(struct fx_worker *worker)
{
	struct reader *reader = (struct reader *)worker;
	uint64_t sum;

	while (!fx_worker_stopping(worker))
		fx_worker_add(worker, sum_words(reader->map, 512, &sum)
					      ? FX_REFUSED
					      : FX_GOOD);
}

static void test_threads_in_scopes(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, KIB(64));
	struct peerbar_mapping *map = fx_map(*state, buf);
	struct reader *readers[THREADS];
	unsigned int i, round;

	for (i = 0; i < THREADS; i++) {
		readers[i] = fx_alloc(*state, sizeof(*readers[i]));
		readers[i]->map = map;
		fx_worker_start(*state, &readers[i]->worker, read_on);
	}
	for (round = 0; round < 5; round++) {
		for (i = 0; i < THREADS; i++)
			assert_true(fx_worker_gains(&readers[i]->worker,
						    FX_GOOD, 5, WAIT_MS));
		ok(peerbar_device_set_memory(dev, false));
		for (i = 0; i < THREADS; i++)
			assert_true(fx_worker_gains(&readers[i]->worker,
						    FX_REFUSED, 5, WAIT_MS));
		ok(peerbar_device_set_memory(dev, true));
	}
}

static sigjmp_buf out;

static void application_handler(int sig)
{
	siglongjmp(out, 1);
}

/* Memory of ours outside any guard is for the application's handler. */
static int load_with_own_handler(int sock, void *arg)
{
	const volatile uint32_t *word;
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	struct peerbar_device *dev;
	const struct sigaction action = {.sa_handler = application_handler};
	uint64_t sum;

	sigaction(SIGBUS, &action, NULL);
	ok(peerbar_device_open(fx_bdf(), NULL, &dev));
	ok(peerbar_buffer_export(dev, FX_BAR, &odd, 1, 0, &buf));
	ok(peerbar_buffer_map(buf, 0, 0, 0, &map));
	ok(peerbar_buffer_revoke(buf));
	refused(sum_words(map, 1, &sum), -ENODEV);
	word = peerbar_mapping_addr(map);
	if (sigsetjmp(out, 1))
		return 17;
	return (int)*word & 7;
}

/* First of all: later in this process the library's handler is in place. */
static void test_the_applications_handler(void **state)
{
	struct fx_child *child = fx_fork(*state, load_with_own_handler, NULL);

	assert_int_equal(fx_wait_child(child, WAIT_MS), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_the_applications_handler),
		FX_TEST(test_populate_leaves_no_fault),
		FX_TEST(test_populate_of_a_window),
		FX_TEST(test_populate_refused),
		FX_TEST(test_a_scope),
		FX_TEST(test_nested_scopes),
		FX_TEST(test_threads_in_scopes),
	};

	return FX_RUN(tests);
}
