// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What of a registration reaches the provider below the hook. */
#include <sys/mman.h>

#include "hook_scene.h"

static void hits_become_dmabufs(void **state)
{
	static const char *const providers[] = {"verbs", "efa", "VERBS"};
	struct iovec iov = {bar + PAGE, PAGE};
	struct fi_mr_attr attr = {
		.mr_iov = &iov,
		.iov_count = 1,
		.access = ACCESS,
		.requested_key = KEY,
		.context = &mr_context,
	};
	struct fid_fabric *fabric;
	struct fake_domain *d;
	unsigned int i;

	for (i = 0; i < NR(providers); i++) {
		fabric = open_fabric(providers[i], NEWEST);
		d = open_domain(fabric, FI_RMA);
		assert_int_equal(reg(d, bar + 24, 100, 1), 0);
		is_dmabuf(d, 0, bar + 24, 100);
		assert_int_equal(d->flags, FI_MR_DMABUF | 1);
		assert_int_equal(d->seen.iov_count, 1);
		assert_int_equal(reg(d, bar, 2 * PAGE, 0), 0);
		is_dmabuf(d, 0, bar, 2 * PAGE);
		assert_int_equal(regv(d, &iov, 1), 0);
		is_dmabuf(d, 0, bar + PAGE, PAGE);
		assert_int_equal(d->flags, FI_MR_DMABUF | 7);
		assert_int_equal(regattr(d, &attr, 2), 0);
		is_dmabuf(d, 0, bar + PAGE, PAGE);
		assert_int_equal(d->flags, FI_MR_DMABUF | 2);
		assert_int_equal(d->calls, 4);
		close_both(d, fabric);
	}
}

static void several_spans(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, 0);
	struct iovec iov[6];
	unsigned int i;

	for (i = 0; i < NR(iov); i++)
		iov[i] = (struct iovec){bar + PAGE - 512 * i, 64 + i};
	for (i = 1; i <= NR(iov); i++) {
		assert_int_equal(regv(d, iov, i), 0);
		assert_int_equal(d->seen.iov_count, i);
		is_dmabuf(d, 0, iov[0].iov_base, iov[0].iov_len);
		is_dmabuf(d, i - 1, iov[i - 1].iov_base, iov[i - 1].iov_len);
	}
	d->call = FAKE_NONE;
	/* one kind or the other, whichever comes first */
	iov[5].iov_base = heap;
	assert_error(regv(d, iov, 6), FI_EINVAL, "5 of 6 spans");
	iov[0].iov_base = heap;
	assert_error(regv(d, iov, 2), FI_EINVAL, "1 of 2 spans");
	/* the last of many leaves its buffer */
	iov[0].iov_base = bar;
	iov[5] = (struct iovec){bar + PAGE, PAGE + 1};
	assert_error(regv(d, iov, 6), FI_EINVAL, "leave");
	assert_int_equal(d->call, FAKE_NONE);
	close_both(d, fabric);
}

/* The same arguments come out, and nothing that they point to was copied. */
static void misses_pass(struct fake_domain *d)
{
	struct iovec iov[2] = {{heap, 1}, {heap + PAGE, 2}};
	struct fi_mr_attr attr = {.mr_iov = iov, .iov_count = 2};

	lookups = 0;
	assert_int_equal(reg(d, heap, 9, 3), 0);
	assert_int_equal(d->call, FAKE_REG);
	assert_ptr_equal(d->buf, heap);
	assert_int_equal(d->len, 9);
	assert_int_equal(d->flags, 3);
	assert_int_equal(d->access, ACCESS);
	assert_int_equal(d->key, KEY);
	assert_ptr_equal(d->context, &mr_context);
	assert_int_equal(lookups, 1);
	assert_int_equal(regv(d, iov, 2), 0);
	assert_int_equal(d->call, FAKE_REGV);
	assert_ptr_equal(d->iov, iov);
	assert_int_equal(d->count, 2);
	assert_int_equal(d->flags, 7);
	assert_int_equal(lookups, 3);
	assert_int_equal(regattr(d, &attr, 5), 0);
	assert_int_equal(d->call, FAKE_REGATTR);
	assert_ptr_equal(d->attr, &attr);
	assert_int_equal(d->flags, 5);
	assert_int_equal(lookups, 5);
}

