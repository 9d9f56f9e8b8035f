// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Access outside an MR, or without the right to it, touches nothing. */
#include <string.h>

#include "memory.h"

#define SEED 67
#define ROOM (8 * PAGE)

/* neither end of the MR is where a page ends */
#define OFFSET (PAGE + 100)
#define LENGTH (3 * PAGE + 333)
#define IOVA   (0x40000000ull + OFFSET % PAGE)

struct scene {
	struct fx *fx;
	struct fx_memory mem;
	struct fx_nic *nic;
	struct fx_pair *pair;
	struct ibv_mr *host;
	struct ibv_mr *mr;
};

static struct ibv_mr *reg(struct scene *s, int access)
{
	struct ibv_mr *mr = fx_reg_fd(s->fx, s->nic, s->mem.fd, OFFSET, LENGTH,
				      IOVA, access);

	assert_non_null(mr);
	return mr;
}

static struct scene make_scene(struct fx *fx)
{
	const enum fx_kind *kind = fx->variant;
	struct scene s = {.fx = fx};
	char want[ROOM];

	s.mem = fx_memory(fx, *kind, ROOM);
	s.nic = fx_nic(fx);
	s.pair = fx_pair(fx, s.nic, &fx_hasty);
	s.host = fx_host(fx, s.nic, ROOM);
	memset(s.host->addr, 0x55, ROOM);
	fx_pattern_fill(want, SEED, 0, ROOM);
	fx_copy_in(&s.mem, 0, want, ROOM);
	s.mr = reg(&s, FX_ACCESS);
	return s;
}

static void nothing_changed(struct scene *s)
{
	char got[ROOM], host[ROOM];

	fx_copy_out(&s->mem, 0, got, ROOM);
	fx_pattern_check(got, SEED, 0, ROOM);
	memset(host, 0x55, ROOM);
	assert_memory_equal(s->host->addr, host, ROOM);
}

static enum ibv_wc_status remote(struct scene *s, enum ibv_wr_opcode opcode,
				 struct ibv_mr *mr, uint64_t addr, size_t len)
{
	const struct fx_op op = {
		.opcode = opcode,
		.local = (uintptr_t)s->host->addr,
		.lkey = s->host->lkey,
		.remote = addr,
		.rkey = mr->rkey,
		.len = (uint32_t)len,
	};
	enum ibv_wc_status status = fx_do(s->pair, &op);

	if (status != IBV_WC_SUCCESS)
		fx_pair_again(s->pair);
	return status;
}

static enum ibv_wc_status local(struct scene *s, enum ibv_wr_opcode opcode,
				struct ibv_mr *mr, uint64_t addr, size_t len)
{
	const struct fx_op op = {
		.opcode = opcode,
		.local = addr,
		.lkey = mr->lkey,
		.remote = (uintptr_t)s->host->addr,
		.rkey = s->host->rkey,
		.len = (uint32_t)len,
	};
	enum ibv_wc_status status = fx_do(s->pair, &op);

	if (status != IBV_WC_SUCCESS)
		fx_pair_again(s->pair);
	return status;
}

static const struct {
	uint64_t addr;
	size_t len;
} outside[] = {
	{IOVA - 1, 1},
	{IOVA - 1, 2},
	{IOVA + LENGTH, 1},
	{IOVA + LENGTH - 1, 2},
	{IOVA, LENGTH + 1},
	{IOVA + LENGTH - PAGE, 2 * PAGE},
	{IOVA - PAGE, LENGTH + 2 * PAGE},
	{0, 1},
	{UINT64_MAX - 7, 8},
	{UINT64_MAX - 7, 16},
};

static void test_remote_access_outside(void **state)
{
	struct scene s = make_scene(*state);
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(outside); i++) {
		fx_bad(remote(&s, IBV_WR_RDMA_WRITE, s.mr, outside[i].addr,
			      outside[i].len),
		       IBV_WC_REM_ACCESS_ERR);
		fx_bad(remote(&s, IBV_WR_RDMA_READ, s.mr, outside[i].addr,
			      outside[i].len),
		       IBV_WC_REM_ACCESS_ERR);
	}
	nothing_changed(&s);
}

/* Bytes from @addr on that are in the MR: packets before the bad one may go. */
static size_t inside(uint64_t addr)
{
	return addr >= IOVA && addr < IOVA + LENGTH ? IOVA + LENGTH - addr : 0;
}

static void check_outside(struct scene *s, uint64_t addr)
{
	static const char beside[ROOM] = {0};
	char got[ROOM], *host = s->host->addr;
	size_t mine = inside(addr), i;

	fx_copy_out(&s->mem, 0, got, ROOM);
	fx_pattern_check(got, SEED, 0, OFFSET);
	fx_pattern_check(got + OFFSET + LENGTH, SEED, OFFSET + LENGTH,
			 ROOM - OFFSET - LENGTH);
	for (i = mine; i < ROOM; i++)
		host[i] ^= 0x55;
	assert_memory_equal(host + mine, beside, ROOM - mine);
	memset(host, 0x55, ROOM);
}

