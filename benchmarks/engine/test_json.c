// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "peer.h"

struct json_object *bench_test_to_json(const struct bench_test *test)
{
	struct json_object *obj = json_object_new_object();

	bench_put_u64(obj, "op", test->op);
	bench_put_u64(obj, "mem", test->mem);
	bench_put_u64(obj, "bidirectional", test->bidirectional);
	bench_put_u64(obj, "latency", test->latency);
	bench_put_u64(obj, "size", test->l.size);
	bench_put_u64(obj, "stride", test->l.stride);
	bench_put_u64(obj, "slots", test->l.slots);
	bench_put_u64(obj, "qps", test->l.qps);
	bench_put_u64(obj, "run", test->l.run);
	bench_put_u64(obj, "iters", test->iters);
	bench_put_u64(obj, "duration_ns", test->duration_ns);
	return obj;
}

int bench_test_from_json(struct json_object *obj, struct bench_test *test)
{
	memset(test, 0, sizeof(*test));
	if (bench_get_u64(obj, "op") >= BENCH_OPS)
		goto bad;
	test->op = (enum bench_op)bench_get_u64(obj, "op");
	test->mem = (unsigned int)bench_get_u64(obj, "mem");
	test->bidirectional = bench_get_u64(obj, "bidirectional");
	test->latency = bench_get_u64(obj, "latency");
	test->l.size = bench_get_u64(obj, "size");
	test->l.stride = bench_get_u64(obj, "stride");
	test->l.slots = (uint32_t)bench_get_u64(obj, "slots");
	test->l.qps = (uint32_t)bench_get_u64(obj, "qps");
	test->l.run = bench_get_u64(obj, "run");
	test->iters = bench_get_u64(obj, "iters");
	test->duration_ns = bench_get_u64(obj, "duration_ns");
	if (!test->l.size || test->l.size > BENCH_SIZE_MAX ||
	    test->l.stride < test->l.size || !test->l.slots || !test->l.qps ||
	    test->l.qps > BENCH_QPS_MAX)
		goto bad;
	return 0;
bad:
	return bench_fail(-EPROTO, "the near end asks for nonsense");
}
