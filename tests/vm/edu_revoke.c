// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Peer-to-peer DMA and every way to take the memory back: the IOMMU refuses the
 * address that was good before, and the revoke waits for who is slow.
 */
#include <errno.h>
#include <string.h>

#include "bar.h"
#include "importer.h"
#include "worker.h"

#define NEW	 88
#define LATE	 99
#define OLD	 1988
#define CHUNK	 PEERBAR_EDU_CHUNK

#define BASE	 MIB(16)
#define SIZE	 (4 * PAGE)

#define FAULT_MS 3000
#define SOON_MS	 20000

struct scene;

/**
 * struct variant - a way to take the memory back
 * @take: 0 or -errno; for threads
 * @give: back again
 * @heals: an importer may then map again
 */
struct variant {
	int (*take)(struct scene *s);
	void (*give)(struct scene *s);
	bool heals;
};

struct scene {
	struct fx *fx;
	const struct variant *variant;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	int edu;
	uint64_t iova;
};

static int take_memory_bit(struct scene *s)
{
	return peerbar_device_set_memory(s->dev, false);
}

static void give_memory_bit(struct scene *s)
{
	ok(peerbar_device_set_memory(s->dev, true));
}

static int take_by_reset(struct scene *s)
{
	return peerbar_device_reset(s->dev);
}

static int take_for_good(struct scene *s)
{
	return peerbar_buffer_revoke(s->buf);
}

static void give_nothing(struct scene *s)
{
}

static int take_by_close(struct scene *s)
{
	peerbar_device_close(s->dev);
	return 0;
}

static void give_open(struct scene *s)
{
	s->dev = fx_device(s->fx, fx_bdf());
}

static const struct variant disable = {take_memory_bit, give_memory_bit, true},
			    reset = {take_by_reset, give_nothing, true},
			    permanent = {take_for_good, give_nothing, false},
			    closing = {take_by_close, give_open, false};

static void scene_open(struct fx *fx, struct scene *s, uint32_t hold_ms)
{
	*s = (struct scene){.fx = fx, .variant = fx->variant};
	s->dev = fx_device(fx, fx_bdf());
	fx_bar_fill(s->dev, OLD, BASE, SIZE);
	s->buf = fx_export_one(fx, s->dev, BASE, SIZE);
	s->edu = fx_edu(fx);
	s->iova = fx_edu_import(s->edu, peerbar_buffer_fd(s->buf), hold_ms);
}

/* The fixture must not close what a thread is going to close. */
static void about_to_take(struct scene *s)
{
	if (s->variant == &closing)
		fx_forget(s->fx, s->dev);
}

static void take(struct scene *s)
{
	about_to_take(s);
	ok(s->variant->take(s));
}

/* The address itself works, or its refusal later would say nothing. */
static void raw_works(struct scene *s)
{
	char mem[CHUNK];

	fx_pattern_fill(mem, NEW, BASE, sizeof(mem));
	ok(fx_edu_raw(s->edu, s->iova, mem, sizeof(mem), true));
	fx_bar_check(s->dev, NEW, BASE, sizeof(mem));
	memset(mem, 0, sizeof(mem));
	ok(fx_edu_raw(s->edu, s->iova + PAGE, mem, sizeof(mem), false));
	fx_pattern_check(mem, OLD, BASE + PAGE, sizeof(mem));
}

static void raw_is_refused(struct scene *s, struct fx_log *faults)
{
	char mem[CHUNK];

	fx_pattern_fill(mem, LATE, BASE, sizeof(mem));
	ok(fx_edu_raw(s->edu, s->iova, mem, sizeof(mem), true));
	assert_true(fx_faulted(faults, s->iova, FAULT_MS));
	ok(fx_edu_raw(s->edu, s->iova + PAGE, mem, sizeof(mem), false));
	assert_true(fx_faulted(faults, s->iova + PAGE, FAULT_MS));
	assert_false(fx_pattern_good(mem, OLD, BASE + PAGE, sizeof(mem)));
}

static void test_old_address_is_refused(void **state)
{
	struct fx_log faults;
	struct scene s;
	char mem[16];

	scene_open(*state, &s, 0);
	fx_faults(*state, &faults);
	raw_works(&s);
	assert_false(fx_faulted(&faults, s.iova, 0));

	take(&s);
	assert_int_equal(fx_edu_state(s.edu).mapped, 0);
	assert_int_equal(fx_edu_state(s.edu).invalidations, 1);
	refused(fx_edu_read(s.edu, 0, mem, sizeof(mem)), -ENXIO);
	/* the memory is there again, so that it is the IOMMU that refuses */
	s.variant->give(&s);
	raw_is_refused(&s, &faults);
	fx_bar_check(s.dev, NEW, BASE, CHUNK);
	fx_bar_check(s.dev, OLD, BASE + CHUNK, SIZE - CHUNK);
}

