// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdint.h>

#include <peerbar/mapping.h>

#include "method.h"

/*
 * The loop that one would write, with accesses of one width.  A function of its
 * own: within that of a guard, which calls setjmp(), its variables would not be
 * in registers.
 */
#define PLAIN_LOOP(bits)                                                      \
	__attribute__((noinline)) static void loop_from##bits(                \
		uint##bits##_t *to, const volatile uint##bits##_t *from,      \
		size_t n)                                                     \
	{                                                                     \
		size_t i;                                                     \
                                                                              \
		for (i = 0; i < n; i++)                                       \
			to[i] = from[i];                                      \
	}                                                                     \
                                                                              \
	__attribute__((noinline)) static void loop_to##bits(                  \
		volatile uint##bits##_t *to, const uint##bits##_t *from,      \
		size_t n)                                                     \
	{                                                                     \
		size_t i;                                                     \
                                                                              \
		for (i = 0; i < n; i++)                                       \
			to[i] = from[i];                                      \
	}                                                                     \
                                                                              \
	static void read##bits(void *arg)                                     \
	{                                                                     \
		const struct copy_job *job = arg;                             \
                                                                              \
		loop_from##bits(job->memory, job->io, job->len / (bits / 8)); \
	}                                                                     \
                                                                              \
	static void write##bits(void *arg)                                    \
	{                                                                     \
		const struct copy_job *job = arg;                             \
                                                                              \
		loop_to##bits(job->io, job->memory, job->len / (bits / 8));   \
	}

PLAIN_LOOP(8)
PLAIN_LOOP(16)
PLAIN_LOOP(32)
PLAIN_LOOP(64)

static void read64_guarded(void *arg)
{
	const struct copy_job *job = arg;

	PEERBAR_GUARD(guard);

	if (peerbar_guard_begin(&guard, job->map))
		return;
	read64(arg);
	peerbar_guard_end(&guard);
}

static void write64_guarded(void *arg)
{
	const struct copy_job *job = arg;

	PEERBAR_GUARD(guard);

	if (peerbar_guard_begin(&guard, job->map))
		return;
	write64(arg);
	peerbar_guard_end(&guard);
}

static void read_library(void *arg)
{
	const struct copy_job *job = arg;

	peerbar_read(job->map, 0, job->memory, job->len);
}

static void write_library(void *arg)
{
	const struct copy_job *job = arg;

	peerbar_write(job->map, 0, job->memory, job->len);
}

const struct copy_method copy_methods[COPY_METHODS] = {
	[COPY_8] = {"8-bit", false, read8, write8},
	[COPY_16] = {"16-bit", false, read16, write16},
	[COPY_32] = {"32-bit", false, read32, write32},
	[COPY_64] = {"64-bit", false, read64, write64},
	[COPY_64_GUARDED] = {"64-bit-guard", true, read64_guarded,
			     write64_guarded},
	[COPY_LIBRARY] = {"library", true, read_library, write_library},
};
