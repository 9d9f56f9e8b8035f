// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The distribution's modules: what works, works; the rest says what is missing. */
#include <errno.h>

#include "bar.h"
#include "child.h"
#include "raw.h"
#include "verbs.h"

#define SEED 7

static const struct peerbar_range two[] = {
	{KIB(64), KIB(8)},
	{KIB(16), KIB(4)},
};

static void test_features_are_not_there(void **state)
{
	int fd = peerbar_device_fd(fx_device(*state, fx_bdf()));

	refused(fx_feature(fd,
			   VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_SET |
				   PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE,
			   NULL, 0),
		-ENOTTY);
	refused(fx_feature(fd,
			   VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
				   PEERBAR_VFIO_FEATURE_DMA_BUF_INFO,
			   NULL, 0),
		-ENOTTY);
	refused(fx_revoke_fd(fd, -1), -ENOTTY);
}

static void test_one_range_is_mapped_by_device_fd(void **state)
{
	const struct peerbar_range range = {MIB(2) + KIB(4), KIB(64)};
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, &range, 1);
	struct peerbar_mapping *map;

	fx_bar_fill(dev, SEED, range.offset, range.length);
	map = fx_map(fx, buf);
	assert_true(peerbar_mapping_is_fallback(map));
	fx_map_check(map, SEED, &range, 1);
	ok(peerbar_write(map, 1, "peerbar", 7));
	refused(peerbar_read(map, range.length - 1, (char[2]){0}, 2), -EINVAL);
	fx_bar_check(dev, SEED, range.offset + 8, range.length - 8);
}

static void test_several_ranges_are_refused(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, two, 2);
	struct peerbar_mapping *map;

	refused_saying(peerbar_buffer_map(buf, 0, 0, 0, &map), -EOPNOTSUPP,
		       "one range");
	/* a window within one range is one run of BAR bytes */
	ok(peerbar_buffer_map(buf, KIB(8), KIB(4), 0, &map));
	peerbar_mapping_close(map);
}

static void test_an_imported_buffer_is_refused(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, KIB(4));
	struct peerbar_buffer *twin = fx_import(fx, peerbar_buffer_fd(buf));
	struct peerbar_mapping *map;
	enum peerbar_state found;

	refused_saying(peerbar_buffer_map(twin, 0, 0, 0, &map), -EOPNOTSUPP,
		       "modules");
	refused_saying(peerbar_buffer_state(twin, &found), -EOPNOTSUPP,
		       "modules");
}

static void test_revoke_and_info_are_refused(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, KIB(4));
	struct peerbar_buffer_info info;
	enum peerbar_state found;

	refused_saying(peerbar_buffer_revoke(buf), -EOPNOTSUPP, "modules");
	refused_saying(peerbar_buffer_info(buf, &info), -EOPNOTSUPP, "modules");
	refused_saying(peerbar_buffer_state(buf, &found), -EOPNOTSUPP, "modules");
}

static void test_registration_is_refused(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export_one(fx, dev, 0, KIB(4));
	struct fx_nic *nic = fx_nic(fx);
	struct ibv_mr *mr;

	refused_saying(peerbar_verbs_reg_mr(nic->pd, buf, 0, KIB(4), 0,
					    FX_ACCESS, &mr),
		       -EOPNOTSUPP, "rxe");
	/* not even of the mapping: it has no pages */
	assert_null(ibv_reg_mr(nic->pd, peerbar_mapping_addr(fx_map(fx, buf)),
			       KIB(4), IBV_ACCESS_LOCAL_WRITE));
}

static void test_reset_and_close_with_buffers_open(void **state)
{
	struct fx *fx = *state;
	struct peerbar_device *dev = fx_device(fx, fx_bdf());
	struct peerbar_buffer *buf = fx_export(fx, dev, two, 2);
	struct peerbar_buffer *one = fx_export_one(fx, dev, 0, KIB(16));
	struct peerbar_mapping *map = fx_map(fx, one);
	char byte;

	ok(peerbar_device_reset(dev));
	ok(peerbar_device_set_memory(dev, false));
	refused(peerbar_read(map, 0, &byte, 1), -ENODEV);
	refused(peerbar_device_read(dev, FX_BAR, 0, &byte, 1), -EIO);
	ok(peerbar_device_set_memory(dev, true));
	ok(peerbar_read(map, 0, &byte, 1));
	fx_drop(fx, map);
	fx_drop(fx, dev);
	assert_int_equal(peerbar_buffer_size(buf), KIB(12));
	fx_device(fx, fx_bdf());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_features_are_not_there),
		FX_TEST(test_one_range_is_mapped_by_device_fd),
		FX_TEST(test_several_ranges_are_refused),
		FX_TEST(test_an_imported_buffer_is_refused),
		FX_TEST(test_revoke_and_info_are_refused),
		FX_TEST(test_registration_is_refused),
		FX_TEST(test_reset_and_close_with_buffers_open),
	};

	return FX_RUN(tests);
}
