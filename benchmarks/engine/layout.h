/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Where a message lies, and what it says
 *
 * Each QP has @slots slots on either side.  Iteration i goes to slot i mod
 * @slots of the destination and takes its bytes from a source slot that moves
 * on by one with every lap, so that the content of a destination slot tells
 * which iteration wrote it last, without refilling anything while the clock
 * runs.
 */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct bench_layout - one run's view of a memory
 * @size: bytes of a message
 * @stride: bytes from slot to slot
 * @slots: slots for each QP
 * @qps: QPs
 * @run: makes the pattern of this run differ from the one before
 */
struct bench_layout {
	uint64_t size;
	uint64_t stride;
	uint32_t slots;
	uint32_t qps;
	uint64_t run;
};

/**
 * bench_layout_init - spread messages of @size over at most @room bytes
 * @depth: WRs in flight for each QP: more slots than that are of no use
 *
 * Return: 0, -ENOSPC when not even one slot for each QP fits.
 */
int bench_layout_init(struct bench_layout *l, uint64_t size, uint32_t qps,
		      uint32_t depth, uint64_t room);

/** bench_layout_room - bytes that a run with messages of @size would like */
uint64_t bench_layout_room(uint64_t size, uint32_t qps, uint32_t depth);

/** bench_layout_span - bytes that the run uses */
static inline uint64_t bench_layout_span(const struct bench_layout *l)
{
	return l->stride * l->slots * l->qps;
}

static inline uint64_t bench_layout_offset(const struct bench_layout *l,
					   uint32_t qp, uint32_t slot)
{
	return l->stride * ((uint64_t)qp * l->slots + slot);
}

/** bench_layout_to - destination slot of an iteration */
static inline uint32_t bench_layout_to(const struct bench_layout *l,
				       uint64_t iteration)
{
	return (uint32_t)(iteration % l->slots);
}

/** bench_layout_from - source slot of an iteration */
static inline uint32_t bench_layout_from(const struct bench_layout *l,
					 uint64_t iteration)
{
	return (uint32_t)((iteration % l->slots + iteration / l->slots) %
			  l->slots);
}

/**
 * bench_layout_last - the last of @iterations that wrote to slot @to
 *
 * Return: false when none did.
 */
bool bench_layout_last(const struct bench_layout *l, uint64_t iterations,
		       uint32_t to, uint64_t *last);

#endif /* BENCH_LAYOUT_H */
