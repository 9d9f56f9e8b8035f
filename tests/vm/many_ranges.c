// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Buffers of as many pieces as there may be, and of pieces that are huge. */
#include <errno.h>
#include <stdlib.h>

#include "bar.h"
#include "verbs.h"

#define PMD    MIB(2)
#define SEED   37
#define PIECES PEERBAR_MAX_RANGES

static struct peerbar_range pieces[PIECES + 1];

/* Every second page, from the end of the BAR: none has a neighbour. */
static void every_second_page(void)
{
	unsigned int i;

	for (i = 0; i <= PIECES; i++)
		pieces[i] = (struct peerbar_range){
			.offset = (2 * (PIECES - i)) * PAGE,
			.length = PAGE,
		};
}

static void check_pages(struct peerbar_mapping *map)
{
	char mem[64];
	unsigned int i;

	for (i = 0; i < PIECES; i++) {
		ok(peerbar_read(map, i * PAGE + 64, mem, sizeof(mem)));
		fx_pattern_check(mem, SEED, pieces[i].offset + 64, sizeof(mem));
	}
}

static void test_every_page_is_found(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer_info info;
	struct peerbar_buffer *buf;

	every_second_page();
	fx_bar_fill(dev, SEED, 0, FX_BAR_SIZE);
	buf = fx_export(fx, dev, pieces, PIECES);
	check_pages(fx_map(fx, buf));
	info = fx_info(buf);
	assert_int_equal(info.nr_ranges, PIECES);
	assert_int_equal(info.faults_4k, PIECES);
	assert_int_equal(info.faults_2m, 0);
	/* and again after all of them were taken back */
	ok(peerbar_device_reset(dev));
	check_pages(fx_map(fx, buf));
	assert_int_equal(fx_info(buf).faults_refused, 0);
}

static void test_one_too_many(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf;

	every_second_page();
	refused(peerbar_buffer_export(dev, FX_BAR, pieces, PIECES + 1, 0, &buf),
		-E2BIG);
}

/* A NIC that copies with the CPU sees the same pages in the same order. */
static void test_kernel_mapping(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct fx_nic *nic = fx_nic(fx);
	struct fx_pair *pair = fx_pair(fx, nic, &fx_hasty);
	struct ibv_mr *host = fx_host(fx, nic, 64 * PAGE), *mr;
	unsigned int i, at = PIECES - 64;

	every_second_page();
	fx_bar_fill(dev, SEED, 0, FX_BAR_SIZE);
	mr = fx_reg(fx, nic, fx_export(fx, dev, pieces, PIECES));
	fx_good(fx_rdma(pair, IBV_WR_RDMA_READ, host, 0, mr, at * PAGE,
			64 * PAGE));
	for (i = 0; i < 64; i++)
		fx_pattern_check((char *)host->addr + i * PAGE, SEED,
				 pieces[at + i].offset, PAGE);
}

/* Backwards, so that none is merged: one huge entry for each piece. */
static void test_huge_pieces(void **state)
{
	const unsigned int nr = FX_BAR_SIZE / PMD;
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer_info info;
	struct peerbar_buffer *buf;
	unsigned int i;

	for (i = 0; i < nr; i++)
		pieces[i] = (struct peerbar_range){(nr - 1 - i) * PMD, PMD};
	buf = fx_export(fx, dev, pieces, nr);
	fx_touch(peerbar_mapping_addr(fx_map(fx, buf)), FX_BAR_SIZE);
	info = fx_info(buf);
	assert_int_equal(info.nr_ranges, nr);
	assert_int_equal(info.faults_2m, nr);
	assert_int_equal(info.faults_4k, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_every_page_is_found),
		FX_TEST(test_one_too_many),
		FX_TEST(test_kernel_mapping),
		FX_TEST(test_huge_pieces),
	};

	return FX_RUN(tests);
}
