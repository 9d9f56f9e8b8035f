// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <raw.h>

#include "conform.h"

static const struct conform_case *const all_cases[] = {
	conform_register,
	conform_transfer,
	conform_revoke,
	conform_close,
};

/* struct variant - what fx->variant of a test points to */
struct variant {
	const struct prov_ops *ops;
	const struct conform_case *what;
};

static void drop_prov(void *obj)
{
	struct prov *prov = obj;

	prov->ops->close(prov);
}

static void drop_region(void *obj)
{
	struct prov_region *region = obj;

	region->prov->ops->dereg(region);
}

static void run_case(void **state)
{
	struct fx *fx = *state;
	const struct variant *variant = fx->variant;
	struct conform c = {.fx = fx};

	c.dev = fx_device(fx, fx_bdf());
	c.prov = variant->ops->open(fx);
	fx_keep(fx, c.prov, drop_prov);
	variant->what->run(&c);
}

static const char *excluded(const struct prov_ops *ops,
			    const struct conform_case *what)
{
	const struct prov_exclusion *ex = ops->excluded;

	if ((ops->traits & what->needs) != what->needs)
		return "the provider has not what it is about";
	for (; ex && ex->title; ex++)
		if (!strcmp(ex->title, what->title))
			return ex->why;
	return NULL;
}

static unsigned int nr_cases(void)
{
	const struct conform_case *what;
	unsigned int n = 0, i;

	for (i = 0; i < ARRAY_LEN(all_cases); i++)
		for (what = all_cases[i]; what->title; what++)
			n++;
	return n;
}

/* An exclusion of what does not exist is a mistake. */
static void check_exclusions(const struct prov_ops *ops)
{
	const struct prov_exclusion *ex = ops->excluded;
	const struct conform_case *what;
	bool found;
	unsigned int i;

	for (; ex && ex->title; ex++) {
		found = false;
		for (i = 0; i < ARRAY_LEN(all_cases); i++)
			for (what = all_cases[i]; what->title; what++)
				found |= !strcmp(what->title, ex->title);
		if (found)
			continue;
		fprintf(stderr, "%s: no case \"%s\"\n", ops->name, ex->title);
		exit(1);
	}
}

static bool add_test(struct CMUnitTest *test, const struct prov_ops *ops,
		     const struct conform_case *what)
{
	const char *why = excluded(ops, what);
	struct variant *variant;
	char *title;

	if (why) {
		printf("# %s: without \"%s\": %s\n", ops->name, what->title, why);
		return false;
	}
	variant = malloc(sizeof(*variant));
	if (!variant || asprintf(&title, "%s: %s", ops->name, what->title) < 0)
		abort();
	*variant = (struct variant){.ops = ops, .what = what};
	*test = (struct CMUnitTest){
		.name = title,
		.test_func = run_case,
		.setup_func = fx_setup,
		.teardown_func = fx_teardown,
		.initial_state = variant,
	};
	return true;
}

int conform_main(const struct prov_ops *const *providers, unsigned int nr)
{
	struct CMUnitTest *tests = calloc(nr * nr_cases(), sizeof(*tests));
	const struct conform_case *what;
	unsigned int i, j, n = 0;

	if (!tests)
		return 1;
	for (i = 0; i < nr; i++) {
		check_exclusions(providers[i]);
		for (j = 0; j < ARRAY_LEN(all_cases); j++)
			for (what = all_cases[j]; what->title; what++)
				n += add_test(&tests[n], providers[i], what);
	}
	fflush(stdout);
	return _cmocka_run_group_tests("conformance", tests, n, NULL, NULL);
}

struct prov_memory conform_bar(struct conform *c,
			       const struct peerbar_range *ranges,
			       unsigned int nr_ranges)
{
	struct prov_memory mem = {0};
	unsigned int i;

	for (i = 0; i < nr_ranges; i++)
		fx_bar_fill(c->dev, CONFORM_SEED, ranges[i].offset,
			    ranges[i].length);
	mem.buf = fx_export(c->fx, c->dev, ranges, nr_ranges);
	mem.map = fx_map(c->fx, mem.buf);
	mem.addr = peerbar_mapping_addr(mem.map);
	mem.size = peerbar_mapping_size(mem.map);
	return mem;
}

