// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What can be registered, what is refused, and that every byte arrives. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "raw.h"

#define SEED   61
#define MARGIN PAGE
#define IOVA   0x700000000000ull

/* Where in the dma-buf an MR of a size starts; the rest is margin. */
struct place {
	size_t size;
	uint64_t offset;
};

static const struct place places[] = {
	{1, 0},
	{1, PAGE - 1},
	{2, PAGE - 1},
	{3, 5},
	{3, PAGE + 7},
	{4095, 1},
	{4095, 2},
	{4096, 0},
	{4096, 3},
	{4097, PAGE},
	{4097, PAGE - 1},
	{KIB(64), 17},
	{MIB(1), PAGE + 4095},
	{MIB(2), 0},
	{MIB(16), 2 * PAGE + 1001},
};

#define ROOM (MIB(16) + 4 * PAGE)

struct scene {
	struct fx *fx;
	struct fx_memory mem;
	struct fx_nic *nic;
	struct fx_pair *pair;
	struct ibv_mr *host;
	char *want;
};

/* The content that it should have is kept beside it, in ordinary memory. */
static struct scene make_scene(struct fx *fx)
{
	const enum fx_kind *kind = fx->variant;
	struct scene s = {.fx = fx};

	s.mem = fx_memory(fx, *kind, ROOM);
	s.nic = fx_nic(fx);
	s.pair = fx_pair(fx, s.nic, &fx_hasty);
	s.host = fx_host(fx, s.nic, ROOM);
	s.want = fx_alloc(fx, ROOM);
	fx_pattern_fill(s.want, SEED, 0, ROOM);
	fx_copy_in(&s.mem, 0, s.want, ROOM);
	return s;
}

/* All that is near the MR: what lies beside it must stay as it was. */
static void check_around(struct scene *s, const struct place *at)
{
	uint64_t from = at->offset > MARGIN ? at->offset - MARGIN : 0;
	size_t len = at->offset - from + at->size + MARGIN;
	char *got = malloc(len);

	if (len > ROOM - from)
		len = ROOM - from;
	assert_non_null(got);
	fx_copy_out(&s->mem, from, got, len);
	assert_memory_equal(got, s->want + from, len);
	free(got);
}

static void check_place(struct scene *s, const struct place *at)
{
	const uint64_t iova = IOVA + at->offset % PAGE;
	struct fx_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.local = (uintptr_t)s->host->addr,
		.lkey = s->host->lkey,
		.remote = iova,
		.len = (uint32_t)at->size,
	};
	struct ibv_mr *mr;

	mr = fx_reg_fd(s->fx, s->nic, s->mem.fd, at->offset, at->size, iova,
		       FX_ACCESS);
	assert_non_null(mr);
	op.rkey = mr->rkey;
	fx_pattern_fill(s->host->addr, at->size + at->offset, 0, at->size);
	memcpy(s->want + at->offset, s->host->addr, at->size);
	fx_good(fx_do(s->pair, &op));
	check_around(s, at);

	memset(s->host->addr, 0xaa, at->size + 1);
	op.opcode = IBV_WR_RDMA_READ;
	fx_good(fx_do(s->pair, &op));
	assert_memory_equal(s->host->addr, s->want + at->offset, at->size);
	assert_int_equal(((uint8_t *)s->host->addr)[at->size], 0xaa);
	fx_dereg(s->fx, mr);
}

static void test_sizes(void **state)
{
	struct scene s = make_scene(*state);
	unsigned int i;

	/* on the debug kernel the largest takes a minute */
	for (i = 0; i < ARRAY_LEN(places); i++)
		if (!fx_debug() || places[i].size < MIB(16))
			check_place(&s, &places[i]);
}

static void not_registered(struct scene *s, uint64_t offset, size_t length,
			   uint64_t iova, int access, int err)
{
	struct ibv_mr *mr;

	errno = 0;
	mr = fx_reg_fd(s->fx, s->nic, s->mem.fd, offset, length, iova, access);
	assert_null(mr);
	assert_int_equal(errno, err);
}

