// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Device, buffer, mapping and MR, closed in every order. */
#include <errno.h>
#include <stdio.h>

#include "bar.h"
#include "verbs.h"

enum part { DEVICE, BUFFER, MAPPING, MR, PARTS };

static const char *const names[] = {"device", "buffer", "mapping", "MR"};

struct scene {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct ibv_mr *mr;
	struct fx_nic *nic;
	struct fx_pair *pair;
	struct ibv_mr *host;
	bool closed[PARTS];
};

static void open_all(struct scene *s)
{
	unsigned int part;

	s->dev = fx_device(s->fx, fx_bdf());
	s->buf = fx_export_one(s->fx, s->dev, PAGE, KIB(64));
	s->map = fx_map(s->fx, s->buf);
	s->mr = fx_reg(s->fx, s->nic, s->buf);
	for (part = 0; part < PARTS; part++)
		s->closed[part] = false;
}

static void close_one(struct scene *s, enum part part)
{
	s->closed[part] = true;
	switch (part) {
	case DEVICE:
		fx_drop(s->fx, s->dev);
		break;
	case BUFFER:
		fx_drop(s->fx, s->buf);
		break;
	case MAPPING:
		fx_drop(s->fx, s->map);
		break;
	case MR:
		fx_dereg(s->fx, s->mr);
		break;
	default:
		fail();
	}
}

/* CPU and NIC reach the memory as long as their own part and the device live. */
static void check(struct scene *s)
{
	enum ibv_wc_status status;
	uint64_t word = 0x77;

	if (!s->closed[MAPPING])
		refused(peerbar_write(s->map, 16, &word, sizeof(word)),
			s->closed[DEVICE] ? -ENODEV : 0);
	if (s->closed[MR])
		return;
	status = fx_rdma(s->pair, IBV_WR_RDMA_READ, s->host, 0, s->mr, 0, PAGE);
	fx_bad(status,
	       s->closed[DEVICE] ? IBV_WC_REM_ACCESS_ERR : IBV_WC_SUCCESS);
	if (status != IBV_WC_SUCCESS)
		fx_pair_again(s->pair);
}

static void close_in_order(struct scene *s, const enum part order[PARTS])
{
	unsigned int i;

	printf("# %s, %s, %s, %s\n", names[order[0]], names[order[1]],
	       names[order[2]], names[order[3]]);
	open_all(s);
	check(s);
	for (i = 0; i < PARTS; i++) {
		close_one(s, order[i]);
		check(s);
	}
}

static void permute(struct scene *s, enum part order[PARTS], unsigned int done)
{
	enum part swap;
	unsigned int i;

	if (done == PARTS) {
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

static void test_every_order(void **state)
{
	enum part order[PARTS] = {DEVICE, BUFFER, MAPPING, MR};
	struct scene s = {.fx = *state};

	s.nic = fx_nic(s.fx);
	s.pair = fx_pair(s.fx, s.nic, &fx_hasty);
	s.host = fx_host(s.fx, s.nic, PAGE);
	permute(&s, order, 0);
}

/* The same while operations are in flight and nobody has polled for them. */
static void test_close_under_load(void **state)
{
	struct scene s = {.fx = *state};
	struct fx_op op = {.opcode = IBV_WR_RDMA_WRITE, .len = KIB(64)};
	unsigned int part, i;
	struct ibv_wc wc;

	s.nic = fx_nic(s.fx);
	s.host = fx_host(s.fx, s.nic, KIB(64));
	op.local = (uintptr_t)s.host->addr;
	op.lkey = s.host->lkey;
	for (part = 0; part < PARTS; part++) {
		s.pair = fx_pair(s.fx, s.nic, &fx_hasty);
		open_all(&s);
		op.rkey = s.mr->rkey;
		for (i = 0; i < FX_DEPTH; i++)
			assert_int_equal(fx_post(&s.pair->end[0], &op), 0);
		close_one(&s, part);
		for (i = 0; i < FX_DEPTH; i++)
			assert_int_equal(fx_next(&s.pair->end[0], &wc, 20000), 0);
		for (i = 0; i < PARTS; i++)
			if (!s.closed[i])
				close_one(&s, i);
		fx_drop(s.fx, s.pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_every_order),
		FX_TEST(test_close_under_load),
	};

	return FX_RUN(tests);
}
