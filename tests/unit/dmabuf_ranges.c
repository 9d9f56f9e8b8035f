// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * kernel/vfio-pci/vfio_pci_dmabuf_ranges.c in user space, against a model that
 * has one entry per page and knows neither ranges nor a search.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/mm.h>
#include "vfio_pci_dmabuf_ranges.h"

#define MODEL_PAGES	512
#define MODEL_RANGES	48
#define MODEL_ROUNDS	2000

struct model {
	unsigned long pfn[MODEL_PAGES];
	u64 nr;
};

struct fixture {
	struct phys_vec vec[MODEL_RANGES];
	u64 start[MODEL_RANGES + 1];
	struct vfio_pci_dma_buf_ranges ranges;
	struct model model;
};

static void fixture_add(struct fixture *f, phys_addr_t paddr, size_t len)
{
	size_t i;

	f->vec[f->ranges.nr++] = (struct phys_vec){ paddr, len };
	for (i = 0; i < len / PAGE_SIZE && f->model.nr < MODEL_PAGES; i++)
		f->model.pfn[f->model.nr++] = paddr / PAGE_SIZE + i;
}

static void fixture_reset(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->ranges.vec = f->vec;
	f->ranges.start = f->start;
}

static u64 model_runs(const struct model *m)
{
	u64 i, runs = 0;

	for (i = 0; i < m->nr; i++)
		runs += !i || m->pfn[i] != m->pfn[i - 1] + 1;
	return runs;
}

static bool model_find(const struct model *m, u64 pgoff, unsigned int order,
		       unsigned long *pfn)
{
	u64 i, pages = 1ULL << order;

	if (pgoff >= m->nr || m->nr - pgoff < pages)
		return false;
	for (i = 0; i < pages; i++)
		if (m->pfn[pgoff + i] != m->pfn[pgoff] + i)
			return false;
	*pfn = m->pfn[pgoff];
	return *pfn % pages == 0;
}

static void check_all_lookups(struct fixture *f)
{
	unsigned int order;
	u64 pgoff;

	for (pgoff = 0; pgoff <= f->model.nr; pgoff++) {
		for (order = 0; order < 6; order++) {
			unsigned long want = 0, got = ~0UL;
			bool there = model_find(&f->model, pgoff, order, &want);
			int ret = vfio_pci_dma_buf_ranges_find_pfn(&f->ranges,
					pgoff, order, &got);

			assert_int_equal(ret, there ? 0 : -ERANGE);
			assert_int_equal(got, there ? want : ~0UL);
		}
	}
}

/* Few distinct places, so that neighbours and repetitions are common. */
static void random_buffers_match_the_model(void **state)
{
	struct fixture f;
	int round, i, nr;

	srandom(1);
	for (round = 0; round < MODEL_ROUNDS; round++) {
		phys_addr_t at = 0;

		fixture_reset(&f);
		nr = 1 + random() % (round % MODEL_RANGES + 1);
		for (i = 0; i < nr; i++) {
			size_t len = (1 + random() % 9) * PAGE_SIZE;

			if (random() % 2)
				at = (random() % 64) * PAGE_SIZE;
			fixture_add(&f, at, len);
			at += len;
		}
		assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), 0);
		assert_int_equal(f.ranges.nr, model_runs(&f.model));
		assert_int_equal(f.ranges.start[f.ranges.nr],
				 f.model.nr * PAGE_SIZE);
		check_all_lookups(&f);
	}
}

static void neighbours_merge_in_the_order_of_the_buffer(void **state)
{
	struct fixture f;

	fixture_reset(&f);
	fixture_add(&f, 0x3000, 0x1000);
	fixture_add(&f, 0x4000, 0x2000);
	fixture_add(&f, 0x2000, 0x1000);	/* before, not behind */
	fixture_add(&f, 0x2000, 0x1000);	/* the same once more */
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), 0);

	assert_int_equal(f.ranges.nr, 3);
	assert_int_equal(f.vec[0].paddr, 0x3000);
	assert_int_equal(f.vec[0].len, 0x3000);
	assert_int_equal(f.vec[1].paddr, 0x2000);
	assert_int_equal(f.vec[2].paddr, 0x2000);
}

static void huge_pages_need_alignment_and_one_piece(void **state)
{
	const unsigned int pmd = 9;
	unsigned long pfn;
	struct fixture f;

	fixture_reset(&f);
	fixture_add(&f, 0xe0200000, 0x200000);
	fixture_add(&f, 0xe0600000, 0x100000);
	fixture_add(&f, 0xe0800000, 0x300000);
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), 0);

	/* fits exactly; crosses a seam; then aligned in the buffer or not */
	assert_int_equal(vfio_pci_dma_buf_ranges_find_pfn(&f.ranges, 0, pmd,
							  &pfn), 0);
	assert_int_equal(pfn, 0xe0200);
	assert_int_equal(vfio_pci_dma_buf_ranges_find_pfn(&f.ranges, 512, pmd,
							  &pfn), -ERANGE);
	assert_int_equal(vfio_pci_dma_buf_ranges_find_pfn(&f.ranges, 768, pmd,
							  &pfn), 0);
	assert_int_equal(pfn, 0xe0800);
	assert_int_equal(vfio_pci_dma_buf_ranges_find_pfn(&f.ranges, 769, pmd,
							  &pfn), -ERANGE);
}

static void offsets_beyond_the_buffer_are_refused(void **state)
{
	const u64 far[] = { 2, 512, 1ULL << 51, 1ULL << 52, (1ULL << 52) - 1,
			    ~0ULL - 1, ~0ULL };
	unsigned int i, order;
	struct fixture f;
	unsigned long pfn;

	fixture_reset(&f);
	fixture_add(&f, 0x200000, 2 * PAGE_SIZE);
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), 0);

	for (i = 0; i < sizeof(far) / sizeof(*far); i++)
		for (order = 0; order <= 18; order += 9)
			assert_int_equal(vfio_pci_dma_buf_ranges_find_pfn(&f.ranges,
					 far[i], order, &pfn), -ERANGE);
}

static void bad_pieces_are_refused(void **state)
{
	const struct phys_vec bad[] = {
		{ 0x1000, 0 },
		{ 0x1800, 0x1000 },
		{ 0x1000, 0x1800 },
		{ ~0xfffULL, 0x1000 },
		{ 0x1000, ~0xfffULL },
	};
	struct fixture f;
	unsigned int i;

	fixture_reset(&f);
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), -EINVAL);

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		fixture_reset(&f);
		fixture_add(&f, 0x10000, 0x1000);
		fixture_add(&f, bad[i].paddr, bad[i].len);
		assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges),
				 -EINVAL);
	}
}

static void a_sum_too_large_is_refused(void **state)
{
	struct fixture f;

	fixture_reset(&f);
	fixture_add(&f, 0x1000, 1ULL << 63);
	fixture_add(&f, 0, 1ULL << 63);
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&f.ranges), -EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_buffers_match_the_model),
		cmocka_unit_test(neighbours_merge_in_the_order_of_the_buffer),
		cmocka_unit_test(huge_pages_need_alignment_and_one_piece),
		cmocka_unit_test(offsets_beyond_the_buffer_are_refused),
		cmocka_unit_test(bad_pieces_are_refused),
		cmocka_unit_test(a_sum_too_large_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
