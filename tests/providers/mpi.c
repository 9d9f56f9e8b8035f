// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mpi MODE MEMORY - an MPI program of two ranks whose buffers are BAR memory
 *
 *	mpirun ... mpi MODE BDF/BAR : ... mpi MODE host
 *
 * p2p, window and allreduce compare every byte; revoke has rank 1 take its
 * memory back while rank 0 puts to it, and must not end well; kept, after that,
 * finds what rank 1 wrote there since.  Started by tests/vm/two-nodes-mpi.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

#include <pattern.h>
#include <peerbar/peerbar.h>
#include <peerbar/spec.h>

#define KIB(n)	((size_t)(n) << 10)
#define ROOM	KIB(5 << 10)
#define LARGEST KIB(4 << 10)
#define TAG	7
#define POISON	0xaa

static const size_t sizes[] = {
	1, 8, 63, 1000, 4097, 8193, 65536, 262147, KIB(1 << 10) + 3, LARGEST,
};

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static int rank;

/* @map: NULL for host memory */
static struct {
	struct peerbar_device *dev;
	struct peerbar_spec spec;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	char *addr;
} mem;

static char *want, *got;

__attribute__((format(printf, 1, 2), noreturn)) static void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "rank %d: ", rank);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	MPI_Abort(MPI_COMM_WORLD, 1);
	abort();
}

static void check(int ret, const char *what)
{
	if (ret)
		die("%s: %s", what, peerbar_error_detail());
}

static void open_memory(const char *text)
{
	want = malloc(ROOM);
	got = malloc(ROOM);
	mem.addr = strcmp(text, "host") ? NULL : malloc(ROOM);
	if (mem.addr)
		return;
	check(peerbar_spec_parse(text, &mem.spec), "the BAR");
	check(peerbar_device_open(mem.spec.bdf, NULL, &mem.dev), text);
	check(peerbar_spec_export(mem.dev, &mem.spec, 0, &mem.buf), text);
	check(peerbar_buffer_map(mem.buf, 0, 0, 0, &mem.map), text);
	if (peerbar_mapping_size(mem.map) < ROOM)
		die("%s is too small", text);
	mem.addr = peerbar_mapping_addr(mem.map);
}

static void store(size_t at, const void *src, size_t len)
{
	if (mem.map)
		check(peerbar_write(mem.map, at, src, len), "a store");
	else
		memcpy(mem.addr + at, src, len);
}

static void load(size_t at, void *dst, size_t len)
{
	if (mem.map)
		check(peerbar_read(mem.map, at, dst, len), "a load");
	else
		memcpy(dst, mem.addr + at, len);
}

/* where a message of @len bytes is: nowhere aligned, another place at each rank */
static size_t place(size_t len, int at_rank)
{
	return len % 61 + 1 + (size_t)at_rank * 3;
}

static void fill(size_t len, uint64_t seed)
{
	bench_pattern_fill(want, len, seed, 0);
	store(place(len, rank), want, len);
}

static void poison(size_t len)
{
	memset(got, POISON, len + 2);
	store(place(len, rank) - 1, got, len + 2);
}

static void compare(size_t len, uint64_t seed, const char *what)
{
	bench_pattern_fill(want, len, seed, 0);
	load(place(len, rank) - 1, got, len + 2);
	if (memcmp(got + 1, want, len))
		die("%s of %zu bytes: wrong content", what, len);
	if ((uint8_t)got[0] != POISON || (uint8_t)got[len + 1] != POISON)
		die("%s of %zu bytes: more than that changed", what, len);
}

static void message(size_t len, int from, uint64_t seed)
{
	char *at = mem.addr + place(len, rank);

	if (rank == from) {
		fill(len, seed);
		MPI_Send(at, (int)len, MPI_BYTE, !rank, TAG, MPI_COMM_WORLD);
		return;
	}
	poison(len);
	MPI_Recv(at, (int)len, MPI_BYTE, from, TAG, MPI_COMM_WORLD,
		 MPI_STATUS_IGNORE);
	compare(len, seed, "a message");
}

static void run_p2p(void)
{
	size_t i;

	for (i = 0; i < NR_SIZES; i++) {
		message(sizes[i], 0, i + 1);
		message(sizes[i], 1, i + 101);
	}
}

