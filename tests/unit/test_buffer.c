// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Export, import, state, info and revoke. */
#include <errno.h>

#include "test.h"
#include "fake_kernel.h"
#include "uapi.h"

#define PAGE 4096u

static struct peerbar_device *dev;
static struct peerbar_buffer *const untouched = (void *)0x1;
static const struct peerbar_range first_page = {0, PAGE};

static int setup(void **state)
{
	fake_reset();
	return peerbar_device_open(FAKE_BDF, NULL, &dev);
}

static int teardown(void **state)
{
	peerbar_device_close(dev);
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
	return 0;
}

static struct peerbar_buffer *export(const struct peerbar_range *ranges,
				     unsigned int nr, unsigned int flags)
{
	struct peerbar_buffer *buf = NULL;

	assert_int_equal(
		peerbar_buffer_export(dev, FAKE_BAR, ranges, nr, flags, &buf), 0);
	return buf;
}

static void export_refused(unsigned int bar, const struct peerbar_range *ranges,
			   unsigned int nr, unsigned int flags, int err,
			   const char *text)
{
	struct peerbar_buffer *buf = untouched;
	unsigned int fds = fake_fds();

	assert_error(peerbar_buffer_export(dev, bar, ranges, nr, flags, &buf),
		     err, text);
	assert_ptr_equal(buf, untouched);
	assert_int_equal(fake_fds(), fds);
}

static void export_ranges(void **state)
{
	const struct peerbar_range ranges[] = {
		{4 * PAGE, 2 * PAGE},
		{0, PAGE},
		{PAGE, PAGE},
		{0, PAGE},
	};
	struct peerbar_buffer_info info;
	struct peerbar_buffer *buf;

	buf = export(ranges, NR(ranges), 0);
	assert_int_equal(peerbar_buffer_size(buf), 5 * PAGE);
	assert_true(peerbar_buffer_fd(buf) >= 0);
	/* the kernel is told of every range as it is: it merges by itself */
	assert_int_equal(peerbar_buffer_info(buf, &info), 0);
	assert_int_equal(info.nr_ranges, NR(ranges));
	peerbar_buffer_close(buf);
	peerbar_buffer_close(NULL);
}

static void export_bad_ranges(void **state)
{
	static const struct {
		struct peerbar_range range;
		const char *text;
	} cases[] = {
		{{0, 0}, "range 1 (offset 0x0, length 0x0) is empty"},
		{{1, PAGE},
		 "range 1 (offset 0x1, length 0x1000) is not page-aligned"},
		{{0, PAGE + 1}, "is not page-aligned"},
		{{FAKE_BAR_SIZE, PAGE}, "is beyond the BAR"},
		{{FAKE_BAR_SIZE - PAGE, 2 * PAGE}, "is beyond the BAR"},
		{{PAGE, -(uint64_t)PAGE}, "is beyond the BAR"},
		{{-(uint64_t)PAGE, PAGE}, "is beyond the BAR"},
	};
	unsigned int i;

	for (i = 0; i < NR(cases); i++) {
		const struct peerbar_range ranges[] = {first_page,
						       cases[i].range};

		export_refused(FAKE_BAR, ranges, NR(ranges), 0, EINVAL,
			       cases[i].text);
	}
	export_refused(FAKE_BAR, &first_page, 0, 0, EINVAL, "no range");
}

static void export_too_many(void **state)
{
	struct peerbar_range *ranges;

	ranges = test_calloc(PEERBAR_MAX_RANGES + 1, sizeof(*ranges));
	export_refused(FAKE_BAR, ranges, PEERBAR_MAX_RANGES + 1, 0, E2BIG,
		       "4097 ranges");
	test_free(ranges);
}

static void export_bad_bar(void **state)
{
	export_refused(6, &first_page, 1, 0, EINVAL, "BAR 6");
	export_refused(1, &first_page, 1, 0, ENODEV, "has no BAR 1");
	export_refused(0, &first_page, 1, 0, ENODEV, "cannot be mapped");
	export_refused(FAKE_BAR, &first_page, 1, 4, EINVAL, "flags 0x4");
}

