// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Operations other than READ and WRITE, and BAR memory on both sides. */
#include <errno.h>

#include "memory.h"

#define SEED  71
#define SIZE  (4 * PAGE)
#define START 0x1234567890abcdefull
#define MS    20000

struct scene {
	struct fx *fx;
	struct fx_memory mem;
	struct fx_nic *nic;
	struct fx_pair *pair;
	struct ibv_mr *host;
	struct ibv_mr *mr;
};

static struct scene make_scene(struct fx *fx)
{
	const enum fx_kind *kind = fx->variant;
	struct scene s = {.fx = fx};
	char want[SIZE];

	s.mem = fx_memory(fx, *kind, SIZE);
	s.nic = fx_nic(fx);
	s.pair = fx_pair(fx, s.nic, &fx_patient);
	s.host = fx_host(fx, s.nic, SIZE);
	fx_pattern_fill(want, SEED, 0, SIZE);
	fx_copy_in(&s.mem, 0, want, SIZE);
	s.mr = fx_reg_fd(fx, s.nic, s.mem.fd, 0, SIZE, 0, FX_ACCESS);
	assert_non_null(s.mr);
	return s;
}

static uint64_t word_at(struct scene *s, uint64_t offset)
{
	uint64_t word;

	fx_copy_out(&s->mem, offset, &word, sizeof(word));
	return word;
}

static void set_word(struct scene *s, uint64_t offset, uint64_t word)
{
	fx_copy_in(&s->mem, offset, &word, sizeof(word));
}

static struct fx_op fetch_add(struct scene *s, uint64_t offset, uint64_t add)
{
	return (struct fx_op){
		.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
		.local = (uintptr_t)s->host->addr,
		.lkey = s->host->lkey,
		.remote = offset,
		.rkey = s->mr->rkey,
		.len = 8,
		.compare_add = add,
	};
}

static struct fx_op compare_swap(struct scene *s, uint64_t offset,
				 uint64_t compare, uint64_t swap)
{
	struct fx_op op = fetch_add(s, offset, compare);

	op.opcode = IBV_WR_ATOMIC_CMP_AND_SWP;
	op.swap = swap;
	return op;
}

static uint64_t fetched(struct scene *s)
{
	return *(uint64_t *)s->host->addr;
}

static void check_atomics_at(struct scene *s, uint64_t offset)
{
	struct fx_op op = fetch_add(s, offset, UINT64_MAX);

	set_word(s, offset, START);
	fx_good(fx_do(s->pair, &op));
	assert_int_equal(fetched(s), START);
	assert_int_equal(word_at(s, offset), START - 1);

	op = compare_swap(s, offset, START, 7);
	fx_good(fx_do(s->pair, &op));
	assert_int_equal(fetched(s), START - 1);
	assert_int_equal(word_at(s, offset), START - 1);

	op = compare_swap(s, offset, START - 1, 7);
	fx_good(fx_do(s->pair, &op));
	assert_int_equal(fetched(s), START - 1);
	assert_int_equal(word_at(s, offset), 7);
}

static void test_atomics(void **state)
{
	struct scene s = make_scene(*state);
	char got[SIZE];

	check_atomics_at(&s, 0);
	check_atomics_at(&s, PAGE - 8);
	check_atomics_at(&s, SIZE - 8);
	fx_copy_out(&s.mem, 0, got, SIZE);
	fx_pattern_check(got + 8, SEED, 8, PAGE - 16);
	fx_pattern_check(got + PAGE, SEED, PAGE, SIZE - PAGE - 8);
}

static void test_bad_atomics(void **state)
{
	struct scene s = make_scene(*state);
	struct fx_op op = fetch_add(&s, 4, 1);
	char got[SIZE];

	refused(fx_post(&s.pair->end[0], &op), -EINVAL);
	op = fetch_add(&s, SIZE, 1);
	fx_bad(fx_do(s.pair, &op), IBV_WC_REM_ACCESS_ERR);
	fx_pair_again(s.pair);
	op = compare_swap(&s, UINT64_MAX - 7, 0, 1);
	fx_bad(fx_do(s.pair, &op), IBV_WC_REM_ACCESS_ERR);
	fx_copy_out(&s.mem, 0, got, SIZE);
	fx_pattern_check(got, SEED, 0, SIZE);
}

static void test_many_atomics_in_flight(void **state)
{
	struct scene s = make_scene(*state);
	struct fx_op op = fetch_add(&s, 64, 3);
	unsigned int posted, done;

	set_word(&s, 64, 0);
	for (posted = 0; posted < FX_DEPTH; posted++)
		assert_int_equal(fx_post(&s.pair->end[0], &op), 0);
	for (done = 0; done < 100; done++) {
		fx_good(fx_done(&s.pair->end[0]));
		if (posted++ < 100)
			assert_int_equal(fx_post(&s.pair->end[0], &op), 0);
	}
	assert_int_equal(word_at(&s, 64), 300);
}