static void test_maps_again_if_it_may(void **state)
{
	char mem[CHUNK];
	struct scene s;

	scene_open(*state, &s, 0);
	take(&s);
	if (s.variant != &reset)
		refused(fx_edu_map(s.edu, NULL, 0), -ENODEV);
	s.variant->give(&s);
	if (!s.variant->heals) {
		refused(fx_edu_map(s.edu, NULL, 0), -ENODEV);
		return;
	}
	ok(fx_edu_map(s.edu, NULL, 0));
	assert_int_equal(fx_info(s.buf).importers, 1);
	fx_pattern_fill(mem, NEW, BASE, sizeof(mem));
	ok(fx_edu_write(s.edu, 0, mem, sizeof(mem)));
	fx_bar_check(s.dev, NEW, BASE, sizeof(mem));
	fx_bar_check(s.dev, OLD, BASE + sizeof(mem), SIZE - sizeof(mem));
}

static void test_pinned_is_gone_for_good(void **state)
{
	struct scene s;

	scene_open(*state, &s, 0);
	ok(fx_edu_detach(s.edu));
	ok(fx_edu_attach(s.edu, peerbar_buffer_fd(s.buf), PEERBAR_EDU_PINNED, 0));
	ok(fx_edu_map(s.edu, NULL, 0));
	take(&s);
	s.variant->give(&s);
	refused(fx_edu_map(s.edu, NULL, 0), -ENODEV);
}

/* A thread that takes the memory back. */
struct taker {
	struct fx_worker worker;
	struct scene *scene;
	int ret;
	uint64_t ms;
	struct peerbar_edu_state after;
};

static void taker_run(struct fx_worker *worker)
{
	struct taker *taker = (struct taker *)worker;
	struct scene *s = taker->scene;
	uint64_t start = fx_now_ms();

	taker->ret = s->variant->take(s);
	taker->ms = fx_now_ms() - start;
	taker->after = fx_edu_state(s->edu);
}

static struct taker *taker_start(struct scene *s)
{
	struct taker *taker = fx_alloc(s->fx, sizeof(*taker));

	about_to_take(s);
	taker->scene = s;
	fx_worker_start(s->fx, &taker->worker, taker_run);
	return taker;
}

static void taker_ends(struct taker *taker)
{
	assert_true(fx_worker_ends(&taker->worker, SOON_MS));
	fx_worker_stop(&taker->worker);
	ok(taker->ret);
	assert_int_equal(taker->after.mapped, 0);
	assert_int_equal(taker->after.in_flight, 0);
}

#define HOLD_MS 300

static void test_waits_for_the_slow(void **state)
{
	struct taker *taker;
	struct scene s;

	scene_open(*state, &s, HOLD_MS);
	taker = taker_start(&s);
	taker_ends(taker);
	assert_in_range(taker->ms, HOLD_MS, HOLD_MS + 5000);
	s.variant->give(&s);
	fx_bar_check(s.dev, OLD, BASE, SIZE);
}

/* Until it lets go the slow one has the memory, and loses nothing. */
static void test_late_bytes_arrive(void **state)
{
	struct fx_log faults;
	struct taker *taker;
	char mem[CHUNK];
	struct scene s;

	scene_open(*state, &s, PEERBAR_EDU_HOLD_MAX_MS);
	fx_faults(*state, &faults);
	taker = taker_start(&s);
	fx_edu_until(s.edu, FX_EDU_STALE, SOON_MS);
	refused(fx_edu_write(s.edu, 0, mem, sizeof(mem)), -ESTALE);
	refused(fx_edu_map(s.edu, NULL, 0), -EBUSY);
	fx_pattern_fill(mem, LATE, BASE + CHUNK, sizeof(mem));
	ok(fx_edu_raw(s.edu, s.iova + CHUNK, mem, sizeof(mem), true));
	assert_false(fx_worker_ends(&taker->worker, 0));
	ok(fx_edu_release(s.edu));
	taker_ends(taker);
	s.variant->give(&s);
	assert_false(fx_faulted(&faults, s.iova, 0));
	fx_bar_check(s.dev, OLD, BASE, CHUNK);
	fx_bar_check(s.dev, LATE, BASE + CHUNK, CHUNK);
	fx_bar_check(s.dev, OLD, BASE + 2 * CHUNK, SIZE - 2 * CHUNK);
}

