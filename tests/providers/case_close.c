// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Everything can be closed in any order. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conform.h"

#define SIZE KIB(64)

enum part { DEVICE, BUFFER, MAPPING, REGION, PARTS };

static const char *const names[] = {"device", "buffer", "mapping", "region"};

struct stage {
	struct conform *c;
	struct prov_memory bar;
	struct prov_memory host;
	struct prov_region *near;
	struct prov_region *region;
	uint64_t seed;
	bool closed[PARTS];
};

static void open_all(struct stage *s)
{
	if (!s->c->dev)
		s->c->dev = fx_device(s->c->fx, fx_bdf());
	s->bar = conform_bar_one(s->c, PAGE, SIZE);
	s->region = conform_reg(s->c, &s->bar, 0, SIZE);
	memset(s->closed, 0, sizeof(s->closed));
}

static void close_one(struct stage *s, enum part part)
{
	s->closed[part] = true;
	switch (part) {
	case DEVICE:
		fx_drop(s->c->fx, s->c->dev);
		s->c->dev = NULL;
		break;
	case BUFFER:
		fx_drop(s->c->fx, s->bar.buf);
		break;
	case MAPPING:
		fx_drop(s->c->fx, s->bar.map);
		break;
	case REGION:
		conform_dereg(s->c, s->region);
		break;
	default:
		fail();
	}
}

static void write_arrives(struct stage *s, const struct prov_op *op)
{
	fx_pattern_fill(s->host.addr, ++s->seed, PAGE, PAGE);
	conform_moves(s->c, op);
	fx_bar_check(s->c->dev, s->seed, PAGE, PAGE);
}

/* CPUs reach it as long as their own part and the device live. */
static void check_mapping(struct stage *s)
{
	char bytes[64];

	if (s->closed[MAPPING])
		return;
	refused(peerbar_read(s->bar.map, 0, bytes, sizeof(bytes)),
		s->closed[DEVICE] ? -ENODEV : 0);
}

/* Likewise the provider. */
static void check(struct stage *s)
{
	const struct prov_op op = {
		.near = s->near,
		.far = s->region,
		.len = PAGE,
		.write = conform_has(s->c, PROV_READ_BY_POINTER),
	};

	check_mapping(s);
	if (s->closed[REGION])
		return;
	/* nothing to say of a pointer that leads nowhere */
	if ((s->closed[MAPPING] || s->closed[DEVICE]) &&
	    !conform_has(s->c, PROV_DMABUF))
		return;
	if (s->closed[DEVICE]) {
		conform_fails(s->c, &op);
		return;
	}
	if (op.write) {
		write_arrives(s, &op);
		return;
	}
	memset(s->host.addr, 0, PAGE);
	conform_moves(s->c, &op);
	fx_pattern_check(s->host.addr, CONFORM_SEED, PAGE, PAGE);
}

static void close_in_order(struct stage *s, const enum part order[PARTS])
{
	unsigned int i;

	open_all(s);
	check(s);
	for (i = 0; i < PARTS; i++) {
		close_one(s, order[i]);
		check(s);
	}
}

static void permute(struct stage *s, enum part order[PARTS], unsigned int done)
{
	enum part swap;
	unsigned int i;

	if (done == PARTS) {
		printf("# %s, %s, %s, %s\n", names[order[0]], names[order[1]],
		       names[order[2]], names[order[3]]);
		close_in_order(s, order);
		return;
	}
	for (i = done; i < PARTS; i++) {
		swap = order[done];
		order[done] = order[i];
		order[i] = swap;
		permute(s, order, done + 1);
		order[i] = order[done];
		order[done] = swap;
	}
}

static void test_every_order(struct conform *c)
{
	enum part order[PARTS] = {DEVICE, BUFFER, MAPPING, REGION};
	struct stage s = {.c = c};

	s.host = conform_host(c, PAGE);
	s.near = conform_reg(c, &s.host, 0, PAGE);
	permute(&s, order, 0);
}

