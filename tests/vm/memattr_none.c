// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A machine whose CPUs know no memory types: write-combining is refused. */
#include <errno.h>
#include <string.h>

#include "memattr.h"

#define MEMATTR (VFIO_DEVICE_FEATURE_SET | PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR)

static void test_kernel(void **state)
{
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(*state, dev, 0, PAGE);
	int fd = peerbar_buffer_fd(buf);

	refused(fx_feature(peerbar_device_fd(dev),
			   VFIO_DEVICE_FEATURE_PROBE | MEMATTR, NULL, 0),
		-EOPNOTSUPP);
	refused(fx_set_memattr(dev, fd, PEERBAR_VFIO_DMA_BUF_WC), -EOPNOTSUPP);
	/* before anything else is looked at */
	refused(fx_set_memattr(dev, -1, 77), -EOPNOTSUPP);
	assert_int_equal(fx_info(buf).memattr, PEERBAR_UNCACHED);
	fx_touch(peerbar_mapping_addr(fx_map(*state, buf)), PAGE);
}

static void test_library(void **state)
{
	const struct peerbar_range range = {0, PAGE};
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];
	struct peerbar_buffer *buf;

	refused_saying(peerbar_buffer_export(dev, FX_BAR, &range, 1,
					     PEERBAR_EXPORT_WRITE_COMBINING,
					     &buf),
		       -EOPNOTSUPP, "this machine");
	ok(peerbar_probe(dev, caps));
	assert_false(caps[PEERBAR_CAP_COMBINE].present);
	assert_non_null(strstr(caps[PEERBAR_CAP_COMBINE].reason, "this machine"));
	assert_true(caps[PEERBAR_CAP_REVOKE].present);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_kernel),
		FX_TEST(test_library),
	};

	return FX_RUN(tests);
}