static void test_local_access_outside(void **state)
{
	static const enum ibv_wr_opcode opcodes[] = {
		IBV_WR_RDMA_WRITE,
		IBV_WR_RDMA_READ,
	};
	struct scene s = make_scene(*state);
	unsigned int i, j;

	for (i = 0; i < ARRAY_LEN(outside); i++)
		for (j = 0; j < ARRAY_LEN(opcodes); j++) {
			/* rxe says LOC_QP_OP_ERR when it sends, of any MR */
			assert_int_not_equal(local(&s, opcodes[j], s.mr,
						   outside[i].addr,
						   outside[i].len),
					     IBV_WC_SUCCESS);
			check_outside(&s, outside[i].addr);
		}
}

static void test_the_last_byte_is_inside(void **state)
{
	struct scene s = make_scene(*state);
	char got[2];

	fx_good(remote(&s, IBV_WR_RDMA_READ, s.mr, IOVA, LENGTH));
	fx_pattern_check(s.host->addr, SEED, OFFSET, LENGTH);
	memset(s.host->addr, 0x55, ROOM);
	fx_good(remote(&s, IBV_WR_RDMA_WRITE, s.mr, IOVA + LENGTH - 1, 1));
	fx_copy_out(&s.mem, OFFSET + LENGTH - 1, got, 2);
	assert_int_equal(got[0], 0x55);
	fx_pattern_check(got + 1, SEED, OFFSET + LENGTH, 1);
}

static void test_rights(void **state)
{
	struct scene s = make_scene(*state);
	struct ibv_mr *none = reg(&s, IBV_ACCESS_LOCAL_WRITE);
	struct ibv_mr *reads = reg(&s, IBV_ACCESS_REMOTE_READ);
	struct ibv_mr *writes =
		reg(&s, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE);

	fx_bad(remote(&s, IBV_WR_RDMA_READ, none, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	fx_bad(remote(&s, IBV_WR_RDMA_WRITE, none, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	fx_bad(remote(&s, IBV_WR_RDMA_WRITE, reads, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	fx_bad(remote(&s, IBV_WR_RDMA_READ, writes, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	fx_bad(remote(&s, IBV_WR_ATOMIC_FETCH_AND_ADD, writes, IOVA + 4, 8),
	       IBV_WC_REM_ACCESS_ERR);
	/* a READ stores locally */
	fx_bad(local(&s, IBV_WR_RDMA_READ, reads, IOVA, 8), IBV_WC_LOC_PROT_ERR);
	nothing_changed(&s);
	fx_good(remote(&s, IBV_WR_RDMA_READ, reads, IOVA, 8));
	fx_good(remote(&s, IBV_WR_RDMA_WRITE, writes, IOVA, 8));
}

static void test_a_dead_key(void **state)
{
	struct scene s = make_scene(*state);
	struct ibv_mr dead = *s.mr;

	fx_dereg(s.fx, s.mr);
	fx_bad(remote(&s, IBV_WR_RDMA_WRITE, &dead, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	fx_bad(local(&s, IBV_WR_RDMA_READ, &dead, IOVA, 8), IBV_WC_LOC_PROT_ERR);
	nothing_changed(&s);
}

/* The access right that an MW needs is not to be had for a dma-buf. */
static void test_no_memory_window(void **state)
{
	struct scene s = make_scene(*state);
	struct ibv_mw *mw = ibv_alloc_mw(s.nic->pd, IBV_MW_TYPE_2);
	struct ibv_send_wr wr = {.opcode = IBV_WR_BIND_MW,
				 .send_flags = IBV_SEND_SIGNALED},
			   *bad;

	assert_non_null(mw);
	wr.bind_mw.mw = mw;
	wr.bind_mw.rkey = ibv_inc_rkey(mw->rkey);
	wr.bind_mw.bind_info.mr = s.mr;
	wr.bind_mw.bind_info.addr = IOVA;
	wr.bind_mw.bind_info.length = 64;
	wr.bind_mw.bind_info.mw_access_flags = IBV_ACCESS_REMOTE_WRITE;
	assert_int_equal(ibv_post_send(s.pair->end[1].qp, &wr, &bad), 0);
	assert_int_not_equal(fx_done(&s.pair->end[1]), IBV_WC_SUCCESS);
	fx_pair_again(s.pair);
	s.mr->rkey = wr.bind_mw.rkey;
	fx_bad(remote(&s, IBV_WR_RDMA_WRITE, s.mr, IOVA, 8),
	       IBV_WC_REM_ACCESS_ERR);
	nothing_changed(&s);
	assert_int_equal(ibv_dealloc_mw(mw), 0);
}

static const enum fx_kind kinds[] = {FX_VFIO, FX_UDMABUF};

#define KINDS(fn)                                        \
	FX_VARIANT(fn, #fn " of a VFIO BAR", &kinds[0]), \
		FX_VARIANT(fn, #fn " of a udmabuf", &kinds[1])

int main(void)
{
	const struct CMUnitTest tests[] = {
		KINDS(test_remote_access_outside),
		KINDS(test_local_access_outside),
		KINDS(test_the_last_byte_is_inside),
		KINDS(test_rights),
		KINDS(test_a_dead_key),
		KINDS(test_no_memory_window),
	};

	return FX_RUN(tests);
}
