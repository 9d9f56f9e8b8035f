// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Messages of UCX, from one byte to 16 MiB: BAR memory at both ends or at one,
 * eager and by rendezvous, none of them aligned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bar.h>
#include <raw.h>

#include "ucp_ends.h"

#define LARGEST MIB(16)
#define ROOM	(LARGEST + PAGE)
#define POISON	0xaa

/* around what changes the protocol or the number of packets */
static const size_t sizes[] = {
	1,    7,    8,	   63,	  255,	  256,	      1000,    4095,
	4097, 8193, 65535, 65536, 262147, MIB(1) + 3, LARGEST,
};

/**
 * struct kind - a variant
 * @near_bar, @far_bar: where BAR memory is
 * @most: bytes
 * @rdma: BAR memory has a type of its own
 */
struct kind {
	const char *tls;
	const char *rndv_thresh;
	bool near_bar;
	bool far_bar;
	size_t most;
	bool rdma;
};

/**
 * struct side - memory at an end
 * @map: NULL for host memory
 */
struct side {
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	char *addr;
};

static struct side open_side(struct fx *fx, struct peerbar_device *dev,
			     bool bar, uint64_t offset)
{
	struct side side = {0};

	if (!bar) {
		side.addr = fx_alloc(fx, ROOM);
		return side;
	}
	side.buf = fx_export_one(fx, dev, offset, ROOM);
	side.map = fx_map(fx, side.buf);
	side.addr = peerbar_mapping_addr(side.map);
	return side;
}

static void store(struct side *side, size_t at, const void *src, size_t len)
{
	if (side->map)
		ok(peerbar_write(side->map, at, src, len));
	else
		memcpy(side->addr + at, src, len);
}

static void load(const struct side *side, size_t at, void *dst, size_t len)
{
	if (side->map)
		ok(peerbar_read(side->map, at, dst, len));
	else
		memcpy(dst, side->addr + at, len);
}

/* In the mode "rdma" the application says which memory is BAR memory. */
static ucp_request_param_t about(const struct kind *kind, bool bar)
{
	return (ucp_request_param_t){
		.op_attr_mask = kind->rdma ? UCP_OP_ATTR_FIELD_MEMORY_TYPE : 0,
		.memory_type = bar ? UCS_MEMORY_TYPE_RDMA : UCS_MEMORY_TYPE_HOST,
	};
}

static void deliver(struct ucp_ends *ends, const struct kind *kind,
		    const char *from, char *to, size_t len)
{
	const ucp_request_param_t near = about(kind, kind->near_bar);
	const ucp_request_param_t far = about(kind, kind->far_bar);
	ucs_status_ptr_t recv, sent;

	recv = ucp_tag_recv_nbx(ends->far, to, len, len, UINT64_MAX, &far);
	sent = ucp_tag_send_nbx(ends->ep, from, len, len, &near);
	ucp_ends_must(ucp_ends_finish(ends, sent), "a send");
	ucp_ends_must(ucp_ends_finish(ends, recv), "a receive");
}

/* With a byte before and behind that must not change. */
static void one_size(struct ucp_ends *ends, const struct kind *kind,
		     struct side *near, struct side *far, char *want, char *got,
		     size_t len)
{
	size_t from = len % 61 + 1, to = len % 53 + 2;

	fx_pattern_fill(want, len, from, len);
	memset(got, POISON, len + 2);
	store(near, from, want, len);
	store(far, to - 1, got, len + 2);
	deliver(ends, kind, near->addr + from, far->addr + to, len);
	load(far, to - 1, got, len + 2);
	if (memcmp(got + 1, want, len))
		fx_die("%zu bytes arrive wrong", len);
	if ((uint8_t)got[0] != POISON || (uint8_t)got[len + 1] != POISON)
		fx_die("%zu bytes spill", len);
}

static void drop_ends(void *obj)
{
	ucp_ends_close(obj);
}

/* Over rc a rendezvous is the NIC's work, which has the dma-buf for it. */
static void check_attached(const struct kind *kind, const struct side *side)
{
	if (side->buf && !strcmp(kind->tls, "rc,vfio") &&
	    !strcmp(kind->rndv_thresh, "0"))
		assert_int_not_equal(fx_attached(peerbar_buffer_fd(side->buf)),
				     0);
}

static void test_content(void **state)
{
	struct fx *fx = *state;
	const struct kind *kind = fx->variant;
	const char *const settings[] = {
		"TLS", kind->tls, "RNDV_THRESH", kind->rndv_thresh, NULL,
	};
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct side near = open_side(fx, dev, kind->near_bar, 0);
	struct side far = open_side(fx, dev, kind->far_bar, MIB(32));
	char *want = fx_alloc(fx, LARGEST), *got = fx_alloc(fx, LARGEST + 2);
	struct ucp_ends *ends = fx_alloc(fx, sizeof(*ends));
	unsigned int i;

	setenv("UCX_VFIO_MEM_TYPE", kind->rdma ? "rdma" : "host", 1);
	ucp_ends_open(ends, UCP_FEATURE_TAG, UCP_ERR_HANDLING_MODE_NONE,
		      settings);
	fx_keep(fx, ends, drop_ends);
	for (i = 0; i < ARRAY_LEN(sizes) && sizes[i] <= kind->most; i++)
		one_size(ends, kind, &near, &far, want, got, sizes[i]);
	check_attached(kind, &near);
	check_attached(kind, &far);
	fx_drop(fx, ends);
}

#define KIND(name, ...) \
	FX_VARIANT(test_content, name, (&(const struct kind){__VA_ARGS__}))

#define BOTH(name, tls, thresh, ...) \
	KIND(name ", BAR to BAR", tls, thresh, true, true, __VA_ARGS__)

#define ENDS(name, tls, thresh, ...)                                 \
	BOTH(name, tls, thresh, __VA_ARGS__),                        \
		KIND(name ", BAR to host", tls, thresh, true, false, \
		     __VA_ARGS__),                                   \
		KIND(name ", host to BAR", tls, thresh, false, true, __VA_ARGS__)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENDS("rc, eager", "rc,vfio", "inf", LARGEST, false),
		ENDS("rc, rendezvous", "rc,vfio", "0", LARGEST, false),
		BOTH("rc, as UCX chooses", "rc,vfio", "auto", LARGEST, false),
		ENDS("ud, eager", "ud,vfio", "inf", MIB(2), false),
		BOTH("ud, rendezvous", "ud,vfio", "0", MIB(2), false),
		ENDS("tcp, eager", "tcp,vfio", "inf", MIB(2), false),
		BOTH("tcp, rendezvous", "tcp,vfio", "0", MIB(2), false),
		ENDS("rc, a type of its own", "rc,vfio", "auto", MIB(2), true),
		BOTH("tcp, a type of its own", "tcp,vfio", "auto", MIB(2), true),
	};

	ucp_ends_plugin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
