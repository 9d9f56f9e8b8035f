// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "tally.h"

void revoke_tally_init(struct revoke_tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	pthread_mutex_init(&tally->lock, NULL);
}

void revoke_access_begin(struct revoke_access *access,
			 const struct revoke_gate *gate)
{
	access->start = bench_now();
	access->gate = atomic_load(&gate->gate);
}

static void note_duration(struct revoke_counts *c, uint64_t start, uint64_t now)
{
	if (now - start > c->longest_ns)
		c->longest_ns = now - start;
}

void revoke_access_ok(const struct revoke_access *access,
		      const struct revoke_gate *gate, struct revoke_tally *tally)
{
	uint32_t gate_now = atomic_load(&gate->gate);
	uint64_t open_since = atomic_load(&gate->open_since);
	uint64_t now = bench_now();

	pthread_mutex_lock(&tally->lock);
	tally->counts.ok++;
	if (access->gate % 2 && gate_now == access->gate)
		tally->counts.leaked++;
	note_duration(&tally->counts, access->start, now);
	tally->counts.last_ok = now;
	if (!tally->counts.resumed && open_since)
		tally->counts.resumed = now;
	pthread_mutex_unlock(&tally->lock);
}

void revoke_access_refused(const struct revoke_access *access,
			   struct revoke_tally *tally, int status)
{
	uint64_t now = bench_now();

	pthread_mutex_lock(&tally->lock);
	tally->counts.refused++;
	tally->counts.status[status % REVOKE_STATUSES]++;
	note_duration(&tally->counts, access->start, now);
	if (!tally->counts.first_refused)
		tally->counts.first_refused = now;
	tally->counts.last_refused = now;
	pthread_mutex_unlock(&tally->lock);
}

void revoke_tally_reconnect(struct revoke_tally *tally)
{
	pthread_mutex_lock(&tally->lock);
	tally->counts.reconnects++;
	pthread_mutex_unlock(&tally->lock);
}

void revoke_tally_wrong(struct revoke_tally *tally,
			const struct revoke_gate *gate, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&tally->lock);
	if (atomic_load(&gate->forgiving))
		tally->counts.lost++;
	else if (!tally->counts.wrong++ && !*tally->wrong_text)
		vsnprintf(tally->wrong_text, sizeof(tally->wrong_text), fmt, ap);
	pthread_mutex_unlock(&tally->lock);
	va_end(ap);
}

struct revoke_counts revoke_tally_look(struct revoke_tally *tally)
{
	struct revoke_counts counts;

	pthread_mutex_lock(&tally->lock);
	counts = tally->counts;
	pthread_mutex_unlock(&tally->lock);
	return counts;
}

struct revoke_counts revoke_tally_take(struct revoke_tally *tally)
{
	struct revoke_counts counts;

	pthread_mutex_lock(&tally->lock);
	counts = tally->counts;
	memset(&tally->counts, 0, sizeof(tally->counts));
	pthread_mutex_unlock(&tally->lock);
	return counts;
}