/* Rank 0 puts, then gets back what rank 1 wrote there itself. */
static void one_access(MPI_Win win, size_t len, uint64_t seed)
{
	char *at = mem.addr + place(len, 0);
	MPI_Aint there = (MPI_Aint)place(len, 1);

	if (rank)
		poison(len);
	else
		fill(len, seed);
	MPI_Win_fence(0, win);
	if (!rank)
		MPI_Put(at, (int)len, MPI_BYTE, 1, there, (int)len, MPI_BYTE,
			win);
	MPI_Win_fence(0, win);
	if (rank) {
		compare(len, seed, "a put");
		fill(len, seed + 1);
	} else {
		poison(len);
	}
	MPI_Win_fence(0, win);
	if (!rank)
		MPI_Get(at, (int)len, MPI_BYTE, 1, there, (int)len, MPI_BYTE,
			win);
	MPI_Win_fence(0, win);
	if (!rank)
		compare(len, seed + 1, "a get");
}

static MPI_Win open_window(void)
{
	MPI_Win win;

	MPI_Win_create(mem.addr, ROOM, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
	return win;
}

static void run_window(void)
{
	MPI_Win win = open_window();
	size_t i;

	for (i = 0; i < NR_SIZES; i++)
		one_access(win, sizes[i], i + 1);
	MPI_Win_free(&win);
}

/* Sent from one half of the memory, the sum comes to the other. */
static void one_sum(size_t count, int round)
{
	const size_t bytes = count * sizeof(int64_t), half = ROOM / 2;
	int64_t *numbers = (int64_t *)want;
	size_t i;

	for (i = 0; i < count; i++)
		numbers[i] = (int64_t)(i * 3 + round) * (rank ? 1000003 : -7);
	store(0, numbers, bytes);
	memset(got, POISON, bytes);
	store(half, got, bytes);
	MPI_Allreduce(mem.addr, mem.addr + half, (int)count, MPI_INT64_T,
		      MPI_SUM, MPI_COMM_WORLD);
	load(half, got, bytes);
	for (i = 0; i < count; i++)
		if (((int64_t *)got)[i] != (int64_t)(i * 3 + round) * 999996)
			die("a sum of %zu: number %zu is wrong", count, i);
}

static void run_allreduce(void)
{
	static const size_t counts[] = {1, 9, 1000, 8192, 262144};
	size_t i;
	int round;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		for (round = 0; round < 3; round++)
			one_sum(counts[i], round);
}

#define BEFORE	   20
#define BLOCK	   KIB(64)
#define LATER_SEED 4711

static void put_blocks(MPI_Win win, unsigned int n)
{
	while (n--) {
		MPI_Put(mem.addr, BLOCK, MPI_BYTE, 1, 0, BLOCK, MPI_BYTE, win);
		MPI_Win_flush(1, win);
	}
}

/* The same memory as another buffer; of the traffic nothing may arrive in it. */
static void use_otherwise(void)
{
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;

	check(peerbar_spec_export(mem.dev, &mem.spec, 0, &buf), "again");
	check(peerbar_buffer_map(buf, 0, 0, 0, &map), "again");
	bench_pattern_fill(want, BLOCK, LATER_SEED, 0);
	check(peerbar_write(map, 0, want, BLOCK), "a store");
}

static void run_kept(void)
{
	if (!rank)
		return;
	bench_pattern_fill(want, BLOCK, LATER_SEED, 0);
	load(0, got, BLOCK);
	if (memcmp(got, want, BLOCK))
		die("something wrote to it after the revoke");
}

/* Rank 1 hears of the traffic when it runs, and takes its memory away. */
static void run_revoke(void)
{
	MPI_Win win = open_window();

	MPI_Win_lock_all(0, win);
	if (rank) {
		MPI_Recv(NULL, 0, MPI_BYTE, 0, TAG, MPI_COMM_WORLD,
			 MPI_STATUS_IGNORE);
		check(peerbar_buffer_revoke(mem.buf), "revoke");
		use_otherwise();
		printf("revoked\n");
		fflush(stdout);
	} else {
		put_blocks(win, BEFORE);
		MPI_Send(NULL, 0, MPI_BYTE, 1, TAG, MPI_COMM_WORLD);
		put_blocks(win, 1u << 30);
	}
	MPI_Barrier(MPI_COMM_WORLD);
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{"p2p", run_p2p},
	{"window", run_window},
	{"allreduce", run_allreduce},
	{"revoke", run_revoke},
	{"kept", run_kept},
};

int main(int argc, char **argv)
{
	size_t i;
	int ranks;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	if (argc != 3 || ranks != 2)
		die("two ranks, each: mpi MODE BDF/BAR[@...]|host");
	open_memory(argv[2]);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, argv[1]))
			break;
	if (i == sizeof(modes) / sizeof(modes[0]))
		die("no mode %s", argv[1]);
	modes[i].run();
	MPI_Barrier(MPI_COMM_WORLD);
	if (!rank)
		printf("%s: all content right\n", argv[1]);
	MPI_Finalize();
	return 0;
}
