// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a process may do with a VMA after mmap(): split, move, shrink, fork.
 * With one of an exported buffer, and with one of the BAR itself.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "bar.h"
#include "child.h"

#define PMD	 MIB(2)
#define SIZE	 (4 * PMD)
#define SEED	 31
#define SAMPLE	 KIB(8)
#define CHILD_MS 20000

/* the ranges change places in the middle, inside what could be a huge page */
static const struct peerbar_range halves[] = {
	{SIZE, SIZE / 2 + PAGE},
	{0, SIZE / 2 - PAGE},
};

/* where the VMA of the BAR starts in it */
#define BAR_AT (PMD + 3 * PAGE)

enum kind { BUFFER, BAR };

static const enum kind buffer = BUFFER, bar = BAR;

/* @buf is NULL for a VMA of the BAR itself. */
struct mapped {
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	char *addr;
};

static uint64_t bar_offset(const struct mapped *m, uint64_t at)
{
	if (!m->buf)
		return BAR_AT + at;
	return at < halves[0].length ? halves[0].offset + at
				     : halves[1].offset + at - halves[0].length;
}

static struct mapped map(struct fx *fx)
{
	struct mapped m = {.dev = fx_device(fx, fx_bdf())};

	if (*(const enum kind *)fx->variant == BAR) {
		m.addr = fx_mmap_device(fx, m.dev, BAR_AT, SIZE);
		return m;
	}
	m.buf = fx_export(fx, m.dev, halves, ARRAY_LEN(halves));
	m.addr = peerbar_mapping_addr(fx_map(fx, m.buf));
	return m;
}

static void take_away(struct mapped *m)
{
	if (m->buf)
		ok(peerbar_buffer_revoke(m->buf));
	else
		ok(peerbar_device_set_memory(m->dev, false));
}

static const uint64_t samples[] = {
	0,
	PMD - PAGE,
	PMD,
	SIZE / 2 - SAMPLE,
	SIZE / 2 + PAGE,
	SIZE / 2 + PMD,
	SIZE - SAMPLE,
};

/* Mark the samples in the BAR, by their offset in the VMA. */
static void mark(struct mapped *m)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(samples); i++)
		fx_bar_fill(m->dev, SEED, bar_offset(m, samples[i]), SAMPLE);
}

/* What was mapped as bytes @from to @to is at @addr now. */
static void check(const struct mapped *m, const char *addr, uint64_t from,
		  uint64_t to)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(samples); i++)
		if (samples[i] >= from && samples[i] + SAMPLE <= to)
			fx_pattern_check(addr + samples[i] - from, SEED,
					 bar_offset(m, samples[i]), SAMPLE);
}

static void test_split(void **state)
{
	struct mapped m = map(*state);

	mark(&m);
	check(&m, m.addr, 0, SIZE);
	assert_int_equal(munmap(m.addr + PMD - 2 * PAGE, PAGE), 0);
	assert_int_equal(munmap(m.addr + SIZE / 2 + PAGE * 3, PMD / 2), 0);
	check(&m, m.addr, 0, PMD - 2 * PAGE);
	check(&m, m.addr + PMD - PAGE, PMD - PAGE, SIZE / 2 + PAGE * 3);
	check(&m, m.addr + SIZE / 2 + PMD, SIZE / 2 + PMD, SIZE);
	assert_int_equal(fx_load_signal(*state, m.addr + PMD - 2 * PAGE),
			 SIGSEGV);
}

static void test_every_piece_of_a_split_is_revoked(void **state)
{
	struct mapped m = map(*state);

	fx_touch(m.addr, SIZE);
	assert_int_equal(munmap(m.addr + PMD, PAGE), 0);
	fx_touch(m.addr, PMD);
	fx_touch(m.addr + PMD + PAGE, SIZE - PMD - PAGE);
	take_away(&m);
	assert_int_equal(fx_load_signal(*state, m.addr), SIGBUS);
	assert_int_equal(fx_load_signal(*state, m.addr + PMD + PAGE), SIGBUS);
	assert_int_equal(fx_load_signal(*state, m.addr + SIZE - 4), SIGBUS);
}

static void test_protect_a_part(void **state)
{
	struct mapped m = map(*state);

	mark(&m);
	fx_touch(m.addr, SIZE);
	assert_int_equal(mprotect(m.addr + PMD - PAGE, PAGE, PROT_READ), 0);
	check(&m, m.addr, 0, SIZE);
	assert_int_equal(fx_store_signal(*state, m.addr + PMD - PAGE), SIGSEGV);
	assert_int_equal(fx_store_signal(*state, m.addr + PMD), 0);
}

