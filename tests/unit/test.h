/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmocka with the headers it wants before it, and what all tests need. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <peerbar/peerbar.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* cmocka returns the number of failures, and four would pass for a skip */
#define RUN(tests) (cmocka_run_group_tests(tests, NULL, NULL) ? 1 : 0)

/* the call fails with @err and its detail text contains @text */
#define assert_error(call, err, text)           \
	do {                                    \
		assert_int_equal(call, -(err)); \
		assert_detail(text);            \
	} while (0)

#define assert_detail(text)                                        \
	do {                                                       \
		if (!strstr(peerbar_error_detail(), text))         \
			fail_msg("\"%s\" does not contain \"%s\"", \
				 peerbar_error_detail(), text);    \
	} while (0)

#endif /* TEST_H */
