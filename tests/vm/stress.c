// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Everything at once, at random: export, hand over to another process, map,
 * touch, fork, cut and move mappings, register, RDMA, map for DMA, revoke,
 * memory toggles, resets of both kinds, and the device closed under it all.
 *
 * usage: stress [--seconds N]	also PEERBAR_STRESS_SECONDS=N
 *
 * 20 s unless told, 60 s on the debug kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "importer.h"
#include "raw.h"
#include "stress.h"

#define THREADS 3
#define END_MS	120000

static int seconds;

/**
 * struct owner - of the device
 * @device_lock: held for read by who uses @dev, or forks and so keeps it open;
 *	for write by who closes it.  Holders of a descriptor do without.
 */
static struct owner {
	struct arena arena;
	pthread_rwlock_t device_lock;
	struct peerbar_device *dev;
	int peer;
} owner;

static int device_begin(void)
{
	pthread_rwlock_rdlock(&owner.device_lock);
	return peerbar_device_fd(owner.dev);
}

static void device_end(void)
{
	pthread_rwlock_unlock(&owner.device_lock);
}

static enum fx_count do_export(struct racer *racer, uint64_t random)
{
	uint64_t offset = random % PAGES * PAGE;
	int fd;

	fd = fx_export_fd(device_begin(), offset, SPAN / 2, O_RDWR | O_CLOEXEC);
	device_end();
	if (fd < 0) {
		arena_wrong(racer->arena, "an export failed", fd);
		return FX_WRONG;
	}
	arena_put(racer->arena, random >> 32, fd);
	return FX_GOOD;
}

static enum fx_count do_hand_over(struct racer *racer, uint64_t random)
{
	int fd = arena_take(racer->arena, random), ret;

	if (fd < 0)
		return FX_REFUSED;
	ret = fx_send_fd(owner.peer, fd);
	if (ret)
		arena_wrong(racer->arena, "the other process is gone", ret);
	close(fd);
	return FX_GOOD;
}

static enum fx_count do_revoke(struct racer *racer, uint64_t random)
{
	int fd = arena_take(racer->arena, random), ret;

	if (fd < 0)
		return FX_REFUSED;
	ret = fx_revoke_fd(device_begin(), fd);
	device_end();
	if (ret && ret != -EBADFD && ret != -ENODEV)
		arena_wrong(racer->arena, "a revoke failed in a new way", ret);
	close(fd);
	return ret ? FX_REFUSED : FX_GOOD;
}

static enum fx_count do_toggle(struct racer *racer, uint64_t random)
{
	int ret;

	device_begin();
	ret = peerbar_device_set_memory(owner.dev, false);
	if (!ret)
		ret = peerbar_device_set_memory(owner.dev, true);
	device_end();
	if (ret)
		arena_wrong(racer->arena, "memory could not be toggled", ret);
	return FX_GOOD;
}

static enum fx_count do_reset(struct racer *racer, uint64_t random)
{
	int ret;

	device_begin();
	ret = fx_reset(owner.dev, random % 2);
	device_end();
	/* EAGAIN: another reset holds the device */
	if (ret && ret != -EAGAIN)
		arena_wrong(racer->arena, "a reset failed", ret);
	return FX_GOOD;
}

/* A reset by the other process makes the kernel refuse to open the device. */
static int open_again(void)
{
	uint64_t deadline = fx_now_ms() + 20000;
	int ret;

	do
		ret = peerbar_device_open(fx_bdf(), NULL, &owner.dev);
	while (ret == -EAGAIN && fx_now_ms() < deadline);
	return ret;
}

static enum fx_count do_reopen(struct racer *racer, uint64_t random)
{
	int ret;

	pthread_rwlock_wrlock(&owner.device_lock);
	peerbar_device_close(owner.dev);
	ret = open_again();
	pthread_rwlock_unlock(&owner.device_lock);
	if (ret) {
		/* nobody can go on */
		print_error("%s cannot be opened again: %s\n", fx_bdf(),
			    strerror(-ret));
		abort();
	}
	return FX_GOOD;
}

static enum fx_count do_fork_owner(struct racer *racer, uint64_t random)
{
	enum fx_count how;

	device_begin();
	how = do_fork(racer, random);
	device_end();
	return how;
}

static const struct act acts[] = {
	{11, do_export},  {6, do_hand_over}, {18, do_touch}, {6, do_fork_owner},
	{6, do_register}, {4, do_dma_map},   {5, do_revoke}, {4, do_toggle},
	{2, do_reset},	  {2, do_reopen},
};

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

/* The other process first, or it would inherit the device. */
static struct fx_child *open_all(struct fx *fx, uint64_t *seed)
{
	struct fx_child *peer = fx_fork(fx, stress_peer, seed);
	pthread_rwlockattr_t attr;

	fx_random(seed);
	owner.peer = peer->sock;
	ok(open_again());
	fill_bar(owner.dev);
	arena_open(&owner.arena, fx_nic(fx));
	/* or who closes the device would never have his turn */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
		&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&owner.device_lock, &attr);
	return peer;
}

static void start(struct fx *fx, struct racer *racer, uint64_t *seed)
{
	racer->arena = &owner.arena;
	racer->acts = acts;
	racer->seed = fx_random(seed);
	racer->edu = fx_edu_present() ? fx_edu(fx) : -1;
	fx_worker_start(fx, &racer->worker, racer_run);
}

static void stop(struct racer *racer, uint64_t *count)
{
	int i;

	fx_worker_stop(&racer->worker);
	for (i = 0; i < FX_COUNTS; i++)
		count[i] += racer->worker.count[i];
}

static void test_everything_at_once(void **state)
{
	struct fx *fx = *state;
	struct racer *racer = fx_alloc(fx, THREADS * sizeof(*racer));
	uint64_t seed = fx_seed(), count[FX_COUNTS] = {0};
	struct fx_child *peer = open_all(fx, &seed);
	int i;

	for (i = 0; i < THREADS; i++)
		start(fx, &racer[i], &seed);
	/* ends early only when something is wrong */
	fx_worker_ends(&racer[0].worker, seconds * 1000);
	for (i = 0; i < THREADS; i++)
		stop(&racer[i], count);
	printf("# the owner: %" PRIu64 " done, %" PRIu64 " refused\n",
	       count[FX_GOOD], count[FX_REFUSED]);
	fflush(stdout);
	shutdown(peer->sock, SHUT_WR);
	i = fx_wait_child(peer, END_MS);
	arena_close(&owner.arena);
	peerbar_device_close(owner.dev);
	if (owner.arena.wrong)
		fx_die("%s (%d)", owner.arena.wrong, owner.arena.code);
	assert_int_equal(i, 0);
	assert_in_range(count[FX_GOOD], 20, UINT64_MAX);
	assert_in_range(count[FX_REFUSED], 1, UINT64_MAX);
	fx_device(fx, fx_bdf());
}

static int seconds_wanted(int argc, char **argv)
{
	const char *kernel = getenv("PEERBAR_KERNEL");
	const char *text = getenv("PEERBAR_STRESS_SECONDS");

	if (argc == 3 && !strcmp(argv[1], "--seconds"))
		text = argv[2];
	else if (argc > 1)
		return 0;
	if (text)
		return atoi(text);
	return kernel && !strcmp(kernel, "debug") ? 60 : 20;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_everything_at_once),
	};

	seconds = seconds_wanted(argc, argv);
	if (seconds < 1 || seconds > 86400) {
		fprintf(stderr, "usage: stress [--seconds N]\n");
		return 2;
	}
	return FX_RUN(tests);
}
