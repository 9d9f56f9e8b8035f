// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libpeerbar-verbs above a fake libibverbs and a fake RDMA driver. */
#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "test.h"
#include "convert.h"
#include "fake_kernel.h"
#include <peerbar/verbs.h>

#define PAGE	  4096u
#define CMD_FD	  555
#define DRIVER_ID 17

/* 0: registers; else what the layer says to a dma-buf */
static int provider_errno, driver_errno, importer_errno;
static bool fd_minus_one_works;
static unsigned int live_mrs, driver_calls;
static struct ibv_context context = {.cmd_fd = CMD_FD};
static struct ibv_pd pd = {.context = &context, .handle = 9};
static struct peerbar_buffer *buf;
static int foreign;

__attribute__((visibility("default"))) struct ibv_mr *
ibv_reg_dmabuf_mr(struct ibv_pd *on, uint64_t offset, size_t length,
		  uint64_t iova, int fd, int access)
{
	struct ibv_mr *mr;

	assert_ptr_equal(on, &pd);
	errno = provider_errno ? provider_errno : driver_errno;
	if (!errno && fd == -1 && !fd_minus_one_works)
		errno = EBADF;
	if (!errno && fd != -1)
		errno = importer_errno;
	if (errno > 0)
		return NULL;
	if (errno < 0) {
		errno = 0;
		return NULL;
	}
	mr = test_calloc(1, sizeof(*mr));
	mr->addr = (void *)(uintptr_t)offset;
	live_mrs++;
	return mr;
}

__attribute__((visibility("default"))) int ibv_dereg_mr(struct ibv_mr *mr)
{
	live_mrs--;
	test_free(mr);
	return 0;
}

/* Instead of libc's: the fake kernel below makes no ioctl() of its own. */
__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request,
						 ...)
{
	struct ib_uverbs_ioctl_hdr *header;
	va_list args;

	va_start(args, request);
	header = va_arg(args, struct ib_uverbs_ioctl_hdr *);
	va_end(args);
	driver_calls++;
	assert_int_equal(fd, CMD_FD);
	assert_int_equal(request, RDMA_VERBS_IOCTL);
	assert_int_equal(header->object_id, UVERBS_OBJECT_MR);
	assert_int_equal(header->method_id, UVERBS_METHOD_REG_DMABUF_MR);
	assert_int_equal(header->length,
			 sizeof(*header) +
				 header->num_attrs * sizeof(header->attrs[0]));
	assert_int_equal(header->attrs[UVERBS_ATTR_REG_DMABUF_MR_PD_HANDLE].data,
			 9);
	errno = header->driver_id != DRIVER_ID ? EINVAL
		: driver_errno		       ? driver_errno
					       : EBADF;
	return -1;
}

static int setup(void **state)
{
	provider_errno = driver_errno = importer_errno = 0;
	fd_minus_one_works = false;
	live_mrs = driver_calls = 0;
	fake_reset();
	foreign = fake_foreign_dma_buf(4 * PAGE, false);
	return peerbar_buffer_import(foreign, &buf);
}

static int teardown(void **state)
{
	peerbar_buffer_close(buf);
	fake_close(foreign);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(live_mrs, 0);
	return 0;
}

static void probe_is(enum peerbar_verbs_support expected)
{
	enum peerbar_verbs_support found = (enum peerbar_verbs_support) - 1;

	assert_int_equal(peerbar_verbs_probe(&pd, buf, &found), 0);
	assert_int_equal(found, expected);
}

static void probe_causes(void **state)
{
	enum peerbar_verbs_support found;

	probe_is(PEERBAR_VERBS_OK);
	provider_errno = EOPNOTSUPP;
	probe_is(PEERBAR_VERBS_NO_PROVIDER);
	driver_errno = EOPNOTSUPP;
	probe_is(PEERBAR_VERBS_NO_DRIVER);
	driver_errno = EPROTONOSUPPORT;
	probe_is(PEERBAR_VERBS_NO_DRIVER);
	provider_errno = driver_errno = 0;
	importer_errno = EOPNOTSUPP;
	probe_is(PEERBAR_VERBS_NO_REVOKE);
	/* without a buffer that cannot be seen */
	assert_int_equal(peerbar_verbs_probe(&pd, NULL, &found), 0);
	assert_int_equal(found, PEERBAR_VERBS_OK);
}

