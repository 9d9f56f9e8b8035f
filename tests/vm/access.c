// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One buffer, seen from all sides: the CPU through the dma-buf, a NIC through
 * the MR, and the device fd, which shares nothing with either, as the judge.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bar.h"
#include "verbs.h"

#define SEED 11

/* out of order, and neither starts where the one before ends */
static const struct peerbar_range three[] = {
	{MIB(8), 3 * PAGE},
	{0, 2 * PAGE},
	{MIB(4) + PAGE, 5 * PAGE},
};
#define THREE_SIZE (10 * PAGE)

struct sides {
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct fx_pair *pair;
	struct ibv_mr *mr;
	struct ibv_mr *host;
};

static struct sides three_ranges(struct fx *fx)
{
	struct sides s;
	unsigned int i;

	s.dev = fx_device(fx, fx_bdf());
	for (i = 0; i < ARRAY_LEN(three); i++)
		fx_bar_fill(s.dev, SEED, three[i].offset, three[i].length);
	s.buf = fx_export(fx, s.dev, three, ARRAY_LEN(three));
	s.map = fx_map(fx, s.buf);
	return s;
}

static void add_nic(struct fx *fx, struct sides *s)
{
	struct fx_nic *nic = fx_nic(fx);

	s->pair = fx_pair(fx, nic, &fx_hasty);
	s->mr = fx_reg(fx, nic, s->buf);
	s->host = fx_host(fx, nic, THREE_SIZE);
}

static void check_ranges(const char *mem, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(three); mem += three[i].length, i++)
		fx_pattern_check(mem, seed, three[i].offset, three[i].length);
}

static void fill_ranges(char *mem, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(three); mem += three[i].length, i++)
		fx_pattern_fill(mem, seed, three[i].offset, three[i].length);
}

static void check_bar(struct peerbar_device *dev, uint64_t seed)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(three); i++)
		fx_bar_check(dev, seed, three[i].offset, three[i].length);
}

static void test_cpu_sees_the_ranges(void **state)
{
	struct sides s = three_ranges(*state);

	assert_int_equal(peerbar_buffer_size(s.buf), THREE_SIZE);
	assert_false(peerbar_mapping_is_fallback(s.map));
	fx_map_check(s.map, SEED, three, ARRAY_LEN(three));
}

static void test_rdma_read_sees_the_ranges(void **state)
{
	struct sides s = three_ranges(*state);

	add_nic(*state, &s);
	fx_good(fx_rdma(s.pair, IBV_WR_RDMA_READ, s.host, 0, s.mr, 0, THREE_SIZE));
	check_ranges(s.host->addr, SEED);
}

static void test_device_mmap_agrees(void **state)
{
	struct sides s = three_ranges(*state);
	volatile uint32_t *mine = peerbar_mapping_addr(s.map), *theirs;
	unsigned int i, words;

	for (i = 0; i < ARRAY_LEN(three); i++) {
		theirs = fx_mmap_device(*state, s.dev, three[i].offset,
					three[i].length);
		for (words = three[i].length / 4; words; words--) {
			assert_int_equal(*mine, *theirs);
			*mine = ~*mine;
			assert_int_equal(*mine++, *theirs++);
		}
	}
}

static void test_cpu_stores_are_seen(void **state)
{
	struct sides s = three_ranges(*state);
	char mem[THREE_SIZE];

	add_nic(*state, &s);
	fill_ranges(mem, SEED + 1);
	ok(peerbar_write(s.map, 0, mem, sizeof(mem)));
	check_bar(s.dev, SEED + 1);
	fx_good(fx_rdma(s.pair, IBV_WR_RDMA_READ, s.host, 0, s.mr, 0, THREE_SIZE));
	check_ranges(s.host->addr, SEED + 1);
}

static void test_rdma_writes_are_seen(void **state)
{
	struct sides s = three_ranges(*state);

	add_nic(*state, &s);
	fill_ranges(s.host->addr, SEED + 2);
	fx_good(fx_rdma(s.pair, IBV_WR_RDMA_WRITE, s.host, 0, s.mr, 0,
			THREE_SIZE));
	check_bar(s.dev, SEED + 2);
	fx_map_check(s.map, SEED + 2, three, ARRAY_LEN(three));
}