static void export_kernel_refuses(void **state)
{
	static const struct {
		int err, expected;
		const char *text;
	} cases[] = {
		{ENOTTY, EOPNOTSUPP, "CONFIG_VFIO_PCI_DMABUF"},
		{EOPNOTSUPP, EOPNOTSUPP, "VFIO driver of " FAKE_BDF},
		{ENODEV, ENODEV, "claim BAR 2"},
		{EINVAL, EINVAL, "refuses"},
		{EMFILE, EMFILE, "Too many open files"},
	};
	unsigned int i;

	fake.fail_request = VFIO_DEVICE_FEATURE;
	for (i = 0; i < NR(cases); i++) {
		fake.fail_request_errno = cases[i].err;
		export_refused(FAKE_BAR, &first_page, 1, 0, cases[i].expected,
			       cases[i].text);
	}
}

static void import(void **state)
{
	int fd = fake_foreign_dma_buf(3 * PAGE, false);
	struct peerbar_buffer_info info;
	struct peerbar_buffer *buf;

	assert_int_equal(peerbar_buffer_import(fd, &buf), 0);
	assert_int_equal(peerbar_buffer_size(buf), 3 * PAGE);
	assert_int_not_equal(peerbar_buffer_fd(buf), fd);
	assert_error(peerbar_buffer_info(buf, &info), EOPNOTSUPP, "imported");
	assert_error(peerbar_buffer_revoke(buf), EOPNOTSUPP, "imported");
	peerbar_buffer_close(buf);
	fake_close(fd);
}

static void import_not_a_dma_buf(void **state)
{
	struct peerbar_buffer *buf = untouched;
	int fd = fake_plain_file();
	unsigned int fds = fake_fds();

	assert_error(peerbar_buffer_import(-1, &buf), EBADF, "descriptor -1");
	assert_error(peerbar_buffer_import(fd, &buf), EINVAL, "not a dma-buf");
	assert_ptr_equal(buf, untouched);
	assert_int_equal(fake_fds(), fds);
	fake_close(fd);
}

static void state_of_export(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0);
	enum peerbar_state found = PEERBAR_REVOKED;

	assert_int_equal(peerbar_buffer_state(buf, &found), 0);
	assert_int_equal(found, PEERBAR_LIVE);
	assert_int_equal(peerbar_device_set_memory(dev, false), 0);
	assert_int_equal(peerbar_buffer_state(buf, &found), 0);
	assert_int_equal(found, PEERBAR_SUSPENDED);
	assert_int_equal(peerbar_device_set_memory(dev, true), 0);
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	assert_int_equal(peerbar_buffer_state(buf, &found), 0);
	assert_int_equal(found, PEERBAR_REVOKED);
	peerbar_buffer_close(buf);
}

static void state_of_import(void **state)
{
	struct peerbar_buffer *buf =
		export(&first_page, 1, PEERBAR_EXPORT_READ_ONLY);
	enum peerbar_state found = PEERBAR_REVOKED;
	struct peerbar_buffer *other;

	assert_int_equal(peerbar_buffer_import(peerbar_buffer_fd(buf), &other),
			 0);
	assert_int_equal(peerbar_buffer_state(other, &found), 0);
	assert_int_equal(found, PEERBAR_LIVE);
	assert_int_equal(fake_mappings(), 0);
	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	assert_int_equal(peerbar_buffer_state(other, &found), 0);
	assert_int_equal(found, PEERBAR_REVOKED);
	fake.has_modules = false;
	assert_error(peerbar_buffer_state(other, &found), EOPNOTSUPP, "modules");
	peerbar_buffer_close(other);
	peerbar_buffer_close(buf);
}

static void info(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0);
	struct peerbar_buffer_info found;

	assert_int_equal(peerbar_buffer_info(buf, &found), 0);
	assert_int_equal(found.state, PEERBAR_LIVE);
	assert_int_equal(found.memattr, PEERBAR_UNCACHED);
	assert_int_equal(found.nr_ranges, 1);
	assert_int_equal(found.importers, 2);
	assert_int_equal(found.faults_4k, 3);
	assert_int_equal(found.faults_2m, 4);
	assert_int_equal(found.faults_1g, 5);
	assert_int_equal(found.faults_refused, 6);
	assert_int_equal(found.revokes, 7);
	assert_int_equal(found.revoke_ns, 8);
	peerbar_buffer_close(buf);
}