static void probe_fails(void **state)
{
	enum peerbar_verbs_support found = (enum peerbar_verbs_support)77;

	importer_errno = ENODEV;
	assert_error(peerbar_verbs_probe(&pd, buf, &found), ENODEV,
		     "No such device");
	importer_errno = 0;
	provider_errno = ENOMEM;
	assert_error(peerbar_verbs_probe(&pd, buf, &found), ENOMEM, "fd -1");
	provider_errno = EOPNOTSUPP;
	driver_errno = EACCES;
	assert_error(peerbar_verbs_probe(&pd, buf, &found), EACCES,
		     "RDMA driver");
	driver_errno = EINVAL;
	assert_error(peerbar_verbs_probe(&pd, buf, &found), EINVAL,
		     "RDMA driver");
	provider_errno = driver_errno = 0;
	fd_minus_one_works = true;
	assert_error(peerbar_verbs_probe(&pd, buf, &found), EIO,
		     "registered fd -1");
	assert_int_equal(found, 77);
}

static void texts_differ(void **state)
{
	static const enum peerbar_verbs_support all[] = {
		PEERBAR_VERBS_OK,
		PEERBAR_VERBS_NO_PROVIDER,
		PEERBAR_VERBS_NO_DRIVER,
		PEERBAR_VERBS_NO_REVOKE,
		(enum peerbar_verbs_support)99,
	};
	unsigned int i, j;

	for (i = 0; i < NR(all); i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(
				peerbar_verbs_support_text(all[i]),
				peerbar_verbs_support_text(all[j]));
}

static void registers(void **state)
{
	struct ibv_mr *mr = NULL;
	const uint64_t iova = 0x7000000000000123;

	assert_int_equal(peerbar_verbs_reg_mr(&pd, buf, 0x1123, 77, iova,
					      IBV_ACCESS_LOCAL_WRITE, &mr),
			 0);
	assert_int_equal((uintptr_t)mr->addr, iova);
	assert_int_equal(mr->length, 77);
	assert_int_equal(ibv_dereg_mr(mr), 0);
	assert_int_equal(driver_calls, 0);
}

static void refused(uint64_t offset, size_t length, uint64_t iova, int access,
		    int err, const char *text)
{
	struct ibv_mr *const untouched = (void *)0x1;
	struct ibv_mr *mr = untouched;

	assert_error(peerbar_verbs_reg_mr(&pd, buf, offset, length, iova,
					  access, &mr),
		     err, text);
	assert_ptr_equal(mr, untouched);
}

static void bad_arguments(void **state)
{
	refused(0, 0, 0, 0, EINVAL, "is empty");
	refused(4 * PAGE, 1, 0, 0, EINVAL, "beyond the buffer");
	refused(1, 4 * PAGE, 1, 0, EINVAL, "beyond the buffer");
	refused(PAGE, SIZE_MAX, 0, 0, EINVAL, "beyond the buffer");
	refused(UINT64_MAX, 1, UINT64_MAX, 0, EINVAL, "beyond the buffer");
	refused(1, 1, 0, 0, EINVAL, "differ within the page");
	refused(0, 1, 0, IBV_ACCESS_MW_BIND, EINVAL, "access bits");
	refused(0, 1, 0, IBV_ACCESS_REMOTE_WRITE, EINVAL, "need LOCAL_WRITE");
	refused(0, 1, 0, IBV_ACCESS_REMOTE_ATOMIC, EINVAL, "need LOCAL_WRITE");
}

static void reg_causes(void **state)
{
	provider_errno = EOPNOTSUPP;
	refused(0, 1, 0, 0, EOPNOTSUPP,
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_PROVIDER));
	driver_errno = EOPNOTSUPP;
	refused(0, 1, 0, 0, EOPNOTSUPP,
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_DRIVER));
	driver_errno = EACCES;
	refused(0, 1, 0, 0, EOPNOTSUPP, "asking why failed");
	provider_errno = driver_errno = 0;
	importer_errno = EOPNOTSUPP;
	refused(0, 1, 0, 0, EOPNOTSUPP,
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_REVOKE));
	importer_errno = ENODEV;
	refused(0, 1, 0, 0, ENODEV, "is revoked");
	importer_errno = ENOMEM;
	refused(0, 1, 0, 0, ENOMEM, "Cannot allocate memory");
	/* NULL without a cause is not a success */
	importer_errno = -1;
	refused(0, 1, 0, 0, EIO, "Input/output error");
}

static void conversion(void **state)
{
	assert_int_equal(verbs_from_int(0), 0);
	assert_int_equal(verbs_from_int(EBUSY), -EBUSY);
	errno = EAGAIN;
	assert_int_equal(verbs_from_int(-1), -EAGAIN);
	assert_int_equal(verbs_from_errno(), -EAGAIN);
	errno = 0;
	assert_int_equal(verbs_from_int(-1), -EIO);
	assert_int_equal(verbs_from_errno(), -EIO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(probe_causes), TEST(probe_fails),	 TEST(texts_differ),
		TEST(registers),    TEST(bad_arguments), TEST(reg_causes),
		TEST(conversion),
	};

	return RUN(tests);
}