static void test_the_result_goes_to_the_buffer(void **state)
{
	struct scene s = make_scene(*state);
	struct fx_op op = {
		.opcode = IBV_WR_ATOMIC_FETCH_AND_ADD,
		.local = 128,
		.lkey = s.mr->lkey,
		.remote = (uintptr_t)s.host->addr,
		.rkey = s.host->rkey,
		.len = 8,
		.compare_add = 1,
	};

	*(uint64_t *)s.host->addr = START;
	fx_good(fx_do(s.pair, &op));
	assert_int_equal(word_at(&s, 128), START);
	assert_int_equal(*(uint64_t *)s.host->addr, START + 1);
}

static void send_one(struct scene *s, struct ibv_mr *from, uint64_t from_addr,
		     struct ibv_mr *to, uint64_t to_addr, uint32_t len)
{
	const struct fx_op op = {
		.opcode = IBV_WR_SEND,
		.local = from_addr,
		.lkey = from->lkey,
		.len = len,
	};
	struct ibv_wc wc;

	assert_int_equal(fx_post_recv(&s->pair->end[1], to_addr, to->lkey, len),
			 0);
	fx_good(fx_do(s->pair, &op));
	assert_int_equal(fx_next(&s->pair->end[1], &wc, MS), 0);
	fx_good(wc.status);
	assert_int_equal(wc.byte_len, len);
}

static void test_send(void **state)
{
	const uint32_t len = 2 * PAGE + 77;
	struct scene s = make_scene(*state);
	char got[SIZE];

	send_one(&s, s.mr, 13, s.host, (uintptr_t)s.host->addr, len);
	fx_pattern_check(s.host->addr, SEED, 13, len);

	fx_pattern_fill(s.host->addr, SEED + 1, 0, len);
	send_one(&s, s.host, (uintptr_t)s.host->addr, s.mr, 29, len);
	fx_copy_out(&s.mem, 0, got, SIZE);
	fx_pattern_check(got, SEED, 0, 29);
	fx_pattern_check(got + 29, SEED + 1, 0, len);
	fx_pattern_check(got + 29 + len, SEED, 29 + len, SIZE - 29 - len);
}

static void test_send_into_too_little(void **state)
{
	struct scene s = make_scene(*state);
	const struct fx_op op = {
		.opcode = IBV_WR_SEND,
		.local = (uintptr_t)s.host->addr,
		.lkey = s.host->lkey,
		.len = PAGE,
	};
	char got[SIZE];

	assert_int_equal(
		fx_post_recv(&s.pair->end[1], SIZE - 16, s.mr->lkey, PAGE), 0);
	assert_int_not_equal(fx_do(s.pair, &op), IBV_WC_SUCCESS);
	assert_int_not_equal(fx_done(&s.pair->end[1]), IBV_WC_SUCCESS);
	fx_copy_out(&s.mem, 0, got, SIZE);
	fx_pattern_check(got, SEED, 0, SIZE);
}

/* Two devices, their BARs on the two ends: nothing of it is host memory. */
static void test_bar_to_bar(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev[2];
	struct fx_nic *nic = fx_nic(fx);
	struct fx_pair *pair = fx_pair(fx, nic, &fx_hasty);
	struct ibv_mr *mr[2];
	int i;

	for (i = 0; i < 2; i++) {
		dev[i] = fx_device(fx, i ? fx_bdf2() : fx_bdf());
		fx_bar_fill(dev[i], SEED + (uint64_t)i, 0, KIB(256));
		mr[i] = fx_reg(fx, nic, fx_export_one(fx, dev[i], 0, KIB(256)));
	}
	fx_good(fx_rdma(pair, IBV_WR_RDMA_WRITE, mr[0], 0, mr[1], 0, KIB(64)));
	fx_bar_check(dev[1], SEED, 0, KIB(64));
	fx_bar_check(dev[1], SEED + 1, KIB(64), KIB(192));
	fx_good(fx_rdma(pair, IBV_WR_RDMA_READ, mr[0], KIB(128), mr[1],
			KIB(128), KIB(64)));
	fx_bar_check(dev[0], SEED + 1, KIB(128), KIB(64));
	fx_bar_check(dev[0], SEED, 0, KIB(128));
}

static const enum fx_kind kinds[] = {FX_VFIO, FX_UDMABUF, FX_HEAP};

#define KINDS(fn)                                               \
	FX_VARIANT(fn, #fn " of a VFIO BAR", &kinds[0]),        \
		FX_VARIANT(fn, #fn " of a udmabuf", &kinds[1]), \
		FX_VARIANT(fn, #fn " of a dma-heap buffer", &kinds[2])

int main(void)
{
	const struct CMUnitTest tests[] = {
		KINDS(test_atomics),
		KINDS(test_bad_atomics),
		KINDS(test_many_atomics_in_flight),
		KINDS(test_the_result_goes_to_the_buffer),
		KINDS(test_send),
		KINDS(test_send_into_too_little),
		FX_TEST(test_bar_to_bar),
	};

	return FX_RUN(tests);
}
