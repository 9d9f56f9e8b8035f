// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <json-c/json.h>

#include <infiniband/verbs.h>

#include "clock.h"
#include "describe.h"
#include "print.h"

static double ms(uint64_t ns)
{
	return (double)ns / BENCH_NSEC_PER_MSEC;
}

void revoke_print_stage(FILE *to, struct revoke_stage *stage)
{
	struct json_object *mem;
	const struct revoke_flow *flow;
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		mem = bench_mem_describe(&stage->buffer[i].mem);
		bench_describe_print(to, stage->buffer[i].name, mem);
		bench_describe_counts(to, stage->buffer[i].name, mem);
		json_object_put(mem);
	}
	for (i = 0; i < REVOKE_FLOWS; i++) {
		flow = &stage->flow[i];
		fprintf(to, "  %s: %u messages of %u bytes in flight at offset 0x%llx, key 0x%08x\n",
			flow->name, flow->depth, flow->size,
			(unsigned long long)flow->base,
			flow->local ? flow->buffer_mr.lkey
				    : flow->buffer_mr.rkey);
	}
}

static const char *state_name(enum peerbar_state state)
{
	static const char *const name[] = {
		[PEERBAR_LIVE] = "live",
		[PEERBAR_SUSPENDED] = "suspended",
		[PEERBAR_REVOKED] = "revoked",
	};

	return name[state];
}

static void print_call(FILE *to, enum revoke_phase_id id,
		       const struct revoke_phase *p)
{
	fprintf(to, "  call         %.2f ms (revoking A took the kernel %.2f ms)",
		ms(p->call_ns), ms(p->during[REVOKE_A].revoke_ns));
	if (p->restore_ns)
		fprintf(to, ", held %.0f ms, enabling %.2f ms", ms(p->hold_ns),
			ms(p->restore_ns));
	else if (id == REVOKE_PERMANENT)
		fprintf(to, ", watched for %.0f ms", ms(p->hold_ns));
	fputc('\n', to);
}

static void print_buffer(FILE *to, struct revoke_stage *stage,
			 enum revoke_phase_id id, const struct revoke_phase *p,
			 int i)
{
	const struct peerbar_buffer_info *was = &p->before[i];
	const struct peerbar_buffer_info *mid = &p->during[i];
	const struct peerbar_buffer_info *is = &p->after[i];

	fprintf(to, "  buffer %s     %s", stage->buffer[i].name,
		state_name(was->state));
	if (id == REVOKE_DISABLE)
		fprintf(to, " > %s", state_name(mid->state));
	fprintf(to, " > %s; importers %u", state_name(is->state), was->importers);
	if (id == REVOKE_DISABLE)
		fprintf(to, " > %u", mid->importers);
	fprintf(to, " > %u; faults 4k/2M/1G +%llu/+%llu/+%llu, refused +%llu\n",
		is->importers,
		(unsigned long long)(is->faults_4k - was->faults_4k),
		(unsigned long long)(is->faults_2m - was->faults_2m),
		(unsigned long long)(is->faults_1g - was->faults_1g),
		(unsigned long long)(is->faults_refused - was->faults_refused));
}

static void print_outcome(FILE *to, const char *name, const char *what,
			  const struct revoke_phase *p,
			  const struct revoke_counts *c)
{
	fprintf(to, "  %s: %llu %s", name, (unsigned long long)c->ok, what);
	if (c->refused)
		fprintf(to, ", %llu refused", (unsigned long long)c->refused);
	if (c->first_refused > p->returned)
		fprintf(to, " (the first %.2f ms after the call)",
			ms(c->first_refused - p->returned));
	if (c->resumed)
		fprintf(to, ", %s %.2f ms after %s",
			c->refused ? "works again" : "goes on",
			ms(c->resumed - p->restored),
			p->restore_ns ? "enabling" : "the call");
	fprintf(to, ", longest wait %.1f ms", ms(c->longest_ns));
	if (c->leaked)
		fprintf(to, ", %llu WENT THROUGH", (unsigned long long)c->leaked);
	if (c->lost)
		fprintf(to, ", content lost in the reset %llu times",
			(unsigned long long)c->lost);
	fprintf(to, ", %llu wrong\n", (unsigned long long)c->wrong);
}

static void print_statuses(FILE *to, const struct revoke_counts *c)
{
	int i, n = 0;

	for (i = 1; i < REVOKE_STATUSES; i++)
		if (c->status[i])
			fprintf(to, "%s%llu x %s", n++ ? ", " : "      ",
				(unsigned long long)c->status[i],
				ibv_wc_status_str((enum ibv_wc_status)i));
	if (n)
		fprintf(to, "; connected anew %llu times\n",
			(unsigned long long)c->reconnects);
}

static void print_bytes(FILE *to, const struct revoke_phase *p)
{
	fprintf(to, "  A's ranges   %llu bytes changed after the call (read through the device fd)\n",
		(unsigned long long)p->bytes_changed);
}

static void print_verdict(FILE *to, struct revoke_stage *stage,
			  const struct revoke_verdict *v)
{
	unsigned int i;

	fprintf(to, "  verdict      %u of %u expectations hold\n",
		v->n - v->violated, v->n);
	for (i = 0; i < v->n; i++)
		if (!v->check[i].held)
			fprintf(to, "    VIOLATED   %s\n", v->check[i].text);
	for (i = 0; i < REVOKE_BUFFERS; i++)
		if (*stage->touch[i].tally.wrong_text)
			fprintf(to, "    %s\n", stage->touch[i].tally.wrong_text);
	for (i = 0; i < REVOKE_FLOWS; i++)
		if (*stage->flow[i].tally.wrong_text)
			fprintf(to, "    %s\n", stage->flow[i].tally.wrong_text);
}

void revoke_print_phase(FILE *to, struct revoke_stage *stage,
			enum revoke_phase_id id, const struct revoke_phase *p,
			const struct revoke_verdict *v)
{
	int i;

	fprintf(to, "\n%s\n", p->name);
	if (p->skipped) {
		fprintf(to, "  skipped: %s\n", p->skipped);
		return;
	}
	print_call(to, id, p);
	for (i = 0; i < REVOKE_BUFFERS; i++)
		print_buffer(to, stage, id, p, i);
	for (i = 0; i < REVOKE_BUFFERS; i++)
		print_outcome(to, stage->touch[i].name, "accesses", p,
			      &p->touch[i]);
	for (i = 0; i < REVOKE_FLOWS; i++) {
		print_outcome(to, stage->flow[i].name, "messages", p,
			      &p->flow[i]);
		print_statuses(to, &p->flow[i]);
	}
	if (id == REVOKE_PERMANENT)
		print_bytes(to, p);
	print_verdict(to, stage, v);
	fflush(to);
}
