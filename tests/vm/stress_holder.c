// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The holders of a dma-buf, who can only use it, lose it, and let it go. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "importer.h"
#include "stress.h"

void arena_open(struct arena *arena, struct fx_nic *nic)
{
	int i;

	pthread_mutex_init(&arena->lock, NULL);
	arena->nic = nic;
	for (i = 0; i < SLOTS; i++)
		arena->slot[i] = -1;
}

void arena_close(struct arena *arena)
{
	uint64_t i;

	for (i = 0; i < SLOTS; i++)
		arena_put(arena, i, -1);
}

void arena_wrong(struct arena *arena, const char *what, int64_t code)
{
	const char *nothing = NULL;

	if (atomic_compare_exchange_strong(&arena->wrong, &nothing, what))
		arena->code = code;
}

void arena_put(struct arena *arena, uint64_t random, int fd)
{
	int old;

	pthread_mutex_lock(&arena->lock);
	old = arena->slot[random % SLOTS];
	arena->slot[random % SLOTS] = fd;
	pthread_mutex_unlock(&arena->lock);
	if (old >= 0)
		close(old);
}

int arena_take(struct arena *arena, uint64_t random)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	int fd;

	pthread_mutex_lock(&arena->lock);
	fd = arena->slot[random % SLOTS];
	if (fd >= 0)
		fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&arena->lock);
	if (fd < 0)
		nanosleep(&moment, NULL);
	return fd;
}

struct peerbar_buffer *arena_buffer(struct arena *arena, uint64_t random)
{
	struct peerbar_buffer *buf = NULL;
	int fd = arena_take(arena, random), ret;

	if (fd < 0)
		return NULL;
	ret = peerbar_buffer_import(fd, &buf);
	if (ret)
		arena_wrong(arena, "an import failed", ret);
	close(fd);
	return buf;
}

bool is_refusal(int ret)
{
	return ret == -ENODEV || ret == -EBUSY;
}

/* Every byte that can be read was there all the time, somewhere in the BAR. */
bool is_of_the_bar(const volatile uint64_t *words)
{
	uint64_t first = words[0];

	return first == words[1] - 1 && first < SPAN / 8;
}

static int load_some(struct arena *arena, struct peerbar_mapping *map,
		     uint64_t pages, uint64_t random)
{
	uint64_t words[2];
	int ret = 0, i;

	for (i = 0; i < 8 && !ret; i++) {
		ret = peerbar_read(map, fx_random(&random) % pages * PAGE,
				   words, sizeof(words));
		if (!ret && !is_of_the_bar(words))
			arena_wrong(arena, "a load saw what is not in the BAR",
				    (int64_t)words[0]);
	}
	return ret;
}

/* all of a buffer, or from some page on */
enum fx_count do_touch(struct racer *racer, uint64_t random)
{
	struct peerbar_buffer *buf = arena_buffer(racer->arena, random);
	uint64_t first = random & 1 << 20 ? random % PAGES : 0;
	struct peerbar_mapping *map;
	int ret;

	if (!buf)
		return FX_REFUSED;
	ret = peerbar_buffer_map(buf, first * PAGE, 0, 0, &map);
	if (!ret) {
		ret = load_some(racer->arena, map, PAGES - first, random);
		peerbar_mapping_close(map);
	}
	if (ret && !is_refusal(ret))
		arena_wrong(racer->arena, "map or load failed in a new way", ret);
	peerbar_buffer_close(buf);
	return ret ? FX_REFUSED : FX_GOOD;
}

enum verdict { FINE, WRONG_BYTES, GROWN, NOT_MOVED, NOT_CUT };

static bool page_good(const volatile char *addr, uint64_t page)
{
	return is_of_the_bar((const volatile uint64_t *)(addr + page * PAGE));
}

/*
 * In the child: the mapping of the parent is cut, made smaller and moved; it is
 * used after each, and SIGBUS ends the child whenever the memory is away.
 */
static enum verdict use_inherited(char *addr, uint64_t random)
{
	uint64_t hole = 1 + random % (PAGES - 3), half = PAGES / 2;
	char *place;

