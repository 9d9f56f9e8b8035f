// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UCX's cache of registrations, which merges ranges that overlap and keeps them:
 * BAR memory between other memory, and an address that was BAR memory once.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bar.h>
#include <raw.h>

#include "ucp_ends.h"

#define SIZE  KIB(64)
#define AT    MIB(4)
#define SEED  29
#define ROOM  (3 * SIZE)
#define TRIES 100

/**
 * struct stage - host memory, BAR memory, host memory, one after the other
 * @far: where everything is put
 */
struct stage {
	struct fx *fx;
	struct ucp_ends ends;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	char *bar;
	char *far;
	ucp_mem_h far_memh;
	void *key;
	ucp_rkey_h rkey;
};

static void drop_stage(void *obj)
{
	struct stage *s = obj;

	ucp_ends_forget(&s->ends, s->key);
	ucp_rkey_buffer_release(s->key);
	ucp_mem_unmap(s->ends.context, s->far_memh);
	ucp_ends_close(&s->ends);
}

static void open_ends(struct stage *s)
{
	static const char *const settings[] = {
		"TLS", "rc,vfio", "ZCOPY_THRESH", "0", NULL,
	};
	ucp_mem_map_params_t params = {
		.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS |
			      UCP_MEM_MAP_PARAM_FIELD_LENGTH,
		.length = ROOM,
	};
	size_t len;

	ucp_ends_open(&s->ends, UCP_FEATURE_RMA, UCP_ERR_HANDLING_MODE_PEER,
		      settings);
	params.address = s->far = fx_alloc(s->fx, ROOM);
	ucp_ends_must(ucp_mem_map(s->ends.context, &params, &s->far_memh),
		      "far");
	ucp_ends_must(ucp_rkey_pack(s->ends.context, s->far_memh, &s->key, &len),
		      "a key");
	ucp_ends_must(ucp_ends_key(&s->ends, s->key, &s->rkey), "a key");
	fx_keep(s->fx, s, drop_stage);
}

static char *host_memory(void *hint)
{
	void *mem = mmap(hint, SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		fx_die("no host memory");
	return mem;
}

/*
 * The kernel gives addresses from above: the BAR's comes right below the first,
 * if no hole was left elsewhere.  What does not fit stays, and fills it.
 */
static bool place(struct stage *s)
{
	char *above = host_memory(NULL);

	s->map = fx_map(s->fx, s->buf);
	s->bar = peerbar_mapping_addr(s->map);
	if (above == s->bar + SIZE && host_memory(s->bar - SIZE) == s->bar - SIZE)
		return true;
	fx_drop(s->fx, s->map);
	return false;
}

static struct stage *open_stage(struct fx *fx)
{
	struct stage *s = fx_alloc(fx, sizeof(*s));
	int tries = 0;

	*s = (struct stage){.fx = fx, .dev = fx_device(fx, fx_bdf())};
	fx_bar_fill(s->dev, SEED, AT, SIZE);
	s->buf = fx_export_one(fx, s->dev, AT, SIZE);
	while (!place(s))
		assert_in_range(++tries, 1, TRIES);
	fx_pattern_fill(s->bar - SIZE, 1, 0, SIZE);
	fx_pattern_fill(s->bar + SIZE, 2, 0, SIZE);
	open_ends(s);
	return s;
}

static void close_stage(struct stage *s)
{
	munmap(s->bar - SIZE, SIZE);
	munmap(s->bar + SIZE, SIZE);
}

static ucs_status_t put(struct stage *s, const char *from, size_t len)
{
	const ucp_request_param_t none = {0};
	ucs_status_t status;

	memset(s->far, 0xaa, ROOM);
	status = ucp_ends_finish(&s->ends, ucp_put_nbx(s->ends.ep, from, len,
						       (uintptr_t)s->far,
						       s->rkey, &none));
	if (status != UCS_OK)
		return status;
	return ucp_ends_finish(&s->ends, ucp_ep_flush_nbx(s->ends.ep, &none));
}

static void arrives(struct stage *s, const char *from, size_t len,
		    uint64_t seed, uint64_t offset)
{
	ucp_ends_must(put(s, from, len), "a put");
	fx_pattern_check(s->far, seed, offset, len);
}

static void all_three_arrive(struct stage *s)
{
	arrives(s, s->bar - SIZE, SIZE, 1, 0);
	arrives(s, s->bar + SIZE, SIZE, 2, 0);
	arrives(s, s->bar, SIZE, SEED, AT);
	arrives(s, s->bar - PAGE, PAGE, 1, SIZE - PAGE);
	arrives(s, s->bar + 100, PAGE, SEED, AT + 100);
	arrives(s, s->bar + SIZE, 9, 2, 0);
}

/* Neighbours, each registered as what it is. */
static void test_neighbours(void **state)
{
	struct stage *s = open_stage(*state);

	all_three_arrive(s);
	assert_int_equal(fx_attached(peerbar_buffer_fd(s->buf)), 1);
	all_three_arrive(s);
	close_stage(s);
}

/*
 * One message across two of them has no registration: it fails, or it arrives
 * by other means; and what was registered before is as good as ever.
 */
static void crosses(struct stage *s, const char *from, size_t len)
{
	char *want = malloc(len);
	ucs_status_t status = put(s, from, len);

	memcpy(want, from, len);
	if (status == UCS_OK)
		assert_memory_equal(s->far, want, len);
	free(want);
	all_three_arrive(s);
}

static void test_across(void **state)
{
	struct stage *s = open_stage(*state);

	crosses(s, s->bar - PAGE, 2 * PAGE);
	crosses(s, s->bar + SIZE - 8, 16);
	crosses(s, s->bar - SIZE, ROOM);
	close_stage(s);
}

/* The cache lets go of what is unmapped, by whomever. */
static void test_address_again(void **state)
{
	struct stage *s = open_stage(*state);
	char *bar;

	all_three_arrive(s);
	bar = s->bar;
	fx_drop(s->fx, s->map);
	assert_ptr_equal(host_memory(bar), bar);
	fx_pattern_fill(bar, 3, 0, SIZE);
	arrives(s, bar, SIZE, 3, 0);
	assert_int_equal(fx_attached(peerbar_buffer_fd(s->buf)), 0);
	munmap(bar, SIZE);

	/* and of host memory whose address is a BAR's then */
	s->map = fx_map(s->fx, s->buf);
	s->bar = peerbar_mapping_addr(s->map);
	arrives(s, s->bar, SIZE, SEED, AT);
	assert_int_equal(fx_attached(peerbar_buffer_fd(s->buf)), 1);
	munmap(bar - SIZE, SIZE);
	munmap(bar + SIZE, SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_neighbours),
		FX_TEST(test_across),
		FX_TEST(test_address_again),
	};

	ucp_ends_plugin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
