// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/error.h>

#include "error.h"

static _Thread_local char error_text[1024];

int bench_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, ap);
	va_end(ap);
	return err;
}

int bench_fail_lib(int err, const char *fmt, ...)
{
	const char *detail = peerbar_error_detail();
	size_t used;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, ap);
	va_end(ap);
	used = strlen(error_text);
	snprintf(error_text + used, sizeof(error_text) - used, ": %s",
		 *detail ? detail : strerror(-err));
	return err;
}

const char *bench_error(void)
{
	return error_text;
}
