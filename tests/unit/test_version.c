// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

static void header_library_and_build_agree(void **state)
{
	assert_string_equal(peerbar_version_text(), PROJECT_VERSION);
	assert_int_equal(peerbar_version(), PEERBAR_VERSION);
	assert_true(PEERBAR_VERSION >= PEERBAR_VERSION_OF(0, 1, 0));
	assert_true(PEERBAR_VERSION_OF(1, 0, 0) > PEERBAR_VERSION_OF(0, 999, 999));
}

static void features(void **state)
{
	assert_true(peerbar_has("channel"));
	assert_true(peerbar_has("cdev"));
	assert_false(peerbar_has("teleport"));
	assert_false(peerbar_has(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_library_and_build_agree),
		cmocka_unit_test(features),
	};

	return RUN(tests);
}
