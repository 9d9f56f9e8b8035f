// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "error.h"
#include "peer.h"

static void put(struct json_object *obj, const char *key, uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static uint64_t get(struct json_object *obj, const char *key)
{
	return json_object_get_uint64(json_object_object_get(obj, key));
}

struct json_object *bench_test_to_json(const struct bench_test *test)
{
	struct json_object *obj = json_object_new_object();

	put(obj, "op", test->op);
	put(obj, "mem", test->mem);
	put(obj, "bidirectional", test->bidirectional);
	put(obj, "size", test->l.size);
	put(obj, "stride", test->l.stride);
	put(obj, "slots", test->l.slots);
	put(obj, "qps", test->l.qps);
	put(obj, "run", test->l.run);
	put(obj, "iters", test->iters);
	put(obj, "duration_ns", test->duration_ns);
	return obj;
}

int bench_test_from_json(struct json_object *obj, struct bench_test *test)
{
	memset(test, 0, sizeof(*test));
	if (get(obj, "op") >= BENCH_OPS)
		goto bad;
	test->op = (enum bench_op)get(obj, "op");
	test->mem = (unsigned int)get(obj, "mem");
	test->bidirectional = get(obj, "bidirectional");
	test->l.size = get(obj, "size");
	test->l.stride = get(obj, "stride");
	test->l.slots = (uint32_t)get(obj, "slots");
	test->l.qps = (uint32_t)get(obj, "qps");
	test->l.run = get(obj, "run");
	test->iters = get(obj, "iters");
	test->duration_ns = get(obj, "duration_ns");
	if (!test->l.size || test->l.size > BENCH_SIZE_MAX ||
	    test->l.stride < test->l.size || !test->l.slots || !test->l.qps ||
	    test->l.qps > BENCH_QPS_MAX)
		goto bad;
	return 0;
bad:
	return bench_fail(-EPROTO, "the near end asks for nonsense");
}