static void test_move(void **state)
{
	struct mapped m = map(*state);
	char *moved;

	mark(&m);
	check(&m, m.addr, 0, SIZE);
	/* a part, from where neither half starts, to where it is not congruent */
	moved = mremap(m.addr + PMD - PAGE, SIZE - PMD, SIZE - PMD,
		       MREMAP_MAYMOVE | MREMAP_FIXED, m.addr - MIB(64) + PAGE);
	assert_ptr_equal(moved, m.addr - MIB(64) + PAGE);
	check(&m, moved, PMD - PAGE, SIZE - PAGE);
	check(&m, m.addr, 0, PMD - PAGE);
	take_away(&m);
	assert_int_equal(fx_load_signal(*state, moved), SIGBUS);
	assert_int_equal(fx_load_signal(*state, m.addr), SIGBUS);
	munmap(moved, SIZE - PMD);
}

static void test_shrink_but_not_grow(void **state)
{
	struct mapped m = map(*state);

	mark(&m);
	assert_ptr_equal(mremap(m.addr, SIZE, PMD + SAMPLE, 0), m.addr);
	check(&m, m.addr, 0, PMD + SAMPLE);
	assert_ptr_equal(mremap(m.addr, PMD + SAMPLE, SIZE, MREMAP_MAYMOVE),
			 MAP_FAILED);
	assert_int_equal(errno, EFAULT);
	check(&m, m.addr, 0, PMD + SAMPLE);
}

/* Loads when told, until told no more. */
static int echo_loads(int sock, void *arg)
{
	const volatile uint32_t *word = arg;

	while (fx_hear(sock, 'l', CHILD_MS)) {
		(void)*word;
		if (!fx_tell(sock, 'l'))
			break;
	}
	return 0;
}

static bool child_loads(struct fx_child *child)
{
	return fx_tell(child->sock, 'l') && fx_hear(child->sock, 'l', CHILD_MS);
}

static int check_in_child(int sock, void *arg)
{
	const struct mapped *m = arg;

	return fx_pattern_good(m->addr, SEED, bar_offset(m, 0), SAMPLE) &&
			       fx_pattern_good(m->addr + SIZE - SAMPLE, SEED,
					       bar_offset(m, SIZE - SAMPLE),
					       SAMPLE)
		       ? 0
		       : 1;
}

static void test_child_sees_the_memory(void **state)
{
	struct mapped m = map(*state);

	mark(&m);
	/* one that never touched it, one whose parent did */
	assert_int_equal(
		fx_wait_child(fx_fork(*state, check_in_child, &m), CHILD_MS), 0);
	fx_touch(m.addr, SIZE);
	assert_int_equal(
		fx_wait_child(fx_fork(*state, check_in_child, &m), CHILD_MS), 0);
}

static void test_revoke_reaches_the_child(void **state)
{
	struct mapped m = map(*state);
	struct fx_child *child;

	fx_touch(m.addr, SIZE);
	child = fx_fork(*state, echo_loads, m.addr + PMD);
	assert_true(child_loads(child));
	take_away(&m);
	assert_false(child_loads(child));
	assert_int_equal(fx_wait_child(child, CHILD_MS), -SIGBUS);
}

/* The parent's copy is gone; the kernel must find the child's all the same. */
static void test_revoke_reaches_the_child_alone(void **state)
{
	struct mapped m = map(*state);
	struct fx_child *child;

	fx_touch(m.addr, SIZE);
	child = fx_fork(*state, echo_loads, m.addr + PMD);
	assert_true(child_loads(child));
	assert_int_equal(munmap(m.addr, SIZE), 0);
	assert_true(child_loads(child));
	take_away(&m);
	assert_false(child_loads(child));
	assert_int_equal(fx_wait_child(child, CHILD_MS), -SIGBUS);
}

static void test_child_heals_after_a_reset(void **state)
{
	struct mapped m = map(*state);
	struct fx_child *child;

	child = fx_fork(*state, echo_loads, m.addr + PMD);
	assert_true(child_loads(child));
	ok(peerbar_device_reset(m.dev));
	assert_true(child_loads(child));
	fx_kill_child(child);
}

/* @name of both kinds */
#define BOTH(name)                                          \
	FX_VARIANT(test_##name, #name ": buffer", &buffer), \
		FX_VARIANT(test_##name, #name ": BAR", &bar)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(split),
		BOTH(every_piece_of_a_split_is_revoked),
		BOTH(protect_a_part),
		BOTH(move),
		BOTH(shrink_but_not_grow),
		BOTH(child_sees_the_memory),
		BOTH(revoke_reaches_the_child),
		BOTH(revoke_reaches_the_child_alone),
		BOTH(child_heals_after_a_reset),
	};

	return FX_RUN(tests);
}