/* Odd offsets and lengths, across pages and across ranges. */
static void test_odd_pieces(void **state)
{
	static const struct {
		uint64_t at;
		size_t len;
	} pieces[] = {
		{0, 1},
		{1, 1},
		{PAGE - 1, 2},
		{3 * PAGE - 1, 2},
		{3 * PAGE - 13, 2 * PAGE + 29},
		{THREE_SIZE - 1, 1},
		{5 * PAGE - 4095, 4097},
		{7, THREE_SIZE - 9},
	};
	struct sides s = three_ranges(*state);
	char want[THREE_SIZE], got[THREE_SIZE];
	unsigned int i;

	add_nic(*state, &s);
	fill_ranges(want, SEED);
	for (i = 0; i < ARRAY_LEN(pieces); i++) {
		memset(s.host->addr, 0xaa, THREE_SIZE);
		fx_good(fx_rdma(s.pair, IBV_WR_RDMA_READ, s.host, 0, s.mr,
				pieces[i].at, pieces[i].len));
		assert_memory_equal(s.host->addr, want + pieces[i].at,
				    pieces[i].len);
		assert_int_equal(((uint8_t *)s.host->addr)[pieces[i].len], 0xaa);

		memset(s.host->addr, (int)i + 1, pieces[i].len);
		memset(want + pieces[i].at, (int)i + 1, pieces[i].len);
		fx_good(fx_rdma(s.pair, IBV_WR_RDMA_WRITE, s.host, 0, s.mr,
				pieces[i].at, pieces[i].len));
		ok(peerbar_read(s.map, 0, got, sizeof(got)));
		assert_memory_equal(got, want, sizeof(want));
	}
}

static void test_a_part_is_mapped(void **state)
{
	/* from inside the first range to inside the last */
	const uint64_t from = PAGE, len = 7 * PAGE;
	struct sides s = three_ranges(*state);
	struct peerbar_mapping *part;
	char got[7 * PAGE], want[THREE_SIZE];

	ok(peerbar_buffer_map(s.buf, from, len, PEERBAR_MAP_READ, &part));
	fx_keep(*state, part, (fx_drop_fn)peerbar_mapping_close);
	assert_int_equal(peerbar_mapping_size(part), len);
	ok(peerbar_read(part, 0, got, len));
	fill_ranges(want, SEED);
	assert_memory_equal(got, want + from, len);
	refused(peerbar_write(part, 0, got, 1), -EACCES);
	refused(peerbar_read(part, len, got, 1), -EINVAL);
}

static int mmap_errno(int fd, size_t len, int prot, int flags, uint64_t offset)
{
	void *addr = mmap(NULL, len, prot, flags, fd, (off_t)offset);

	if (addr == MAP_FAILED)
		return -errno;
	munmap(addr, len);
	return 0;
}

static void test_what_mmap_refuses(void **state)
{
	struct sides s = three_ranges(*state);
	int fd = peerbar_buffer_fd(s.buf), rw = PROT_READ | PROT_WRITE;
	struct peerbar_mapping *map;

	ok(mmap_errno(fd, THREE_SIZE, rw, MAP_SHARED, 0));
	ok(mmap_errno(fd, PAGE, rw, MAP_SHARED, THREE_SIZE - PAGE));
	refused(mmap_errno(fd, PAGE, rw, MAP_PRIVATE, 0), -EINVAL);
	refused(mmap_errno(fd, PAGE, PROT_READ, MAP_PRIVATE, 0), -EINVAL);
	refused(mmap_errno(fd, THREE_SIZE + PAGE, rw, MAP_SHARED, 0), -EINVAL);
	refused(mmap_errno(fd, PAGE, rw, MAP_SHARED, THREE_SIZE), -EINVAL);
	refused(mmap_errno(fd, PAGE, rw, MAP_SHARED, UINT64_MAX << 12),
		-EOVERFLOW);
	refused_saying(peerbar_buffer_map(s.buf, 0, THREE_SIZE + PAGE, 0, &map),
		       -EINVAL, "beyond the buffer");
	refused(peerbar_buffer_map(s.buf, 1, PAGE, 0, &map), -EINVAL);
	refused(peerbar_buffer_map(s.buf, THREE_SIZE, 0, 0, &map), -EINVAL);
}

static void test_read_only_export(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct fx_nic *nic = fx_nic(fx);
	struct peerbar_mapping *map;
	struct peerbar_buffer *buf;
	struct ibv_mr *mr;
	char byte;
	void *addr;
	int fd;

	ok(peerbar_buffer_export(dev, FX_BAR, three, ARRAY_LEN(three),
				 PEERBAR_EXPORT_READ_ONLY, &buf));
	fx_keep(fx, buf, (fx_drop_fn)peerbar_buffer_close);
	fd = peerbar_buffer_fd(buf);
	refused(mmap_errno(fd, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 0),
		-EACCES);
	addr = fx_mmap(fx, fd, 0, PAGE, PROT_READ);
	assert_int_equal(mprotect(addr, PAGE, PROT_READ | PROT_WRITE), -1);
	assert_int_equal(errno, EACCES);
	refused_saying(peerbar_buffer_map(buf, 0, 0, 0, &map), -EACCES,
		       "read-only");
	ok(peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_READ, &map));
	ok(peerbar_read(map, 0, &byte, 1));
	peerbar_mapping_close(map);
	/* a key opens no more than the descriptor does */
	refused(peerbar_verbs_reg_mr(nic->pd, buf, 0, PAGE, 0, FX_ACCESS, &mr),
		-EACCES);
	ok(peerbar_verbs_reg_mr(nic->pd, buf, 0, PAGE, 0,
				IBV_ACCESS_REMOTE_READ, &mr));
	ibv_dereg_mr(mr);
}