static void write_combining(void **state)
{
	struct peerbar_buffer *buf =
		export(&first_page, 1, PEERBAR_EXPORT_WRITE_COMBINING);
	struct peerbar_buffer_info found;
	struct peerbar_buffer_attr attr;

	assert_int_equal(peerbar_buffer_info(buf, &found), 0);
	assert_int_equal(found.memattr, PEERBAR_WRITE_COMBINING);
	peerbar_buffer_attr(buf, &attr);
	assert_int_equal(attr.memattr, PEERBAR_WRITE_COMBINING);
	peerbar_buffer_close(buf);
}

static void refuse_to_combine(int err, const char *word)
{
	struct peerbar_buffer *buf = NULL;
	unsigned int fds = fake_fds();

	assert_error(peerbar_buffer_export(dev, FAKE_BAR, &first_page, 1,
					   PEERBAR_EXPORT_WRITE_COMBINING, &buf),
		     err, word);
	assert_null(buf);
	assert_int_equal(fake_fds(), fds);
}

/* Never a buffer that is uncached instead. */
static void no_write_combining(void **state)
{
	fake.memattr_errno = EOPNOTSUPP;
	refuse_to_combine(EOPNOTSUPP, "not prefetchable");
	fake.memattr_errno = EBUSY;
	refuse_to_combine(EBUSY, "mapped uncached");
	fake.memattr_errno = ENOMEM;
	refuse_to_combine(ENOMEM, "write-combining");
	fake.no_pat = true;
	refuse_to_combine(EOPNOTSUPP, "this machine");
	fake.has_modules = false;
	refuse_to_combine(EOPNOTSUPP, "modules");
}

/* The exporter has the same pages write-combined elsewhere. */
static void pages_write_combined_by_another(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0), *other;
	enum peerbar_state found = PEERBAR_REVOKED;
	struct peerbar_mapping *map;

	assert_int_equal(peerbar_buffer_import(peerbar_buffer_fd(buf), &other),
			 0);
	fake.mmap_busy = true;
	assert_error(peerbar_buffer_map(buf, 0, 0, 0, &map), EBUSY,
		     "write-combined");
	assert_int_equal(peerbar_buffer_state(other, &found), 0);
	assert_int_equal(found, PEERBAR_LIVE);
	peerbar_buffer_close(other);
	peerbar_buffer_close(buf);
}

static void revoke(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0);

	assert_int_equal(peerbar_buffer_revoke(buf), 0);
	assert_error(peerbar_buffer_revoke(buf), EBADFD, "revoked already");
	peerbar_buffer_close(buf);
}

static void without_modules(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0);
	struct peerbar_buffer_info found_info;
	enum peerbar_state found;

	fake.has_modules = false;
	assert_error(peerbar_buffer_revoke(buf), EOPNOTSUPP, "modules");
	assert_error(peerbar_buffer_info(buf, &found_info), EOPNOTSUPP,
		     "modules");
	assert_error(peerbar_buffer_state(buf, &found), EOPNOTSUPP, "modules");
	peerbar_buffer_close(buf);
}

static void device_closed(void **state)
{
	struct peerbar_buffer *buf = export(&first_page, 1, 0);
	struct peerbar_buffer_info found_info;
	enum peerbar_state found = PEERBAR_LIVE;
	struct peerbar_mapping *map;

	peerbar_device_close(dev);
	dev = NULL;
	assert_int_equal(peerbar_buffer_state(buf, &found), 0);
	assert_int_equal(found, PEERBAR_REVOKED);
	assert_error(peerbar_buffer_info(buf, &found_info), ENODEV, "is closed");
	assert_error(peerbar_buffer_revoke(buf), ENODEV, "is closed");
	assert_error(peerbar_buffer_map(buf, 0, 0, 0, &map), ENODEV, "is closed");
	assert_int_equal(peerbar_buffer_size(buf), PAGE);
	peerbar_buffer_close(buf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(export_ranges),
		TEST(export_bad_ranges),
		TEST(export_too_many),
		TEST(export_bad_bar),
		TEST(export_kernel_refuses),
		TEST(import),
		TEST(import_not_a_dma_buf),
		TEST(state_of_export),
		TEST(state_of_import),
		TEST(info),
		TEST(write_combining),
		TEST(no_write_combining),
		TEST(pages_write_combined_by_another),
		TEST(revoke),
		TEST(without_modules),
		TEST(device_closed),
	};

	return RUN(tests);
}
