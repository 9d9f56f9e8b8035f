// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cpu.h"

static uint64_t read_idle_ticks(void)
{
	unsigned long long idle = 0, waiting = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f)
		return 0;
	if (fscanf(f, "cpu %*u %*u %*u %llu %llu", &idle, &waiting) != 2)
		idle = waiting = 0;
	fclose(f);
	return idle + waiting;
}

/* "idle" is measured, "busy" only sampled by the tick: take all the rest */
static uint64_t busy_now(void)
{
	uint64_t all = bench_now() * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t tick = BENCH_NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);

	return all - read_idle_ticks() * tick;
}

void bench_cpu_now(struct bench_cpu *out)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	out->thread =
		(uint64_t)ts.tv_sec * BENCH_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	out->busy = busy_now();
}

void bench_cpu_since(const struct bench_cpu *start, struct bench_cpu *out)
{
	struct bench_cpu now;

	bench_cpu_now(&now);
	out->thread = now.thread - start->thread;
	out->busy = now.busy > start->busy ? now.busy - start->busy : 0;
}
