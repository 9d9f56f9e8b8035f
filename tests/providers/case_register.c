// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What can be registered, how often, and what is refused. */
#include <errno.h>
#include <string.h>

#include "conform.h"

#define SIZE  KIB(64)
#define MANY  24
#define AGAIN 40

/* A word of host memory to @offset of a region, and back. */
static void works(struct conform *c, struct prov_region *far, uint64_t offset)
{
	struct prov_memory host = conform_host(c, PAGE);
	struct prov_op op = {.near = conform_reg(c, &host, 0, PAGE), .far = far};
	uint64_t word = 0x70656572u + offset, got;

	op.len = sizeof(word);
	op.far_at = offset;
	op.write = true;
	memcpy(host.addr, &word, sizeof(word));
	conform_moves(c, &op);
	op.write = false;
	memset(host.addr, 0, sizeof(word));
	conform_moves(c, &op);
	memcpy(&got, host.addr, sizeof(got));
	assert_int_equal(got, word);
	conform_dereg(c, op.near);
	fx_drop(c->fx, host.addr);
}

static void test_register(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, MIB(1), SIZE);
	struct prov_region *region;

	conform_attached(c, &bar, 0);
	region = conform_reg(c, &bar, 0, SIZE);
	conform_attached(c, &bar, 1);
	works(c, region, 0);
	works(c, region, SIZE - 8);
	conform_dereg(c, region);
	conform_attached(c, &bar, 0);
}

static void test_bounds(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, MIB(1), SIZE);

	conform_not_reg(c, &bar, 0, SIZE + 1, -EINVAL, -ERANGE);
	conform_not_reg(c, &bar, SIZE - 1, 2, -EINVAL, -ERANGE);
	conform_not_reg(c, &bar, PAGE, SIZE, -EINVAL, -ERANGE);
	conform_not_reg(c, &bar, 0, 2 * SIZE, -EINVAL, -ERANGE);
	conform_attached(c, &bar, 0);
	works(c, conform_reg(c, &bar, SIZE - 8, 8), 0);
}

static void test_many(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, MIB(1), MIB(1));
	struct prov_region *regions[MANY];
	unsigned int i;

	/* each overlaps its neighbours, and none but the first is aligned */
	for (i = 0; i < MANY; i++)
		regions[i] = conform_reg(c, &bar, i * (PAGE + 8), SIZE);
	conform_attached(c, &bar, MANY);
	for (i = 0; i < MANY; i++)
		works(c, regions[i], 0);
	for (i = 0; i < MANY; i += 2)
		conform_dereg(c, regions[i]);
	conform_attached(c, &bar, MANY / 2);
	for (i = 1; i < MANY; i += 2)
		works(c, regions[i], SIZE - 8);
	for (i = MANY; i; i -= 2)
		conform_dereg(c, regions[i - 1]);
	conform_attached(c, &bar, 0);
}

static void test_again(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, MIB(1), SIZE);
	struct prov_region *region;
	unsigned int i;

	for (i = 0; i < AGAIN; i++) {
		region = conform_reg(c, &bar, i % 3 * PAGE, SIZE - i % 3 * PAGE);
		conform_attached(c, &bar, 1);
		if (i % 10 == 9)
			works(c, region, 8);
		conform_dereg(c, region);
	}
	conform_attached(c, &bar, 0);
}

static void test_after_a_new_export(struct conform *c)
{
	struct prov_memory first = conform_bar_one(c, MIB(1), SIZE), second;
	struct prov_region *region = conform_reg(c, &first, 0, SIZE);

	/* of the same piece of the BAR, and quite likely at the same address */
	conform_dereg(c, region);
	fx_drop(c->fx, first.map);
	fx_drop(c->fx, first.buf);
	second = conform_bar_one(c, MIB(1), SIZE);
	region = conform_reg(c, &second, 0, SIZE);
	conform_attached(c, &second, 1);
	works(c, region, 16);
}

static void test_revoked(struct conform *c)
{
	struct prov_memory bar = conform_bar_one(c, MIB(1), SIZE);

	ok(peerbar_device_set_memory(c->dev, false));
	conform_not_reg(c, &bar, 0, SIZE, -ENODEV, -ENODEV);
	ok(peerbar_device_set_memory(c->dev, true));
	works(c, conform_reg(c, &bar, 0, SIZE), 0);
	ok(peerbar_buffer_revoke(bar.buf));
	conform_not_reg(c, &bar, 0, SIZE, -ENODEV, -ENODEV);
}

const struct conform_case conform_register[] = {
	{"a buffer is registered", test_register, 0},
	{"no region leaves its buffer", test_bounds, 0},
	{"many regions of one buffer", test_many, 0},
	{"regions come and go", test_again, 0},
	{"a buffer where another one was", test_after_a_new_export, 0},
	{"what is taken back is not registered", test_revoked, PROV_DMABUF},
	{0},
};
