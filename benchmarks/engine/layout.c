// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "layout.h"

/* a cache line, so that neighbours of small messages do not share one */
#define SLOT_ALIGN 64
/* what a run touches; filling and checking it costs CPU time off the clock */
#define SPAN_MAX (2ull << 20)
/* with one slot the content could not tell iterations apart */
#define SLOTS_MIN 2u

static uint64_t stride_of(uint64_t size)
{
	return (size + SLOT_ALIGN - 1) / SLOT_ALIGN * SLOT_ALIGN;
}

static uint32_t slots_of(uint64_t size, uint32_t qps, uint32_t depth,
			 uint64_t room)
{
	uint64_t lap = stride_of(size) * qps;
	uint64_t fit = room / lap;
	uint64_t slots = SPAN_MAX / lap;

	if (slots > depth)
		slots = depth;
	if (slots < SLOTS_MIN)
		slots = SLOTS_MIN;
	return (uint32_t)(slots < fit ? slots : fit);
}

int bench_layout_init(struct bench_layout *l, uint64_t size, uint32_t qps,
		      uint32_t depth, uint64_t room)
{
	uint32_t slots = slots_of(size, qps, depth, room);

	if (!slots)
		return -ENOSPC;
	memset(l, 0, sizeof(*l));
	l->size = size;
	l->stride = stride_of(size);
	l->slots = slots;
	l->qps = qps;
	return 0;
}

uint64_t bench_layout_room(uint64_t size, uint32_t qps, uint32_t depth)
{
	return stride_of(size) * qps * slots_of(size, qps, depth, UINT64_MAX);
}

bool bench_layout_last(const struct bench_layout *l, uint64_t iterations,
		       uint32_t to, uint64_t *last)
{
	if (iterations <= to)
		return false;
	*last = iterations - 1 - (iterations - 1 - to) % l->slots;
	return true;
}
