// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>

#include <peerbar/error.h>

static _Thread_local char detail[512];

/* Texts quote what users and other processes wrote. */
static void keep_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

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
	keep_one_line(detail);
	return err;
}
