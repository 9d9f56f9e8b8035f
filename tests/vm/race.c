// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Everything at once, for some seconds: export, map, touch, register, revoke,
 * close, memory toggles, resets and the device closed under it all.  The BAR
 * never changes, so that whoever reads a byte knows whether it is right.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "bar.h"
#include "raw.h"
#include "verbs.h"
#include "worker.h"

#define SECONDS 5
#define SLOTS	6
#define THREADS 4
#define SPAN	MIB(4)

/* of a buffer */
#define PAGES (SPAN / 2 / PAGE)

/**
 * struct arena - what the threads fight over
 * @device_lock: held for read by who uses @dev, for write by who closes it;
 *	the ones who only have a buffer's descriptor do without
 * @slot_lock: for @slot: a number must not be used after its descriptor
 * @slot: dma-buf descriptors, -1 when empty
 * @wrong: what no thread may see, in words; the first one counts
 */
struct arena {
	pthread_rwlock_t device_lock;
	struct peerbar_device *dev;
	pthread_mutex_t slot_lock;
	int slot[SLOTS];
	struct fx_nic *nic;
	_Atomic(const char *) wrong;
};

struct racer {
	struct fx_worker worker;
	struct arena *arena;
	uint64_t seed;
};

static void wrong(struct arena *arena, const char *what)
{
	const char *nothing = NULL;

	atomic_compare_exchange_strong(&arena->wrong, &nothing, what);
}

/* A descriptor of its own for whoever asks. */
static struct peerbar_buffer *take(struct arena *arena, uint64_t random)
{
	struct peerbar_buffer *buf = NULL;
	int ret = 0, fd;

	pthread_mutex_lock(&arena->slot_lock);
	fd = arena->slot[random % SLOTS];
	if (fd >= 0)
		ret = peerbar_buffer_import(fd, &buf);
	pthread_mutex_unlock(&arena->slot_lock);
	if (ret)
		wrong(arena, "an import failed");
	return buf;
}

static void put(struct arena *arena, uint64_t random, int fd)
{
	int old;

	pthread_mutex_lock(&arena->slot_lock);
	old = arena->slot[random % SLOTS];
	arena->slot[random % SLOTS] = fd;
	pthread_mutex_unlock(&arena->slot_lock);
	if (old >= 0)
		close(old);
}

static enum fx_count do_export(struct arena *arena, uint64_t random)
{
	uint64_t offset = random % PAGES * PAGE;
	int fd;

	pthread_rwlock_rdlock(&arena->device_lock);
	fd = fx_export_fd(peerbar_device_fd(arena->dev), offset, SPAN / 2,
			  O_RDWR | O_CLOEXEC);
	pthread_rwlock_unlock(&arena->device_lock);
	if (fd < 0) {
		wrong(arena, "an export failed");
		return FX_WRONG;
	}
	put(arena, random >> 32, fd);
	return FX_GOOD;
}

/* Every byte that can be read was there all the time, somewhere in the BAR. */
static bool is_of_the_bar(const uint64_t *words)
{
	return words[0] == words[1] - 1 && words[0] < SPAN / 8;
}

static int load_some(struct arena *arena, struct peerbar_mapping *map,
		     uint64_t random)
{
	uint64_t words[2];
	int ret = 0, i;

	for (i = 0; i < 8 && !ret; i++) {
		ret = peerbar_read(map, fx_random(&random) % PAGES * PAGE,
				   words, sizeof(words));
		if (!ret && !is_of_the_bar(words))
			wrong(arena, "a load saw what is not in the BAR");
	}
	return ret;
}

static enum fx_count do_touch(struct arena *arena, uint64_t random)
{
	struct peerbar_buffer *buf = take(arena, random);
	struct peerbar_mapping *map;
	int ret;

	if (!buf)
		return FX_REFUSED;
	ret = peerbar_buffer_map(buf, 0, 0, 0, &map);
	if (!ret) {
		ret = load_some(arena, map, random);
		peerbar_mapping_close(map);
	}
	if (ret && ret != -ENODEV)
		wrong(arena, "map or load failed in a new way");
	peerbar_buffer_close(buf);
	return ret ? FX_REFUSED : FX_GOOD;
}

static enum fx_count do_register(struct arena *arena, uint64_t random)
{
	struct peerbar_buffer *buf = take(arena, random);
	struct ibv_mr *mr;
	int ret;

	if (!buf)
		return FX_REFUSED;
	ret = peerbar_verbs_reg_mr(arena->nic->pd, buf, 0, PAGE, 0, FX_ACCESS,
				   &mr);
	if (ret && ret != -ENODEV)
		wrong(arena, "a registration failed in a new way");
	if (!ret)
		ibv_dereg_mr(mr);
	peerbar_buffer_close(buf);
	return ret ? FX_REFUSED : FX_GOOD;
}

static enum fx_count do_revoke(struct arena *arena, uint64_t random)
{
	struct peerbar_buffer *buf = take(arena, random);
	int ret;

