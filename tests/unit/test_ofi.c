// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libpeerbar-ofi above a provider that remembers what it is asked for. */
#include <errno.h>

#include <rdma/fi_errno.h>

#include "test.h"
#include "convert.h"
#include "fake_fabric.h"
#include "fake_kernel.h"
#include <peerbar/ofi.h>

#define PAGE   4096u
#define ACCESS (FI_SEND | FI_REMOTE_WRITE)
#define ADDR   ((char *)0x7f0000001000)

static struct peerbar_buffer *buf;
static int foreign;

static int setup(void **state)
{
	fake_reset();
	foreign = fake_foreign_dma_buf(4 * PAGE, false);
	return peerbar_buffer_import(foreign, &buf);
}

static int teardown(void **state)
{
	peerbar_buffer_close(buf);
	fake_close(foreign);
	assert_int_equal(fake_fds(), 0);
	return 0;
}

static void conversion(void **state)
{
	/* all that the headers of libpeerbar name, and a few neighbours */
	static const struct {
		int err, fi;
	} table[] = {
		{EINVAL, FI_EINVAL},
		{ENODEV, FI_ENODEV},
		{EOPNOTSUPP, FI_EOPNOTSUPP},
		{E2BIG, FI_E2BIG},
		{EBADF, FI_EBADF},
		{EACCES, FI_EACCES},
		{EPERM, FI_EPERM},
		{EBUSY, FI_EBUSY},
		{ENOENT, FI_ENOENT},
		{ERANGE, FI_EINVAL},
		{EBADFD, FI_EOPBADSTATE},
		{ENOMEM, FI_ENOMEM},
		{EIO, FI_EIO},
		{EAGAIN, FI_EAGAIN},
		{EINTR, FI_EINTR},
		{EFAULT, FI_EFAULT},
		{EMFILE, FI_EMFILE},
		{ENFILE, FI_EMFILE},
		{ENOSPC, FI_ENOSPC},
		{ENOSYS, FI_ENOSYS},
		{EOVERFLOW, FI_EOVERFLOW},
		{ETIMEDOUT, FI_ETIMEDOUT},
		{ENXIO, FI_ENODEV},
		{ENOTTY, FI_EOPNOTSUPP},
		{EXDEV, FI_EOTHER},
		{ESRCH, FI_EOTHER},
		{4000, FI_EOTHER},
	};
	unsigned int i;

	assert_int_equal(ofi_from_errno(0), 0);
	for (i = 0; i < NR(table); i++)
		assert_int_equal(ofi_from_errno(-table[i].err), -table[i].fi);
	/* a success that was never meant is no success */
	assert_int_equal(ofi_from_errno(EINVAL), -FI_EOTHER);
}

static void fills_attr(void **state)
{
	struct {
		struct fi_mr_attr attr;
		unsigned char beyond[32];
	} room;
	struct fi_mr_dmabuf dmabuf;
	size_t size;

	/* from the first with FI_MR_DMABUF to one that is yet to come */
	for (size = offsetof(struct fi_mr_attr, page_size);
	     size <= sizeof(room.attr) + 16; size += 8) {
		memset(&room, 0xa5, sizeof(room));
		assert_int_equal(peerbar_ofi_mr_attr(buf, PAGE + 8, 77,
						     ADDR + 8, ACCESS, 5,
						     &dmabuf, &room.attr, size),
				 0);
		assert_int_equal(((unsigned char *)&room)[size], 0xa5);
		assert_int_equal(((unsigned char *)&room)[size - 1], 0);
		assert_ptr_equal(room.attr.dmabuf, &dmabuf);
		assert_int_equal(room.attr.iov_count, 1);
		assert_int_equal(room.attr.access, ACCESS);
		assert_int_equal(room.attr.requested_key, 5);
		assert_null(room.attr.auth_key);
		assert_int_equal(room.attr.iface, FI_HMEM_SYSTEM);
		assert_int_equal(dmabuf.fd, peerbar_buffer_fd(buf));
		assert_int_equal(dmabuf.offset, PAGE + 8);
		assert_int_equal(dmabuf.len, 77);
		assert_ptr_equal(dmabuf.base_addr, ADDR - PAGE);
	}
	assert_int_equal(peerbar_ofi_mr_attr(buf, 3, 4 * PAGE - 3, NULL, ACCESS,
					     0, &dmabuf, &room.attr,
					     sizeof(room.attr)),
			 0);
	assert_null(dmabuf.base_addr);
	assert_int_equal(dmabuf.offset, 3);
}

static void refused(uint64_t offset, size_t length, const void *addr,
		    size_t attr_size, const char *text)
{
	struct fi_mr_dmabuf dmabuf = {.fd = 77};
	struct fi_mr_attr attr = {.iov_count = 77};

	assert_error(peerbar_ofi_mr_attr(buf, offset, length, addr, ACCESS, 0,
					 &dmabuf, &attr, attr_size),
		     FI_EINVAL, text);
	assert_int_equal(dmabuf.fd, 77);
	assert_int_equal(attr.iov_count, 77);
}

static void bad_arguments(void **state)
{
	const size_t size = sizeof(struct fi_mr_attr);

	refused(0, 0, NULL, size, "is empty");
	refused(4 * PAGE, 1, NULL, size, "beyond the buffer");
	refused(1, 4 * PAGE, NULL, size, "beyond the buffer");
	refused(PAGE, SIZE_MAX, NULL, size, "beyond the buffer");
	refused(UINT64_MAX, 1, NULL, size, "beyond the buffer");
	refused(1, 1, ADDR, size, "differ within the page");
	refused(0, 1, ADDR, offsetof(struct fi_mr_attr, page_size) - 1,
		"older than FI_MR_DMABUF");
}

static struct fake_domain *open_domain(struct fid_fabric *fabric)
{
	struct fi_info info = {0};
	struct fid_domain *domain;

	assert_int_equal(fi_domain(fabric, &info, &domain, NULL), 0);
	return (struct fake_domain *)domain;
}

static void registers(void **state)
{
	struct fid_fabric *fabric = fake_fabric(FI_VERSION(2, 0));
	struct fake_domain *d = open_domain(fabric);
	struct fid_mr *const untouched = (void *)0x1;
	struct fid_mr *mr = untouched;

	assert_int_equal(peerbar_ofi_mr_reg(&d->domain, buf, PAGE, PAGE, ADDR,
					    ACCESS, 9, &mr),
			 0);
	assert_ptr_equal(mr, &fake_mr);
	assert_int_equal(d->flags, FI_MR_DMABUF);
	assert_int_equal(d->spans[0].offset, PAGE);
	assert_ptr_equal(d->spans[0].base_addr, ADDR - PAGE);
	assert_int_equal(d->seen.requested_key, 9);
	assert_null(d->seen.base_mr);
	mr = untouched;
	assert_error(peerbar_ofi_mr_reg(&d->domain, buf, PAGE, 4 * PAGE, ADDR,
					ACCESS, 0, &mr),
		     FI_EINVAL, "beyond");
	d->answer = -FI_EOPNOTSUPP;
	assert_error(peerbar_ofi_mr_reg(&d->domain, buf, 0, PAGE, ADDR, ACCESS,
					0, &mr),
		     FI_EOPNOTSUPP, "rdma-core");
	assert_int_equal(d->calls, 2);
	assert_ptr_equal(mr, untouched);
	assert_int_equal(fi_close(&d->domain.fid), 0);
	assert_int_equal(fi_close(&fabric->fid), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(conversion),
		TEST(fills_attr),
		TEST(bad_arguments),
		TEST(registers),
	};

	return RUN(tests);
}
