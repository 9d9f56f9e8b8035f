// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "front.h"
#include "hook_scene.h"

struct fi_provider *fi_prov_ini(void);

struct fi_provider *hook;
struct peerbar_buffer *buf;
char *bar;
char heap[2 * PAGE];
int bar_fd;
int mr_context;
atomic_uint lookups;
unsigned int copies_left;

static struct peerbar_device *dev;
static struct peerbar_mapping *map;

/* The linker brings the hook's look-ups and copies of tables here. */
int __real_peerbar_registry_find(const void *addr, size_t len,
				 struct peerbar_hit *out);
int __wrap_peerbar_registry_find(const void *addr, size_t len,
				 struct peerbar_hit *out);
void *__real_ofi_ops_copy(const void *table, size_t size, void *owner);
void *__wrap_ofi_ops_copy(const void *table, size_t size, void *owner);

int __wrap_peerbar_registry_find(const void *addr, size_t len,
				 struct peerbar_hit *out)
{
	atomic_fetch_add(&lookups, 1);
	return __real_peerbar_registry_find(addr, len, out);
}

void *__wrap_ofi_ops_copy(const void *table, size_t size, void *owner)
{
	if (copies_left && !--copies_left)
		return NULL;
	return __real_ofi_ops_copy(table, size, owner);
}

int setup(void **state)
{
	const struct peerbar_range range = {0, 4 * PAGE};
	struct peerbar_hit hit;

	guard_to_front();
	fake_reset();
	fake_domain2_nests(false);
	unsetenv("FI_OFI_HOOK_VFIO_DMABUF");
	if (peerbar_device_open(FAKE_BDF, NULL, &dev) ||
	    peerbar_buffer_export(dev, FAKE_BAR, &range, 1, 0, &buf) ||
	    peerbar_buffer_map(buf, PAGE, 2 * PAGE, 0, &map))
		return -1;
	bar = peerbar_mapping_addr(map);
	if (__real_peerbar_registry_find(bar, 1, &hit))
		return -1;
	bar_fd = hit.fd;
	return 0;
}

int teardown(void **state)
{
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
	peerbar_device_close(dev);
	assert_int_equal(fake_fabrics, 0);
	assert_int_equal(fake_domains, 0);
	return 0;
}

/* what libfabric does after it opened a fabric */
int install(struct fid_fabric *fabric, const char *provider)
{
	struct fi_provider hooked = {.name = provider};
	struct fi_fabric_attr attr = {.fabric = fabric};
	struct fid_fabric *out = fabric;
	int ret = hook->fabric(&attr, &out, &hooked);

	assert_ptr_equal(out, fabric);
	return ret;
}

struct fid_fabric *open_fabric(const char *provider, uint32_t version)
{
	struct fid_fabric *fabric = fake_fabric(version);

	assert_int_equal(install(fabric, provider), 0);
	return fabric;
}

struct fake_domain *open_domain(struct fid_fabric *fabric, uint64_t caps)
{
	struct fi_domain_attr domain_attr = {0};
	struct fi_info info = {.caps = caps, .domain_attr = &domain_attr};
	struct fid_domain *domain = NULL;

	assert_int_equal(fi_domain(fabric, &info, &domain, NULL), 0);
	return (struct fake_domain *)domain;
}

void close_both(struct fake_domain *d, struct fid_fabric *fabric)
{
	assert_int_equal(fi_close(&d->domain.fid), 0);
	assert_int_equal(fi_close(&fabric->fid), 0);
}

int reg(struct fake_domain *d, const void *addr, size_t len, uint64_t flags)
{
	struct fid_mr *mr = NULL;
	int ret = fi_mr_reg(&d->domain, addr, len, ACCESS, 0, KEY, flags, &mr,
			    &mr_context);

	assert_ptr_equal(mr, ret ? NULL : &fake_mr);
	return ret;
}

int regv(struct fake_domain *d, const struct iovec *iov, size_t count)
{
	struct fid_mr *mr = NULL;

	return fi_mr_regv(&d->domain, iov, count, ACCESS, 0, KEY, 7, &mr,
			  &mr_context);
}

int regattr(struct fake_domain *d, const struct fi_mr_attr *attr, uint64_t flags)
{
	struct fid_mr *mr = NULL;

	return fi_mr_regattr(&d->domain, attr, flags, &mr);
}

/* span @i of the last registration is @len bytes at @addr of the BAR mapping */
void is_dmabuf(struct fake_domain *d, unsigned int i, const char *addr, size_t len)
{
	const struct fi_mr_dmabuf *span = &d->spans[i];

	assert_int_equal(d->call, FAKE_REGATTR);
	assert_true(d->flags & FI_MR_DMABUF);
	assert_int_equal(span->fd, bar_fd);
	assert_int_equal(span->offset, PAGE + (addr - bar));
	assert_int_equal(span->len, len);
	assert_ptr_equal((char *)span->base_addr + span->offset, addr);
	assert_int_equal(d->seen.access, ACCESS);
	assert_int_equal(d->seen.requested_key, KEY);
	assert_ptr_equal(d->seen.context, &mr_context);
	assert_int_equal(d->seen.iface, FI_HMEM_SYSTEM);
}

int load(void **state)
{
	hook = fi_prov_ini();
	/* that is what makes it a hook, and how FI_HOOK=vfio finds it */
	assert_null(hook->getinfo);
	assert_string_equal(hook->name, "ofi_hook_vfio");
	return 0;
}