	if (!buf)
		return FX_REFUSED;
	pthread_rwlock_rdlock(&arena->device_lock);
	ret = fx_revoke_fd(peerbar_device_fd(arena->dev), peerbar_buffer_fd(buf));
	pthread_rwlock_unlock(&arena->device_lock);
	if (ret && ret != -EBADFD && ret != -ENODEV)
		wrong(arena, "a revoke failed in a new way");
	peerbar_buffer_close(buf);
	return ret ? FX_REFUSED : FX_GOOD;
}

static enum fx_count do_toggle(struct arena *arena, uint64_t random)
{
	int ret;

	pthread_rwlock_rdlock(&arena->device_lock);
	ret = peerbar_device_set_memory(arena->dev, false);
	if (!ret)
		ret = peerbar_device_set_memory(arena->dev, true);
	pthread_rwlock_unlock(&arena->device_lock);
	if (ret)
		wrong(arena, "memory could not be toggled");
	return FX_GOOD;
}

static enum fx_count do_reset(struct arena *arena, uint64_t random)
{
	int ret;

	pthread_rwlock_rdlock(&arena->device_lock);
	ret = fx_reset(arena->dev, random % 2);
	pthread_rwlock_unlock(&arena->device_lock);
	/* EAGAIN: another reset holds the device */
	if (ret && ret != -EAGAIN)
		wrong(arena, "a reset failed");
	return FX_GOOD;
}

static enum fx_count do_reopen(struct arena *arena, uint64_t random)
{
	int ret;

	pthread_rwlock_wrlock(&arena->device_lock);
	peerbar_device_close(arena->dev);
	ret = peerbar_device_open(fx_bdf(), NULL, &arena->dev);
	pthread_rwlock_unlock(&arena->device_lock);
	if (ret)
		wrong(arena, "the device could not be opened again");
	return FX_GOOD;
}

/* out of 64 */
static const struct {
	unsigned int weight;
	enum fx_count (*act)(struct arena *arena, uint64_t random);
} acts[] = {
	{14, do_export}, {28, do_touch}, {8, do_register}, {6, do_revoke},
	{5, do_toggle},	 {1, do_reset},	 {2, do_reopen},
};

static void run(struct fx_worker *worker)
{
	struct racer *racer = (struct racer *)worker;
	uint64_t random;
	unsigned int i, at;

	while (!fx_worker_stopping(worker) && !racer->arena->wrong) {
		random = fx_random(&racer->seed);
		at = random % 64;
		for (i = 0; at >= acts[i].weight; i++)
			at -= acts[i].weight;
		fx_worker_add(worker, acts[i].act(racer->arena, random >> 8));
	}
}

static void fill_bar(struct peerbar_device *dev)
{
	uint64_t words[1024], i;

	for (i = 0; i < SPAN / 8; i++) {
		words[i % 1024] = i;
		if (i % 1024 == 1023)
			ok(peerbar_device_write(dev, FX_BAR, (i - 1023) * 8,
						words, sizeof(words)));
	}
}

static void open_arena(struct fx *fx, struct arena *arena)
{
	int i;

	ok(peerbar_device_open(fx_bdf(), NULL, &arena->dev));
	fill_bar(arena->dev);
	arena->nic = fx_nic(fx);
	pthread_rwlock_init(&arena->device_lock, NULL);
	pthread_mutex_init(&arena->slot_lock, NULL);
	for (i = 0; i < SLOTS; i++)
		arena->slot[i] = -1;
}

static void close_arena(struct arena *arena)
{
	int i;

	for (i = 0; i < SLOTS; i++)
		put(arena, (uint64_t)i, -1);
	peerbar_device_close(arena->dev);
}

static void test_everything_at_once(void **state)
{
	struct fx *fx = *state;
	struct arena *arena = fx_alloc(fx, sizeof(*arena));
	struct racer *racer = fx_alloc(fx, THREADS * sizeof(*racer));
	uint64_t seed = fx_seed(), count[FX_COUNTS] = {0};
	int i, j;

	open_arena(fx, arena);
	for (i = 0; i < THREADS; i++) {
		racer[i].arena = arena;
		racer[i].seed = fx_random(&seed);
		fx_worker_start(fx, &racer[i].worker, run);
	}
	/* ends early only when something is wrong */
	fx_worker_ends(&racer[0].worker, SECONDS * 1000);
	for (i = 0; i < THREADS; i++) {
		fx_worker_stop(&racer[i].worker);
		for (j = 0; j < FX_COUNTS; j++)
			count[j] += racer[i].worker.count[j];
	}
	printf("# %" PRIu64 " done, %" PRIu64 " refused\n", count[FX_GOOD],
	       count[FX_REFUSED]);
	close_arena(arena);
	if (arena->wrong)
		fx_die("%s", arena->wrong);
	/* the debug kernel on a loaded machine does no more */
	assert_in_range(count[FX_GOOD], 20, UINT64_MAX);
	assert_in_range(count[FX_REFUSED], 1, UINT64_MAX);
	fx_device(fx, fx_bdf());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_everything_at_once),
	};

	return FX_RUN(tests);
}