/* The same while operations are under way. */
static void test_close_under_load(struct conform *c)
{
	static const enum part parts[] = {DEVICE, BUFFER};
	struct stage s = {.c = c};
	struct conform_load *load;
	unsigned int i, part;

	for (i = 0; i < ARRAY_LEN(parts); i++) {
		if (!c->dev)
			c->dev = fx_device(c->fx, fx_bdf());
		s.bar = conform_bar_one(c, MIB(4), CONFORM_SPAN);
		s.region = conform_reg(c, &s.bar, 0, CONFORM_SPAN);
		memset(s.closed, 0, sizeof(s.closed));
		load = conform_load(c, s.region, MIB(4),
				    conform_has(c, PROV_READ_BY_POINTER));
		assert_true(fx_worker_reaches(&load->worker, FX_GOOD, 20,
					      CONFORM_MS));
		close_one(&s, parts[i]);
		if (parts[i] == DEVICE)
			assert_true(conform_load_ends(c, load, CONFORM_MS));
		else
			assert_true(fx_worker_gains(&load->worker, FX_GOOD, 20,
						    CONFORM_MS));
		fx_worker_stop(&load->worker);
		assert_int_equal(fx_worker_count(&load->worker, FX_WRONG), 0);
		c->prov->ops->reconnect(c->prov);
		for (part = 0; part < PARTS; part++)
			if (!s.closed[part])
				close_one(&s, part);
	}
}

/*
 * Every part, in its turn, while operations are under way and nobody has asked
 * for their ends.  They all end, with whatever.  Only where a region that is
 * closed is one that nobody reaches any more: UCX keeps them.
 */
static void test_close_under_way(struct conform *c)
{
	const struct prov_ops *ops = c->prov->ops;
	struct stage s = {.c = c};
	struct prov_op op = {.write = true, .len = SIZE};
	struct prov_done done;
	unsigned int part, i;

	s.host = conform_host(c, SIZE);
	op.near = conform_reg(c, &s.host, 0, SIZE);
	for (part = 0; part < PARTS; part++) {
		open_all(&s);
		op.far = s.region;
		for (i = 0; i < ops->depth; i++)
			ok(ops->post(c->prov, &op));
		close_one(&s, part);
		for (i = 0; i < ops->depth; i++)
			ok(ops->poll(c->prov, &done, CONFORM_MS));
		ops->reconnect(c->prov);
		for (i = 0; i < PARTS; i++)
			if (!s.closed[i])
				close_one(&s, i);
	}
}

static unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* All that the provider opened for regions and connections goes with them. */
static void test_nothing_is_left(struct conform *c)
{
	const struct prov_ops *ops = c->prov->ops;
	struct stage s = {.c = c};
	unsigned int before = 0, round;
	struct prov_op op;

	s.host = conform_host(c, PAGE);
	/* the first round opens what stays for good */
	for (round = 0; round < 4; round++) {
		s.near = conform_reg(c, &s.host, 0, PAGE);
		open_all(&s);
		check(&s);
		ok(peerbar_buffer_revoke(s.bar.buf));
		op = (struct prov_op){
			.near = s.near,
			.far = s.region,
			.len = 8,
			.write = conform_has(c, PROV_READ_BY_POINTER),
		};
		conform_fails(c, &op);
		close_one(&s, REGION);
		close_one(&s, MAPPING);
		close_one(&s, BUFFER);
		conform_dereg(c, s.near);
		ops->reconnect(c->prov);
		if (round == 1)
			before = open_fds();
	}
	assert_int_equal(open_fds(), before);
}

const struct conform_case conform_close[] = {
	{"closed in every order", test_every_order, 0},
	{"closed under load", test_close_under_load, 0},
	{"closed with operations under way", test_close_under_way,
	 PROV_DMABUF | PROV_RIGHTS},
	{"nothing is left open", test_nothing_is_left, 0},
	{0},
};
