// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <infiniband/verbs.h>

#include "describe.h"
#include "json.h"
#include "print.h"
#include "table.h"

struct json_object *revoke_json_stage(struct revoke_stage *stage)
{
	struct json_object *doc = bench_doc_new("peerbar-revoke", REVOKE_SCHEMA,
						stage->opts->nic.device);
	struct json_object *buffers = json_object_new_object();
	int i;

	for (i = 0; i < REVOKE_BUFFERS; i++)
		json_object_object_add(buffers, stage->buffer[i].name,
				       bench_mem_describe(&stage->buffer[i].mem));
	json_object_object_add(doc, "buffers", buffers);
	json_object_object_add(doc, "phases", json_object_new_array());
	return doc;
}

static struct json_object *statuses(const struct revoke_counts *c)
{
	struct json_object *obj = json_object_new_object();
	int i;

	for (i = 1; i < REVOKE_STATUSES; i++)
		if (c->status[i])
			bench_put_u64(obj,
				      ibv_wc_status_str((enum ibv_wc_status)i),
				      c->status[i]);
	return obj;
}

static struct json_object *worker(const char *name, const struct revoke_phase *p,
				  const struct revoke_counts *c)
{
	struct json_object *obj = json_object_new_object();

	bench_put_text(obj, "name", name);
	bench_put_u64(obj, "ok", c->ok);
	bench_put_u64(obj, "refused", c->refused);
	bench_put_u64(obj, "went_through", c->leaked);
	bench_put_u64(obj, "wrong", c->wrong);
	bench_put_u64(obj, "lost_in_reset", c->lost);
	bench_put_u64(obj, "reconnects", c->reconnects);
	bench_put_u64(obj, "longest_wait_ns", c->longest_ns);
	json_object_object_add(obj, "statuses", statuses(c));
	json_object_object_add(
		obj, "resumed_after_ns",
		c->resumed ? json_object_new_uint64(c->resumed - p->restored)
			   : NULL);
	return obj;
}

static struct json_object *info(const struct peerbar_buffer_info *i)
{
	struct json_object *obj = json_object_new_object();

	bench_put_u64(obj, "state", i->state);
	bench_put_u64(obj, "importers", i->importers);
	bench_put_u64(obj, "faults_4k", i->faults_4k);
	bench_put_u64(obj, "faults_2m", i->faults_2m);
	bench_put_u64(obj, "faults_1g", i->faults_1g);
	bench_put_u64(obj, "faults_refused", i->faults_refused);
	bench_put_u64(obj, "revokes", i->revokes);
	bench_put_u64(obj, "revoke_ns", i->revoke_ns);
	return obj;
}

static struct json_object *buffer(const struct revoke_phase *p, int i)
{
	struct json_object *obj = json_object_new_object();

	json_object_object_add(obj, "before", info(&p->before[i]));
	json_object_object_add(obj, "during", info(&p->during[i]));
	json_object_object_add(obj, "after", info(&p->after[i]));
	return obj;
}

static struct json_object *checks(const struct revoke_verdict *v)
{
	struct json_object *list = json_object_new_array(), *one;
	unsigned int i;

	for (i = 0; i < v->n; i++) {
		one = json_object_new_object();
		bench_put_text(one, "expectation", v->check[i].text);
		json_object_object_add(
			one, "holds", json_object_new_boolean(v->check[i].held));
		json_object_array_add(list, one);
	}
	return list;
}

void revoke_json_phase(struct json_object *doc, struct revoke_stage *stage,
		       const struct revoke_phase *p,
		       const struct revoke_verdict *v)
{
	struct json_object *obj = json_object_new_object();
	struct json_object *buffers = json_object_new_object();
	struct json_object *workers = json_object_new_array();
	int i;

	bench_put_text(obj, "phase", p->key);
	if (p->skipped)
		bench_put_text(obj, "skipped", p->skipped);
	bench_put_u64(obj, "call_ns", p->call_ns);
	bench_put_u64(obj, "hold_ns", p->hold_ns);
	bench_put_u64(obj, "restore_ns", p->restore_ns);
	bench_put_u64(obj, "bytes_changed", p->bytes_changed);
	for (i = 0; i < REVOKE_BUFFERS; i++) {
		json_object_object_add(buffers, stage->buffer[i].name,
				       buffer(p, i));
		json_object_array_add(
			workers, worker(stage->touch[i].name, p, &p->touch[i]));
	}
	for (i = 0; i < REVOKE_FLOWS; i++)
		json_object_array_add(
			workers, worker(stage->flow[i].name, p, &p->flow[i]));
	json_object_object_add(obj, "buffers", buffers);
	json_object_object_add(obj, "workers", workers);
	json_object_object_add(obj, "expectations", checks(v));
	json_object_array_add(json_object_object_get(doc, "phases"), obj);
}