/* Page i of the buffer is page @nr - i of every other page of the BAR. */
static void check_range_count(struct fx *fx, struct peerbar_device *dev,
			      unsigned int nr)
{
	struct peerbar_range *ranges = fx_alloc(fx, nr * sizeof(*ranges));
	volatile uint64_t *bar, *map;
	struct peerbar_buffer *buf;
	unsigned int i;

	bar = fx_mmap_device(fx, dev, 0, 2 * PAGE * nr);
	for (i = 0; i < nr; i++) {
		ranges[i].offset = 2 * PAGE * (nr - 1 - i);
		ranges[i].length = PAGE;
		bar[ranges[i].offset / 8] = ~(uint64_t)i;
		bar[(ranges[i].offset + PAGE) / 8 - 1] = i;
	}
	buf = fx_export(fx, dev, ranges, nr);
	assert_int_equal(fx_info(buf).nr_ranges, nr);
	map = peerbar_mapping_addr(fx_map(fx, buf));
	for (i = 0; i < nr; i++) {
		assert_int_equal(map[i * PAGE / 8], ~(uint64_t)i);
		assert_int_equal(map[(i + 1) * PAGE / 8 - 1], i);
	}
}

static void test_range_counts(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());

	check_range_count(*state, dev, 1);
	check_range_count(*state, dev, 2);
	check_range_count(*state, dev, 64);
	check_range_count(*state, dev, PEERBAR_MAX_RANGES);
}

static void test_many_ranges_by_rdma(void **state)
{
	enum { NR = 256 };
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_range ranges[NR];
	struct fx_nic *nic = fx_nic(fx);
	struct fx_pair *pair = fx_pair(fx, nic, &fx_hasty);
	struct ibv_mr *mr, *host = fx_host(fx, nic, NR * PAGE);
	unsigned int i;

	fx_bar_fill(dev, SEED, 0, 2 * PAGE * NR);
	for (i = 0; i < NR; i++)
		ranges[i] =
			(struct peerbar_range){2 * PAGE * ((i * 37) % NR), PAGE};
	mr = fx_reg(fx, nic, fx_export(fx, dev, ranges, NR));
	fx_good(fx_rdma(pair, IBV_WR_RDMA_READ, host, 0, mr, 0, NR * PAGE));
	for (i = 0; i < NR; i++)
		fx_pattern_check((char *)host->addr + i * PAGE, SEED,
				 ranges[i].offset, PAGE);
}

static void test_too_many_ranges(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_range *ranges;
	struct peerbar_buffer *buf;
	unsigned int i;

	ranges = fx_alloc(fx, (PEERBAR_MAX_RANGES + 1) * sizeof(*ranges));
	for (i = 0; i <= PEERBAR_MAX_RANGES; i++)
		ranges[i] = (struct peerbar_range){2 * PAGE * i, PAGE};
	refused_saying(peerbar_buffer_export(dev, FX_BAR, ranges,
					     PEERBAR_MAX_RANGES + 1, 0, &buf),
		       -E2BIG, "at most");
}

static void test_neighbours_are_merged(void **state)
{
	static const struct peerbar_range ranges[] = {
		{0, PAGE},
		{PAGE, 2 * PAGE},
		{4 * PAGE, PAGE},
		{3 * PAGE, PAGE},
	};
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf =
		fx_export(fx, dev, ranges, ARRAY_LEN(ranges));

	/* the last two are neighbours, but the wrong way round */
	assert_int_equal(fx_info(buf).nr_ranges, 3);
	fx_bar_fill(dev, SEED, 0, 5 * PAGE);
	fx_map_check(fx_map(fx, buf), SEED, ranges, ARRAY_LEN(ranges));
}

static void test_the_same_page_twice(void **state)
{
	static const struct peerbar_range twice[] = {
		{PAGE, PAGE},
		{PAGE, PAGE},
	};
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, twice, 2);
	struct peerbar_mapping *map = fx_map(fx, buf);
	uint32_t word = 0x12345678, got = 0;

	ok(peerbar_write(map, 8, &word, sizeof(word)));
	ok(peerbar_read(map, PAGE + 8, &got, sizeof(got)));
	assert_int_equal(got, word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_cpu_sees_the_ranges),
		FX_TEST(test_rdma_read_sees_the_ranges),
		FX_TEST(test_device_mmap_agrees),
		FX_TEST(test_cpu_stores_are_seen),
		FX_TEST(test_rdma_writes_are_seen),
		FX_TEST(test_odd_pieces),
		FX_TEST(test_a_part_is_mapped),
		FX_TEST(test_what_mmap_refuses),
		FX_TEST(test_read_only_export),
		FX_TEST(test_range_counts),
		FX_TEST(test_many_ranges_by_rdma),
		FX_TEST(test_too_many_ranges),
		FX_TEST(test_neighbours_are_merged),
		FX_TEST(test_the_same_page_twice),
	};

	return FX_RUN(tests);
}