static void test_what_is_refused(void **state)
{
	struct scene s = make_scene(*state);

	not_registered(&s, 0, 0, 0, FX_ACCESS, EINVAL);
	not_registered(&s, ROOM, 1, 0, FX_ACCESS, EINVAL);
	not_registered(&s, 0, ROOM + 1, 0, FX_ACCESS, EINVAL);
	not_registered(&s, PAGE, ROOM, 0, FX_ACCESS, EINVAL);
	not_registered(&s, UINT64_MAX - PAGE + 1, PAGE, 0, FX_ACCESS, EINVAL);
	not_registered(&s, 0, SIZE_MAX, 0, FX_ACCESS, EINVAL);
	/* address and offset differ in their page offset */
	not_registered(&s, 1, 16, 0, FX_ACCESS, EINVAL);
	not_registered(&s, 0, 16, 1, FX_ACCESS, EINVAL);
	not_registered(&s, PAGE + 8, 16, IOVA + 16, FX_ACCESS, EINVAL);
	/* remote write without local write, and bits that no dma-buf MR has */
	not_registered(&s, 0, PAGE, 0, IBV_ACCESS_REMOTE_WRITE, EINVAL);
	not_registered(&s, 0, PAGE, 0, FX_ACCESS | IBV_ACCESS_ON_DEMAND, EINVAL);
	not_registered(&s, 0, PAGE, 0, FX_ACCESS | IBV_ACCESS_MW_BIND, EINVAL);
}

static void test_bad_descriptors(void **state)
{
	struct fx_nic *nic = fx_nic(*state);
	int fd = memfd_create("peerbar-test", MFD_CLOEXEC);

	fx_keep_fd(*state, fd);
	assert_null(fx_reg_fd(*state, nic, -1, 0, PAGE, 0, FX_ACCESS));
	assert_int_equal(errno, EBADF);
	/* before anything else that the driver finds wrong */
	assert_null(fx_reg_fd(*state, nic, -1, 0, 0, 0, FX_ACCESS));
	assert_int_equal(errno, EBADF);
	assert_null(fx_reg_fd(*state, nic, fd, 0, PAGE, 0, FX_ACCESS));
	assert_int_equal(errno, EINVAL);
}

static void test_rereg_is_refused(void **state)
{
	struct scene s = make_scene(*state);
	struct ibv_mr *mr =
		fx_reg_fd(s.fx, s.nic, s.mem.fd, 0, PAGE, 0, FX_ACCESS);
	struct fx_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.local = (uintptr_t)s.host->addr,
		.lkey = s.host->lkey,
		.len = PAGE,
	};
	struct ibv_pd *pd = ibv_alloc_pd(s.nic->ctx);

	assert_non_null(mr);
	assert_int_not_equal(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL,
					  NULL, 0, IBV_ACCESS_LOCAL_WRITE),
			     0);
	assert_int_not_equal(
		ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_PD, pd, NULL, 0, 0), 0);
	assert_int_not_equal(ibv_rereg_mr(mr, IBV_REREG_MR_CHANGE_TRANSLATION,
					  NULL, s.want, PAGE, 0),
			     0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	/* and nothing has changed */
	op.rkey = mr->rkey;
	fx_good(fx_do(s.pair, &op));
}

static void test_the_mr_outlives_the_descriptor(void **state)
{
	struct scene s = make_scene(*state);
	int fd = dup(s.mem.fd);
	struct ibv_mr *mr;
	struct fx_op op = {
		.opcode = IBV_WR_RDMA_READ,
		.local = (uintptr_t)s.host->addr,
		.lkey = s.host->lkey,
		.len = KIB(64),
	};

	fx_keep_fd(s.fx, fd);
	mr = fx_reg_fd(s.fx, s.nic, fd, 0, KIB(64), 0, FX_ACCESS);
	assert_non_null(mr);
	fx_drop_fd(s.fx, fd);
	op.rkey = mr->rkey;
	fx_good(fx_do(s.pair, &op));
	fx_pattern_check(s.host->addr, SEED, 0, KIB(64));
}

static const enum fx_kind kinds[] = {FX_VFIO, FX_UDMABUF, FX_HEAP};

#define KINDS(fn)                                               \
	FX_VARIANT(fn, #fn " of a VFIO BAR", &kinds[0]),        \
		FX_VARIANT(fn, #fn " of a udmabuf", &kinds[1]), \
		FX_VARIANT(fn, #fn " of a dma-heap buffer", &kinds[2])

int main(void)
{
	const struct CMUnitTest tests[] = {
		KINDS(test_sizes),
		KINDS(test_what_is_refused),
		FX_TEST(test_bad_descriptors),
		KINDS(test_rereg_is_refused),
		KINDS(test_the_mr_outlives_the_descriptor),
	};

	return FX_RUN(tests);
}
