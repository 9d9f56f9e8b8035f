// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a look-up costs and what making the index costs, in instructions.
 *
 * They are counted, by stepping through a child, so that the result does not
 * depend on how busy the machine is.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/mm.h>
#include "vfio_pci_dmabuf_ranges.h"

#define RANGES	4096
#define SAMPLES 97

/* what PEERBAR_VFIO_DMA_BUF_RANGES_MAX ranges may cost, in look-ups of one */
#define MOST_TIMES_ONE 3

static struct phys_vec vec[RANGES];
static u64 start[RANGES + 1];
static struct vfio_pci_dma_buf_ranges ranges = {.vec = vec, .start = start};

/* how long the pieces are; no two of them are neighbours */
enum shape { EQUAL, GROWING, RANDOM, SHAPES };

static size_t piece_pages(enum shape shape, unsigned int i)
{
	switch (shape) {
	case EQUAL:
		return 1;
	case GROWING:
		return i < 64 ? 1 : i;
	default:
		return 1 + (i * 2654435761u >> 20) % 512;
	}
}

static void lay_out(enum shape shape, unsigned int nr)
{
	phys_addr_t at = 1ull << 40;
	unsigned int i;

	ranges.nr = nr;
	for (i = 0; i < nr; i++) {
		vec[i].paddr = at;
		vec[i].len = piece_pages(shape, i) * PAGE_SIZE;
		at += vec[i].len + PAGE_SIZE;
	}
}

struct job {
	bool init;
	u64 pgoff;
};

static void run(const struct job *job)
{
	unsigned long pfn;

	if (job->init)
		vfio_pci_dma_buf_ranges_init(&ranges);
	else
		vfio_pci_dma_buf_ranges_find_pfn(&ranges, job->pgoff, 0, &pfn);
}

#ifdef __x86_64__
#define MARK() __asm__ volatile("int3" ::: "memory")

static void child(const struct job *job)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	MARK();
	run(job);
	MARK();
	_exit(0);
}

static bool at_mark(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		return true;
	return (ptrace(PTRACE_PEEKTEXT, pid, regs.rip, NULL) & 0xff) == 0xcc;
}

/* Instructions between the marks; 0 when nobody lets us look. */
static unsigned long count(const struct job *job)
{
	unsigned long n = 0;
	pid_t pid = fork();
	int status;

	if (!pid)
		child(job);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 0;
	for (n = 0; !at_mark(pid); n++)
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return 0;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return n;
}
#else
static unsigned long count(const struct job *job)
{
	return 0;
}
#endif

/* The dearest of many look-ups, from the first page to the last. */
static unsigned long dearest(enum shape shape, unsigned int nr)
{
	struct job job = {.init = false};
	unsigned long most = 0, n;
	u64 pages, i;

	lay_out(shape, nr);
	assert_int_equal(vfio_pci_dma_buf_ranges_init(&ranges), 0);
	pages = start[nr] / PAGE_SIZE;
	for (i = 0; i <= SAMPLES; i++) {
		job.pgoff = (pages - 1) * i / SAMPLES;
		n = count(&job);
		assert_int_not_equal(n, 0);
		if (n > most)
			most = n;
	}
	return most;
}

static void look_up(void **state)
{
	static const char *const names[] = {"equal", "growing", "random"};
	unsigned long one = dearest(EQUAL, 1), many;
	int shape;

	for (shape = 0; shape < SHAPES; shape++) {
		many = dearest(shape, RANGES);
		print_message("one range %lu, %u %s ones %lu: %.2f times\n", one,
			      RANGES, names[shape], many,
			      (double)many / (double)one);
		assert_true(many <= MOST_TIMES_ONE * one);
	}
}

static unsigned long cost_of_init(enum shape shape, unsigned int nr)
{
	struct job job = {.init = true};

	lay_out(shape, nr);
	return count(&job);
}

/* Four times the ranges, four times the work. */
static void creation_is_linear(void **state)
{
	unsigned long some = cost_of_init(RANDOM, RANGES / 4);
	unsigned long all = cost_of_init(RANDOM, RANGES);

	print_message("index of %u ranges %lu, of %u %lu\n", RANGES / 4, some,
		      RANGES, all);
	assert_int_not_equal(some, 0);
	assert_true(all <= 4 * some + some / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(look_up),
		cmocka_unit_test(creation_is_linear),
	};
	const struct job job = {.init = false};

	lay_out(EQUAL, 1);
	vfio_pci_dma_buf_ranges_init(&ranges);
	if (!count(&job)) {
		printf("cannot count instructions: it takes x86-64 and ptrace()\n");
		return 4;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
