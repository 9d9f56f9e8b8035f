// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Everything at once, at random: export, hand over to another process, map,
 * touch, fork, cut and move mappings (of dma-bufs and of the device's file),
 * register, RDMA, map for DMA, write-combine, keep by an O_PATH descriptor,
 * read through the device's file, revoke, memory toggles, resets of both kinds,
 * and the device closed under it all.
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "config.h"
#include "memattr.h"
#include "raw.h"
#include "stress.h"

#define THREADS 3
#define END_MS	120000

/* of the BAR, only for what is write-combined: the rest is mapped all the time */
#define WC_BASE	 (2 * SPAN)
#define WC_PAGES 8

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
	return ret ? FX_REFUSED : FX_GOOD;
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

static enum fx_count do_map_device(struct racer *racer, uint64_t random)
{
	enum fx_count how = FX_REFUSED;
	struct peerbar_region region;
	int fd = device_begin();
	char *addr = MAP_FAILED;

	if (!peerbar_device_region(owner.dev, FX_BAR, &region))
		addr = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd,
			    (off_t)(region.offset + random % PAGES * PAGE));
	if (addr != MAP_FAILED) {
		how = child_uses(racer->arena, addr, random);
		munmap(addr, PAGES * PAGE);
	} else if (errno != EBUSY) {
		arena_wrong(racer->arena, "mmap() of the device failed", errno);
	}
	device_end();
	return how;
}

/* EIO: memory is disabled */
static enum fx_count do_read(struct racer *racer, uint64_t random)
{
	uint64_t words[32];
	int ret;

	device_begin();
	ret = peerbar_device_read(owner.dev, FX_BAR, random % (2 * PAGES) * PAGE,
				  words, sizeof(words));
	device_end();
	if (ret && ret != -EIO)
		arena_wrong(racer->arena, "a read failed in a new way", ret);
	if (!ret && !is_of_the_bar(words))
		arena_wrong(racer->arena, "a read saw what is not in the BAR",
			    (int64_t)words[0]);
	return ret ? FX_REFUSED : FX_GOOD;
}

/* The dma-buf outlives its last file, if that is closed meanwhile. */
static enum fx_count do_keep_path(struct racer *racer, uint64_t random)
{
	int fd = arena_take(racer->arena, random), path;

	if (fd < 0)
		return FX_REFUSED;
	path = fx_open_path(fd);
	close(fd);
	if (path < 0) {
		arena_wrong(racer->arena, "no O_PATH descriptor", path);
		return FX_WRONG;
	}
	fx_worker_pause(&racer->worker, 1 + (int)(random % 32));
	close(path);
	return FX_GOOD;
}

/* @fd becomes write-combined, is touched, and is uncached again. */
static int write_combine(struct racer *racer, int fd)
{
	int ret = fx_set_memattr(owner.dev, fd, PEERBAR_VFIO_DMA_BUF_WC);
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	uint64_t word;

	if (ret)
		return ret;
	ret = peerbar_buffer_import(fd, &buf);
	if (ret)
		return ret;
	ret = peerbar_buffer_map(buf, 0, 0, 0, &map);
	if (!ret) {
		ret = peerbar_read(map, 0, &word, sizeof(word));
		peerbar_mapping_close(map);
	}
	peerbar_buffer_close(buf);
	/* or, sometimes, when it is released */
	if (!ret && fx_random(&racer->seed) % 2)
		ret = fx_set_memattr(owner.dev, fd, PEERBAR_VFIO_DMA_BUF_UC);
	return ret;
}

static enum fx_count do_write_combine(struct racer *racer, uint64_t random)
{
	int device = device_begin(), fd, ret = -ENODEV;

	if (random % 4)
		fd = fx_export_fd(device, WC_BASE + random % WC_PAGES * PAGE,
				  WC_PAGES * PAGE, O_RDWR | O_CLOEXEC);
	else
		fd = arena_take(racer->arena, random);
	if (fd >= 0) {
		ret = write_combine(racer, fd);
		close(fd);
	}
	device_end();
	if (ret && ret != -EBADFD && !is_refusal(ret))
		arena_wrong(racer->arena, "write-combining failed in a new way",
			    ret);
	return ret ? FX_REFUSED : FX_GOOD;
}

static const struct act acts[] = {
	{"export", 16, do_export},
	{"hand over", 12, do_hand_over},
	{"touch", 16, do_touch},
	{"fork", 4, do_fork_owner},
	{"map device", 10, do_map_device},
	{"read", 4, do_read},
	{"register", 6, do_register},
	{"map for DMA", 4, do_dma_map},
	{"write-combine", 4, do_write_combine},
	{"keep path", 3, do_keep_path},
	{"revoke", 5, do_revoke},
	{"toggle memory", 5, do_toggle},
	{"reset", 3, do_reset},
	{"close, open", 1, do_reopen},
	{0},
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

/* as the device has it, and as VFIO shows it */
static void print_config(void)
{
	uint32_t real[16] = {0}, shown[16] = {0};
	int fd = fx_port_config(fx_bdf());

	if (fd >= 0 && pread(fd, real, sizeof(real), 0) == sizeof(real) &&
	    !fx_config_read(owner.dev, 0, shown, sizeof(shown)))
		printf("# command register %04x (%04x), BAR 2 at %x%08x (%x%08x)\n",
		       real[1] & 0xffff, shown[1] & 0xffff, real[7], real[6],
		       shown[7], shown[6]);
	fflush(stdout);
	if (fd >= 0)
		close(fd);
}

static void test_everything_at_once(void **state)
{
	struct fx *fx = *state;
	struct racer *racer = fx_alloc(fx, THREADS * sizeof(*racer));
	struct racer *sum = fx_alloc(fx, sizeof(*sum));
	uint64_t seed = fx_seed();
	struct fx_child *peer = open_all(fx, &seed);
	int i, never, theirs;

	for (i = 0; i < THREADS; i++) {
		racer_init(fx, &racer[i], &owner.arena, acts, &seed);
		fx_worker_start(fx, &racer[i].worker, racer_run);
	}
	/* ends early only when something is wrong */
	fx_worker_ends(&racer[0].worker, seconds * 1000);
	for (i = 0; i < THREADS; i++) {
		fx_worker_stop(&racer[i].worker);
		racer_add(sum, &racer[i]);
	}
	printf("# %d s\n", seconds);
	never = racer_report("the owner", sum);
	shutdown(peer->sock, SHUT_WR);
	theirs = fx_wait_child(peer, END_MS);
	arena_close(&owner.arena);
	print_config();
	peerbar_device_close(owner.dev);
	if (owner.arena.wrong)
		fx_die("%s (%" PRId64 ")", owner.arena.wrong, owner.arena.code);
	/* 3: as below, in the other process */
	assert_int_equal(theirs, 0);
	if (never)
		fx_die("%d acts were never done", never);
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
