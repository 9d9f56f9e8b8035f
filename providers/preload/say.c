// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "say.h"

#define PREFIX "peerbar_preload: "

enum { QUIET, FAILURES, ALL };

static int level = FAILURES;

__attribute__((constructor)) static void read_level(void)
{
	const char *text = secure_getenv("PEERBAR_PRELOAD_DEBUG");

	if (text && *text)
		level = *text == '0' ? QUIET : ALL;
}

/* One write(), so that the lines of several processes do not mix. */
static void print(const char *format, va_list args)
{
	char line[768] = PREFIX;
	const size_t room = sizeof(line) - sizeof(PREFIX);
	int saved_errno = errno;
	int len;

	len = vsnprintf(line + sizeof(PREFIX) - 1, room, format, args);
	if (len >= 0) {
		len = (size_t)len < room ? len : (int)room - 1;
		len += sizeof(PREFIX) - 1;
		line[len++] = '\n';
		if (write(STDERR_FILENO, line, len) < 0)
			level = QUIET;
	}
	errno = saved_errno;
}

void say(const char *format, ...)
{
	va_list args;

	if (level < ALL)
		return;
	va_start(args, format);
	print(format, args);
	va_end(args);
}

void say_failure(const char *format, ...)
{
	va_list args;

	if (level < FAILURES)
		return;
	va_start(args, format);
	print(format, args);
	va_end(args);
}
