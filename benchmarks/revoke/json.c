// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <json-c/json.h>

#include <infiniband/verbs.h>

#include "describe.h"
#include "environment.h"
#include "print.h"

static void add(struct json_object *obj, const char *key, uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *obj, const char *key, const char *value)
{
	json_object_object_add(obj, key, json_object_new_string(value));
}

struct json_object *revoke_json_stage(struct revoke_stage *stage)
{
	struct json_object *doc = json_object_new_object();
	struct json_object *buffers = json_object_new_object();
	int i;

	add_text(doc, "schema", "peerbar-revoke");
	add(doc, "version", REVOKE_SCHEMA);
	json_object_object_add(doc, "environment",
			       bench_environment(stage->opts->nic.device));
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
			add(obj, ibv_wc_status_str((enum ibv_wc_status)i),
			    c->status[i]);
	return obj;
}

static struct json_object *worker(const char *name, const struct revoke_phase *p,
				  const struct revoke_counts *c)
{
	struct json_object *obj = json_object_new_object();

	add_text(obj, "name", name);
	add(obj, "ok", c->ok);
	add(obj, "refused", c->refused);
	add(obj, "went_through", c->leaked);
	add(obj, "wrong", c->wrong);
	add(obj, "lost_in_reset", c->lost);
	add(obj, "reconnects", c->reconnects);
	add(obj, "longest_wait_ns", c->longest_ns);
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

	add(obj, "state", i->state);
	add(obj, "importers", i->importers);
	add(obj, "faults_4k", i->faults_4k);
	add(obj, "faults_2m", i->faults_2m);
	add(obj, "faults_1g", i->faults_1g);
	add(obj, "faults_refused", i->faults_refused);
	add(obj, "revokes", i->revokes);
	add(obj, "revoke_ns", i->revoke_ns);
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
		add_text(one, "expectation", v->check[i].text);
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

	add_text(obj, "phase", p->key);
	if (p->skipped)
		add_text(obj, "skipped", p->skipped);
	add(obj, "call_ns", p->call_ns);
	add(obj, "hold_ns", p->hold_ns);
	add(obj, "restore_ns", p->restore_ns);
	add(obj, "bytes_changed", p->bytes_changed);
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