	if (!page_good(addr, hole))
		return WRONG_BYTES;
	if (munmap(addr + hole * PAGE, PAGE))
		return NOT_CUT;
	if (!page_good(addr, hole - 1) || !page_good(addr, hole + 1))
		return WRONG_BYTES;
	place = mmap(NULL, half * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	/* the bigger piece beside the hole */
	if (hole < half)
		addr += (hole + 1) * PAGE;
	if (mremap(addr, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED)
		return GROWN;
	if (munmap(addr + 4 * PAGE, 4 * PAGE))
		return NOT_CUT;
	if (mremap(addr, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   place) != place)
		return NOT_MOVED;
	return page_good(place, 3) ? FINE : WRONG_BYTES;
}

static void child(char *addr, uint64_t random)
{
	const struct sigaction none = {.sa_handler = SIG_DFL};
	const struct rlimit nothing = {0, 0};

	setrlimit(RLIMIT_CORE, &nothing);
	sigaction(SIGBUS, &none, NULL);
	_exit(use_inherited(addr, random));
}

static enum fx_count judge(struct arena *arena, pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		arena_wrong(arena, "there is no child", errno);
		return FX_WRONG;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
		return FX_REFUSED;
	if (status) {
		arena_wrong(arena, "a child did not end well", status);
		return FX_WRONG;
	}
	return FX_GOOD;
}

enum fx_count child_uses(struct arena *arena, char *addr, uint64_t random)
{
	pid_t pid = fork();

	if (!pid)
		child(addr, random);
	return judge(arena, pid);
}

enum fx_count do_fork(struct racer *racer, uint64_t random)
{
	int fd = arena_take(racer->arena, random);
	enum fx_count how = FX_REFUSED;
	char *addr;

	if (fd < 0)
		return how;
	addr = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (addr != MAP_FAILED) {
		how = child_uses(racer->arena, addr, random);
		munmap(addr, PAGES * PAGE);
	} else if (!is_refusal(-errno)) {
		arena_wrong(racer->arena, "mmap() failed in a new way", errno);
	}
	close(fd);
	return how;
}

/* soft-RoCE has it mapped in the kernel meanwhile */
enum fx_count do_register(struct racer *racer, uint64_t random)
{
	struct peerbar_buffer *buf = arena_buffer(racer->arena, random);
	struct ibv_mr *mr;
	int ret;

	if (!buf)
		return FX_REFUSED;
	ret = peerbar_verbs_reg_mr(racer->arena->nic->pd, buf, 0, PAGE, 0,
				   FX_ACCESS, &mr);
	if (ret && !is_refusal(ret))
		arena_wrong(racer->arena, "a registration failed in a new way",
			    ret);
	if (!ret)
		ibv_dereg_mr(mr);
	peerbar_buffer_close(buf);
	return ret ? FX_REFUSED : FX_GOOD;
}

/*
 * Mapped for DMA, but none is done: the emulated device would end the emulator
 * if the BAR went away beneath it.
 */
enum fx_count do_dma_map(struct racer *racer, uint64_t random)
{
	int fd = arena_take(racer->arena, random), ret;

	if (fd < 0)
		return FX_REFUSED;
	ret = fx_edu_attach(racer->edu, fd, 0, 0);
	if (!ret) {
		ret = fx_edu_map(racer->edu, NULL, 0);
		fx_edu_detach(racer->edu);
	}
	if (ret < 0 && !is_refusal(ret))
		arena_wrong(racer->arena, "a DMA mapping failed in a new way",
			    ret);
	close(fd);
	return ret < 0 ? FX_REFUSED : FX_GOOD;
}

void racer_init(struct fx *fx, struct racer *racer, struct arena *arena,
		const struct act *acts, uint64_t *seed)
{
	racer->arena = arena;
	racer->acts = acts;
	racer->seed = fx_random(seed);
	racer->edu = fx_edu(fx);
}

static unsigned int sum_of_weights(const struct act *acts)
{
	unsigned int sum = 0;

	for (; acts->weight; acts++)
		sum += acts->weight;
	return sum;
}

enum fx_count racer_act(struct racer *racer)
{
	uint64_t random = fx_random(&racer->seed);
	unsigned int at = random % sum_of_weights(racer->acts), i;
	enum fx_count how;

	for (i = 0; at >= racer->acts[i].weight; i++)
		at -= racer->acts[i].weight;
	how = racer->acts[i].act(racer, random >> 8);
	racer->count[i][how]++;
	return how;
}

void racer_run(struct fx_worker *worker)
{
	struct racer *racer = (struct racer *)worker;

	/* refusals are quick, and would leave no time for the rest */
	while (!fx_worker_stopping(worker) && !racer->arena->wrong)
		if (racer_act(racer) == FX_REFUSED)
			fx_worker_pause(worker, 2);
}

void racer_add(struct racer *sum, const struct racer *racer)
{
	int i, j;

	sum->acts = racer->acts;
	for (i = 0; i < ACTS_MAX; i++)
		for (j = 0; j < FX_COUNTS; j++)
			sum->count[i][j] += racer->count[i][j];
}

int racer_report(const char *who, const struct racer *racer)
{
	int i, never = 0;

	for (i = 0; racer->acts[i].weight; i++) {
		printf("# %s: %-14s %7" PRIu64 " done, %7" PRIu64 " refused\n", who,
		       racer->acts[i].name, racer->count[i][FX_GOOD],
		       racer->count[i][FX_REFUSED]);
		never += !racer->count[i][FX_GOOD];
	}
	fflush(stdout);
	return never;
}
