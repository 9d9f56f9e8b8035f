// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who gets a signal: nobody for memory that is away for the time of a reset,
 * everybody for memory that is gone for good, and then at once.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "bar.h"
#include "worker.h"

#define MS     20000
/* each leaves a buffer, a mapping and two threads to the end of the test */
#define REVOKES 40
#define RESETS 100
#define NR     4

/* Touches through plain pointers, with a handler of its own. */
struct toucher {
	struct fx_worker worker;
	volatile uint32_t *word;
	bool store;
	_Atomic uint64_t touches;
};

static _Thread_local sigjmp_buf on_signal;

static void jump(int sig)
{
	siglongjmp(on_signal, sig);
}

static void touch(struct fx_worker *worker)
{
	struct toucher *t = (struct toucher *)worker;

	if (sigsetjmp(on_signal, 1)) {
		fx_worker_add(worker, FX_REFUSED);
		return;
	}
	while (!fx_worker_stopping(worker)) {
		if (t->store)
			*t->word = 1;
		else
			(void)*t->word;
		atomic_fetch_add(&t->touches, 1);
		fx_worker_add(worker, FX_GOOD);
	}
}

static struct toucher *start(struct fx *fx, void *addr, bool store)
{
	const struct sigaction act = {.sa_handler = jump};
	struct toucher *t = fx_alloc(fx, sizeof(*t));

	assert_int_equal(sigaction(SIGBUS, &act, NULL), 0);
	t->word = addr;
	t->store = store;
	fx_worker_start(fx, &t->worker, touch);
	assert_true(fx_worker_reaches(&t->worker, FX_GOOD, 1, MS));
	return t;
}

/* Loads and stores, of a buffer and of the device's file. */
static void start_all(struct fx *fx, struct peerbar_device *dev,
		      struct peerbar_buffer *buf, struct toucher *t[NR])
{
	char *bar = fx_mmap_device(fx, dev, MIB(4), 2 * PAGE);
	char *addr = peerbar_mapping_addr(fx_map(fx, buf));

	t[0] = start(fx, addr, false);
	t[1] = start(fx, addr + PAGE, true);
	t[2] = start(fx, bar, false);
	t[3] = start(fx, bar + PAGE, true);
}

static void test_a_reset_signals_nobody(void **state)
{
	const bool *by_sysfs = ((struct fx *)*state)->variant;
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, 2 * PAGE);
	struct toucher *t[NR];
	uint64_t faults;
	int i, turn;

	start_all(fx, dev, buf, t);
	faults = fx_info(buf).faults_4k;
	for (turn = 0; turn < RESETS; turn++) {
		ok(fx_reset(dev, *by_sysfs));
		/* each has waited for this one, and gone on */
		for (i = 0; i < NR; i++)
			assert_true(fx_worker_gains(&t[i]->worker, FX_GOOD, 2,
						    MS));
	}
	for (i = 0; i < NR; i++) {
		fx_worker_stop(&t[i]->worker);
		assert_int_equal(fx_worker_count(&t[i]->worker, FX_REFUSED), 0);
	}
	assert_int_equal(fx_info(buf).faults_refused, 0);
	/* they really were taken back, each time */
	assert_int_equal(fx_info(buf).revokes, RESETS);
	assert_true(fx_info(buf).faults_4k >= faults + 2 * RESETS);
}

/* No touch that begins after the call gets through. */
static void test_a_permanent_revoke_signals_all(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct toucher *load, *store;
	struct peerbar_buffer *buf;
	uint64_t loads, stores;
	char *addr;
	int turn;

	for (turn = 0; turn < REVOKES; turn++) {
		buf = fx_export_one(fx, dev, 0, 2 * PAGE);
		addr = peerbar_mapping_addr(fx_map(fx, buf));
		load = start(fx, addr, false);
		store = start(fx, addr + PAGE, true);
		ok(peerbar_buffer_revoke(buf));
		loads = atomic_load(&load->touches);
		stores = atomic_load(&store->touches);
		assert_true(fx_worker_ends(&load->worker, MS));
		assert_true(fx_worker_ends(&store->worker, MS));
		assert_int_equal(fx_worker_count(&load->worker, FX_REFUSED), 1);
		assert_int_equal(fx_worker_count(&store->worker, FX_REFUSED), 1);
		/* one more may have been done, but not yet been counted */
		assert_true(atomic_load(&load->touches) <= loads + 1);
		assert_true(atomic_load(&store->touches) <= stores + 1);
	}
}

int main(void)
{
	static const bool no = false, yes = true;
	const struct CMUnitTest tests[] = {
		FX_VARIANT(test_a_reset_signals_nobody,
			   "a reset signals nobody", &no),
		FX_VARIANT(test_a_reset_signals_nobody,
			   "a reset through sysfs signals nobody", &yes),
		FX_TEST(test_a_permanent_revoke_signals_all),
	};

	return FX_RUN(tests);
}
