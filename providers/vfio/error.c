// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>

#include <peerbar/error.h>

static _Thread_local char detail[512];

const char *peerbar_error_detail(void)
{
	return detail;
}

int peerbar_error_set(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	return err;
}