static void others_pass_untouched(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, FI_HMEM);
	struct iovec iov = {bar, PAGE};
	struct fi_mr_dmabuf dmabuf = {.fd = 3};
	struct fi_mr_attr attr = {.mr_iov = &iov, .iov_count = 1};

	misses_pass(d);
	/* next to the mapping, but not in it */
	assert_int_equal(reg(d, bar - 8, 8, 0), 0);
	assert_int_equal(d->call, FAKE_REG);
	assert_int_equal(reg(d, bar + 2 * PAGE, 8, 0), 0);
	assert_int_equal(d->call, FAKE_REG);
	/* an empty one */
	assert_int_equal(reg(d, bar, 0, 0), 0);
	assert_int_equal(d->call, FAKE_REG);
	/* of an application that does it itself, without a look-up */
	lookups = 0;
	attr.dmabuf = &dmabuf;
	assert_int_equal(regattr(d, &attr, FI_MR_DMABUF), 0);
	assert_ptr_equal(d->attr, &attr);
	assert_int_equal(reg(d, bar, 8, FI_MR_DMABUF), 0);
	assert_int_equal(d->call, FAKE_REG);
	assert_int_equal(lookups, 0);
	/* another device's memory, a part of another MR */
	attr.mr_iov = &iov;
	attr.iface = FI_HMEM_CUDA;
	assert_int_equal(regattr(d, &attr, 0), 0);
	assert_ptr_equal(d->attr, &attr);
	attr.iface = FI_HMEM_SYSTEM;
	attr.base_mr = &fake_mr;
	assert_int_equal(regattr(d, &attr, 0), 0);
	assert_ptr_equal(d->attr, &attr);
	/* nonsense is the provider's to refuse */
	d->answer = -FI_EINVAL;
	assert_int_equal(regattr(d, NULL, 0), -FI_EINVAL);
	attr = (struct fi_mr_attr){.iov_count = 1};
	assert_int_equal(regattr(d, &attr, 0), -FI_EINVAL);
	assert_int_equal(regv(d, NULL, 0), -FI_EINVAL);
	assert_int_equal(d->calls, 13);
	close_both(d, fabric);
}

static void spans_that_leave(void **state)
{
	static const char *const providers[] = {"verbs", "tcp", "psm3"};
	struct fid_fabric *fabric;
	struct fake_domain *d;
	unsigned int i;

	for (i = 0; i < NR(providers); i++) {
		fabric = open_fabric(providers[i], NEWEST);
		d = open_domain(fabric, 0);
		assert_error(reg(d, bar, 2 * PAGE + 1, 0), FI_EINVAL, "leave");
		assert_error(reg(d, bar - 1, 2, 0), FI_EINVAL, "leave");
		assert_error(reg(d, bar - PAGE, 4 * PAGE, 0), FI_EINVAL, "leave");
		assert_error(reg(d, bar + 8, SIZE_MAX, 0), FI_EINVAL, "leave");
		assert_int_equal(d->calls, 0);
		close_both(d, fabric);
	}
}

/*
 * An attr of @size bytes right in front of a page that cannot be touched, in
 * which every byte is garbage but for the fields that @version has.
 */
static struct fi_mr_attr *old_attr(void *pages, size_t size,
				   const struct iovec *iov)
{
	struct fi_mr_attr *attr = (void *)((char *)pages + PAGE - size);
	struct fi_mr_attr full;

	memset(&full, 0xa5, sizeof(full));
	full.mr_iov = iov;
	full.iov_count = 1;
	full.access = ACCESS;
	full.offset = 0;
	full.requested_key = KEY;
	full.context = &mr_context;
	full.auth_key_size = 3;
	full.auth_key = (uint8_t *)heap;
	/* iface is garbage: nobody reads it without FI_HMEM */
	full.page_size = PAGE;
	full.base_mr = NULL;
	full.sub_mr_cnt = 0;
	memcpy(attr, &full, size);
	return attr;
}

static void old_callers(void **state)
{
	static const struct {
		uint32_t version;
		size_t size;
	} callers[] = {
		{0, offsetof(struct fi_mr_attr, auth_key_size)},
		{FI_VERSION(1, 0), offsetof(struct fi_mr_attr, auth_key_size)},
		{FI_VERSION(1, 4), offsetof(struct fi_mr_attr, auth_key_size)},
		{FI_VERSION(1, 5), offsetof(struct fi_mr_attr, iface)},
		{FI_VERSION(1, 8), offsetof(struct fi_mr_attr, iface)},
		{FI_VERSION(1, 9), offsetof(struct fi_mr_attr, hmem_data)},
		{FI_VERSION(1, 18), offsetof(struct fi_mr_attr, hmem_data)},
		{FI_VERSION(1, 19), offsetof(struct fi_mr_attr, page_size)},
		{FI_VERSION(1, 21), offsetof(struct fi_mr_attr, page_size)},
		{FI_VERSION(1, 22), offsetof(struct fi_mr_attr, base_mr)},
		{FI_VERSION(2, 0), sizeof(struct fi_mr_attr)},
		{FI_VERSION(9, 0), sizeof(struct fi_mr_attr)},
	};
	struct iovec in = {bar, PAGE}, out = {heap, PAGE};
	struct fi_mr_attr *attr;
	struct fid_fabric *fabric;
	struct fake_domain *d;
	unsigned int i;
	void *pages;

	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect((char *)pages + PAGE, PAGE, PROT_NONE), 0);
	for (i = 0; i < NR(callers); i++) {
		const bool has_key = callers[i].version >= FI_VERSION(1, 5);
		const bool has_page = callers[i].version >= FI_VERSION(1, 22);

		fabric = open_fabric("verbs", callers[i].version);
		/* FI_HMEM is for those who have an iface */
		d = open_domain(fabric, callers[i].version < FI_VERSION(1, 9)
						? FI_HMEM
						: 0);
		attr = old_attr(pages, callers[i].size, &in);
		assert_int_equal(regattr(d, attr, 0), 0);
		is_dmabuf(d, 0, bar, PAGE);
		assert_int_equal(d->seen.auth_key_size, has_key ? 3 : 0);
		assert_ptr_equal(d->seen.auth_key, has_key ? heap : NULL);
		assert_int_equal(d->seen.device.reserved, 0);
		assert_null(d->seen.hmem_data);
		assert_int_equal(d->seen.page_size, has_page ? PAGE : 0);
		assert_null(d->seen.base_mr);
		assert_int_equal(d->seen.sub_mr_cnt, 0);
		attr = old_attr(pages, callers[i].size, &out);
		assert_int_equal(regattr(d, attr, 0), 0);
		assert_ptr_equal(d->attr, attr);
		close_both(d, fabric);
	}
	munmap(pages, 2 * PAGE);
}