#define NAMED_MS 9000

/* Whoever wonders why a revoke hangs finds a name in the kernel's log. */
static void test_the_slow_are_named(void **state)
{
	struct fx_log log;
	struct taker *taker;
	char importer[13];
	struct scene s;

	scene_open(*state, &s, PEERBAR_EDU_HOLD_MAX_MS);
	fx_edu_device(importer);
	fx_faults(*state, &log);
	taker = taker_start(&s);
	assert_true(fx_logged(&log,
			      (const char *[]){fx_bdf(), "BAR 2", "1 mappings",
					       importer, NULL},
			      NAMED_MS));
	assert_false(fx_worker_ends(&taker->worker, 0));
	ok(fx_edu_release(s.edu));
	taker_ends(taker);
}

/* A thread that writes the whole buffer, chunk by chunk. */
struct writer {
	struct fx_worker worker;
	struct scene *scene;
	char mem[SIZE];
	int ret;
};

static void writer_run(struct fx_worker *worker)
{
	struct writer *writer = (struct writer *)worker;

	writer->ret = fx_edu_write(writer->scene->edu, 0, writer->mem,
				   sizeof(writer->mem));
}

static struct writer *writer_start(struct scene *s)
{
	struct writer *writer = fx_alloc(s->fx, sizeof(*writer));

	writer->scene = s;
	fx_pattern_fill(writer->mem, NEW, BASE, SIZE);
	fx_worker_start(s->fx, &writer->worker, writer_run);
	fx_edu_until(s->edu, FX_EDU_IN_FLIGHT, SOON_MS);
	return writer;
}

/* Chunks up to some point are new, all after it are old, none is both. */
static unsigned int new_chunks(struct peerbar_device *dev)
{
	unsigned int i, n = 0;
	char mem[SIZE];

	ok(peerbar_device_read(dev, FX_BAR, BASE, mem, sizeof(mem)));
	while (n < SIZE / CHUNK &&
	       fx_pattern_good(mem + n * CHUNK, NEW, BASE + n * CHUNK, CHUNK))
		n++;
	for (i = n; i < SIZE / CHUNK; i++)
		fx_pattern_check(mem + i * CHUNK, OLD, BASE + i * CHUNK, CHUNK);
	return n;
}

static void test_dma_in_flight_ends_first(void **state)
{
	struct fx_log faults;
	struct writer *writer;
	struct taker *taker;
	struct scene s;

	scene_open(*state, &s, 0);
	fx_faults(*state, &faults);
	writer = writer_start(&s);
	taker = taker_start(&s);
	taker_ends(taker);
	assert_true(fx_worker_ends(&writer->worker, SOON_MS));
	assert_true(writer->ret == -ENXIO || writer->ret == -ESTALE);
	s.variant->give(&s);
	/* the one in flight arrived, whole, and no more than was begun */
	assert_in_range(new_chunks(s.dev), 1, SIZE / CHUNK - 1);
	assert_false(fx_faulted(&faults, s.iova, 0));
}

#define WAY(way)                                                      \
	FX_VARIANT(test_old_address_is_refused,                       \
		   "test_old_address_is_refused: " #way, &way),       \
		FX_VARIANT(test_maps_again_if_it_may,                 \
			   "test_maps_again_if_it_may: " #way, &way), \
		FX_VARIANT(test_waits_for_the_slow,                   \
			   "test_waits_for_the_slow: " #way, &way),   \
		FX_VARIANT(test_late_bytes_arrive,                    \
			   "test_late_bytes_arrive: " #way, &way),    \
		FX_VARIANT(test_dma_in_flight_ends_first,             \
			   "test_dma_in_flight_ends_first: " #way, &way)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAY(disable),
		WAY(reset),
		WAY(permanent),
		WAY(closing),
		FX_VARIANT(test_pinned_is_gone_for_good,
			   "test_pinned_is_gone_for_good", &disable),
		FX_VARIANT(test_the_slow_are_named, "test_the_slow_are_named",
			   &permanent),
	};

	if (!fx_edu_present()) {
		print_message(
			"no device that does DMA: tests/lab/vm --device edu\n");
		return 4;
	}
	return FX_RUN(tests);
}
