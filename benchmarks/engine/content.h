/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Content of the memories, before and after a run
 *
 * All by CPU access through the memory's back end, and never while the clock
 * runs.  @base is where in the memory the run's span begins.
 */
#ifndef BENCH_CONTENT_H
#define BENCH_CONTENT_H

#include "layout.h"
#include "memory.h"

/** bench_content_fill - make the source: every slot its own pattern */
int bench_content_fill(struct bench_mem *mem, uint64_t base,
		       const struct bench_layout *l);

/** bench_content_poison - make the destination: nothing that passes for data */
int bench_content_poison(struct bench_mem *mem, uint64_t base,
			 const struct bench_layout *l);

/**
 * bench_content_verify - compare every byte of the destination
 * @iterations: how many each QP did
 *
 * Return: 0; -EILSEQ with bench_error() naming the first wrong byte; -errno of
 * the memory.
 */
int bench_content_verify(struct bench_mem *mem, uint64_t base,
			 const struct bench_layout *l,
			 const uint64_t *iterations);

/**
 * bench_content_verify_slots - likewise, slot by slot
 * @arrived: for each slot of each QP the iteration that came last, plus 1
 */
int bench_content_verify_slots(struct bench_mem *mem, uint64_t base,
			       const struct bench_layout *l,
			       const uint64_t *arrived);

/** bench_content_seed - pattern of the message that a slot is the source of */
uint64_t bench_content_seed(const struct bench_layout *l, uint32_t qp,
			    uint32_t slot);

#endif /* BENCH_CONTENT_H */