struct prov_memory conform_bar_one(struct conform *c, uint64_t offset,
				   uint64_t length)
{
	const struct peerbar_range range = {offset, length};

	return conform_bar(c, &range, 1);
}

struct prov_memory conform_host(struct conform *c, size_t size)
{
	return (struct prov_memory){
		.addr = fx_alloc(c->fx, size),
		.size = size,
	};
}

struct prov_region *conform_reg_rights(struct conform *c,
				       const struct prov_memory *mem,
				       uint64_t offset, size_t len,
				       unsigned int rights)
{
	struct prov_region *region;

	ok(c->prov->ops->reg(c->prov, mem, offset, len, rights, &region));
	fx_keep(c->fx, region, drop_region);
	return region;
}

struct prov_region *conform_reg(struct conform *c, const struct prov_memory *mem,
				uint64_t offset, size_t len)
{
	return conform_reg_rights(c, mem, offset, len, PROV_ALL_RIGHTS);
}

void conform_dereg(struct conform *c, struct prov_region *region)
{
	fx_forget(c->fx, region);
	ok(c->prov->ops->dereg(region));
}

void conform_not_reg(struct conform *c, const struct prov_memory *mem,
		     uint64_t offset, size_t len, int err, int or_err)
{
	struct prov_region *region = NULL;
	int ret = c->prov->ops->reg(c->prov, mem, offset, len, PROV_ALL_RIGHTS,
				    &region);

	if (!ret)
		fx_keep(c->fx, region, drop_region);
	if (ret != err && ret != or_err)
		fx_die("%zu bytes at %#llx: %d (%s), not %d or %d", len,
		       (unsigned long long)offset, ret,
		       ret < 0 ? strerror(-ret) : "registered", err, or_err);
	assert_null(region);
}

/* A read that nobody answers, for a provider known for it. */
static int end_mute_read(struct conform *c, const struct prov_op *op,
			 struct prov_done *done)
{
	if (op->write || !conform_has(c, PROV_MUTE_READS))
		return -ETIMEDOUT;
	c->prov->ops->hang_up(c->prov);
	return c->prov->ops->poll(c->prov, done, CONFORM_MS);
}

static int move(struct conform *c, const struct prov_op *op,
		struct prov_done *done)
{
	const struct prov_ops *ops = c->prov->ops;
	bool mute = !op->write && conform_has(c, PROV_MUTE_READS);

	*done = (struct prov_done){.id = op->id};
	done->status = ops->post(c->prov, op);
	if (done->status)
		return done->status;
	if (ops->poll(c->prov, done, mute ? CONFORM_MUTE_MS : CONFORM_MS) &&
	    end_mute_read(c, op, done))
		fx_die("the %s does not end", op->write ? "write" : "read");
	assert_int_equal(done->id, op->id);
	return done->status;
}

int conform_move(struct conform *c, const struct prov_op *op)
{
	struct prov_done done;

	return move(c, op, &done);
}

void conform_moves(struct conform *c, const struct prov_op *op)
{
	struct prov_done done;

	if (move(c, op, &done))
		fx_die("%s of %zu bytes, %#llx to or from %#llx: %s (%s)",
		       op->write ? "write" : "read", op->len,
		       (unsigned long long)op->near_at,
		       (unsigned long long)op->far_at, strerror(-done.status),
		       done.why ? done.why : "not begun");
}

void conform_fails(struct conform *c, const struct prov_op *op)
{
	if (!op->write && conform_has(c, PROV_READ_BY_POINTER))
		return;
	if (!conform_move(c, op))
		fx_die("%s of %zu bytes, %#llx to or from %#llx: succeeds",
		       op->write ? "write" : "read", op->len,
		       (unsigned long long)op->near_at,
		       (unsigned long long)op->far_at);
	c->prov->ops->reconnect(c->prov);
}

void conform_attached(struct conform *c, const struct prov_memory *mem,
		      unsigned int wanted)
{
	if (!conform_has(c, PROV_DMABUF | PROV_ATTACHED))
		wanted = 0;
	assert_int_equal(fx_attached(peerbar_buffer_fd(mem->buf)), wanted);
}

void conform_let_go(const struct prov_memory *mem)
{
	assert_int_equal(fx_info(mem->buf).importers, 0);
}