static void only_core_providers(void **state)
{
	static const char *const layers[] = {"ofi_rxm", "ofi_rxd",
					     "OFI_RXM", "off_coll",
					     "lnx",	"ofi_mrail"};
	struct fid_fabric *fabric = fake_fabric(NEWEST);
	struct fi_ops_fabric *ops = fabric->ops;
	struct fi_ops *fid_ops = fabric->fid.ops;
	unsigned int i;

	for (i = 0; i < NR(layers); i++) {
		assert_int_not_equal(install(fabric, layers[i]), 0);
		assert_ptr_equal(fabric->ops, ops);
		assert_ptr_equal(fabric->fid.ops, fid_ops);
	}
	assert_int_equal(fi_close(&fabric->fid), 0);
}

/* A provider that reads an iovec whatever the flags say never sees a dma-buf. */
static void providers_without_dmabuf(void **state)
{
	static const char *const providers[] = {
		"tcp", "sockets", "shm", "psm3", "verbs2", "verb", ""};
	struct iovec iov = {bar, PAGE};
	struct fi_mr_attr attr = {.mr_iov = &iov, .iov_count = 1};
	struct fid_fabric *fabric;
	struct fake_domain *d;
	unsigned int i;

	for (i = 0; i < NR(providers); i++) {
		fabric = open_fabric(providers[i], NEWEST);
		d = open_domain(fabric, 0);
		assert_int_equal(reg(d, bar, PAGE, 3), 0);
		assert_int_equal(d->call, FAKE_REG);
		assert_ptr_equal(d->buf, bar);
		assert_int_equal(d->flags, 3);
		assert_int_equal(regattr(d, &attr, 0), 0);
		assert_ptr_equal(d->attr, &attr);
		misses_pass(d);
		close_both(d, fabric);
	}
}

static void list_of_providers(void **state)
{
	static const struct {
		const char *list;
		const char *provider;
		bool dmabuf;
	} cases[] = {
		{"tcp", "tcp", true},	      {"tcp", "verbs", false},
		{"verbs,tcp,x", "tcp", true}, {"verbs,tcp,x", "verbs", true},
		{"verbs,tcp,x", "x", true},   {"verbs,tcp,x", "cp", false},
		{"verbs,tcp,x", "tc", false}, {"", "verbs", false},
		{",,verbs,", "verbs", true},  {",", "", false},
	};
	struct fid_fabric *fabric;
	struct fake_domain *d;
	unsigned int i;

	for (i = 0; i < NR(cases); i++) {
		setenv("FI_OFI_HOOK_VFIO_DMABUF", cases[i].list, 1);
		fabric = open_fabric(cases[i].provider, NEWEST);
		d = open_domain(fabric, 0);
		assert_int_equal(reg(d, bar, PAGE, 0), 0);
		assert_int_equal(d->call == FAKE_REGATTR, cases[i].dmabuf);
		close_both(d, fabric);
	}
}

static void errors_say_why(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, 0);

	d->answer = -FI_ENOSYS;
	assert_error(reg(d, bar, PAGE, 0), FI_ENOSYS, "kallsyms");
	d->answer = -FI_EOPNOTSUPP;
	assert_error(reg(d, bar, PAGE, 0), FI_EOPNOTSUPP, "rdma-core");
	d->answer = -FI_ENODEV;
	assert_error(reg(d, bar, PAGE, 0), FI_ENODEV,
		     "verbs: the buffer is revoked");
	d->answer = -FI_ENOKEY;
	assert_error(reg(d, bar, PAGE, 0), FI_ENOKEY, "key");
	/* not ours to explain */
	peerbar_error_set(0, "before");
	assert_error(reg(d, heap, PAGE, 0), FI_ENOKEY, "before");
	close_both(d, fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hits_become_dmabufs),
		TEST(several_spans),
		TEST(others_pass_untouched),
		TEST(spans_that_leave),
		TEST(old_callers),
		TEST(only_core_providers),
		TEST(providers_without_dmabuf),
		TEST(list_of_providers),
		TEST(errors_say_why),
	};

	return cmocka_run_group_tests(tests, load, NULL) ? 1 : 0;
}
