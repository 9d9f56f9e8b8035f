// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <infiniband/verbs.h>

#include "expect.h"

static void expect(struct revoke_verdict *v, bool held, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void expect(struct revoke_verdict *v, bool held, const char *fmt, ...)
{
	struct revoke_check *check = &v->check[v->n];
	va_list ap;

	if (v->n == REVOKE_CHECKS_MAX) {
		v->violated++;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(check->text, sizeof(check->text), fmt, ap);
	va_end(ap);
	check->held = held;
	v->n++;
	if (!held)
		v->violated++;
}

static void expect_sound(struct revoke_verdict *v, const char *name,
			 const struct revoke_counts *c)
{
	expect(v, !c->leaked, "%s: nothing gets through while taken back", name);
	expect(v, !c->wrong, "%s: content is right", name);
}

static void expect_all_sound(struct revoke_stage *stage,
			     const struct revoke_phase *p,
			     struct revoke_verdict *v)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		expect_sound(v, stage->touch[i].name, &p->touch[i]);
	for (i = 0; i < REVOKE_FLOWS; i++) {
		expect_sound(v, stage->flow[i].name, &p->flow[i]);
		expect(v, !*stage->flow[i].trouble, "%s: keeps going (%s)",
		       stage->flow[i].name,
		       *stage->flow[i].trouble ? stage->flow[i].trouble
					       : "it does");
	}
}

static void expect_resumed(struct revoke_verdict *v, const char *name,
			   const struct revoke_counts *c)
{
	expect(v, c->resumed, "%s: works again, with the same keys", name);
}

static void expect_all_resumed(struct revoke_stage *stage,
			       const struct revoke_phase *p,
			       struct revoke_verdict *v)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		expect_resumed(v, stage->touch[i].name, &p->touch[i]);
	for (i = 0; i < REVOKE_FLOWS; i++)
		expect_resumed(v, stage->flow[i].name, &p->flow[i]);
	for (i = 0; i < REVOKE_BUFFERS; i++)
		expect(v,
		       p->after[i].state == PEERBAR_LIVE &&
			       p->after[i].importers == p->before[i].importers,
		       "buffer %s: live again, importers as before",
		       stage->buffer[i].name);
	expect(v, !p->flow[REVOKE_A_PATIENT].refused, "%s: no error completion",
	       stage->flow[REVOKE_A_PATIENT].name);
	expect(v, !p->flow[REVOKE_B_PATIENT].refused, "%s: no error completion",
	       stage->flow[REVOKE_B_PATIENT].name);
}

static void expect_disable(struct revoke_stage *stage,
			   const struct revoke_phase *p, struct revoke_verdict *v)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		expect(v,
		       p->during[i].state == PEERBAR_SUSPENDED &&
			       !p->during[i].importers,
		       "buffer %s: suspended meanwhile, no importer left",
		       stage->buffer[i].name);
		expect(v, p->touch[i].refused, "%s: refused meanwhile",
		       stage->touch[i].name);
	}
	expect(v, p->flow[REVOKE_A_HASTY].status[IBV_WC_RNR_RETRY_EXC_ERR],
	       "%s: gives up with an RNR error",
	       stage->flow[REVOKE_A_HASTY].name);
	expect(v, p->flow[REVOKE_A_LOCAL].refused,
	       "%s: error completions meanwhile",
	       stage->flow[REVOKE_A_LOCAL].name);
	expect_all_resumed(stage, p, v);
}

static void expect_reset(struct revoke_stage *stage,
			 const struct revoke_phase *p, struct revoke_verdict *v)
{
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++) {
		expect(v, !p->touch[i].refused,
		       "%s: waits for the reset, no SIGBUS",
		       stage->touch[i].name);
		expect(v, p->after[i].revokes > p->before[i].revokes,
		       "buffer %s: was revoked for the reset",
		       stage->buffer[i].name);
	}
	expect_all_resumed(stage, p, v);
}

static uint64_t faults(const struct peerbar_buffer_info *info)
{
	return info->faults_4k + info->faults_2m + info->faults_1g;
}

static void expect_a_gone(struct revoke_stage *stage,
			  const struct revoke_phase *p, struct revoke_verdict *v)
{
	const struct revoke_counts *c;
	int i;

	expect(v,
	       p->after[REVOKE_A].state == PEERBAR_REVOKED &&
		       !p->after[REVOKE_A].importers,
	       "buffer A: revoked, no importer left");
	expect(v, p->touch[REVOKE_A].refused, "%s: refused",
	       stage->touch[REVOKE_A].name);
	for (i = 0; i < REVOKE_FLOWS; i++) {
		c = &p->flow[i];
		if (revoke_flow_buffer(i) != REVOKE_A)
			continue;
		expect(v,
		       i == REVOKE_A_LOCAL ? c->refused
					   : c->status[IBV_WC_REM_ACCESS_ERR],
		       "%s: %s", stage->flow[i].name,
		       i == REVOKE_A_LOCAL ? "error completions"
					   : "remote access errors");
	}
	expect(v, !p->bytes_changed, "no byte of A's ranges changes any more");
	expect(v, p->again_rc == -EBADFD, "a second revoke says EBADFD");
	expect(v, p->map_rc == -ENODEV, "mapping A says ENODEV");
	expect(v, p->reg_rc == -ENODEV, "registering A says ENODEV");
}

static void expect_permanent(struct revoke_stage *stage,
			     const struct revoke_phase *p,
			     struct revoke_verdict *v)
{
	const struct peerbar_buffer_info *was = &p->before[REVOKE_B];
	const struct peerbar_buffer_info *is = &p->after[REVOKE_B];

	expect_a_gone(stage, p, v);
	expect(v,
	       is->state == PEERBAR_LIVE && is->revokes == was->revokes &&
		       is->importers == was->importers,
	       "buffer B: live all the time, importers untouched");
	expect(v, faults(is) == faults(was), "CPU on B: 0 refaults");
	expect(v, p->touch[REVOKE_B].resumed && !p->touch[REVOKE_B].refused,
	       "CPU on B: goes on, nothing refused");
	expect(v,
	       p->flow[REVOKE_B_PATIENT].resumed &&
		       !p->flow[REVOKE_B_PATIENT].refused,
	       "%s: goes on, no error completion",
	       stage->flow[REVOKE_B_PATIENT].name);
}

void revoke_expect(struct revoke_stage *stage, enum revoke_phase_id id,
		   const struct revoke_phase *p, struct revoke_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	if (p->skipped)
		return;
	expect_all_sound(stage, p, verdict);
	switch (id) {
	case REVOKE_DISABLE:
		expect_disable(stage, p, verdict);
		break;
	case REVOKE_RESET:
		expect_reset(stage, p, verdict);
		break;
	case REVOKE_PERMANENT:
		expect_permanent(stage, p, verdict);
		break;
	case REVOKE_PHASES:
		break;
	}
}
