// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What stands behind "vfio:" in a name that the preload library opens: however
 * far it gets, down to the export, nothing is left open after it was closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "fake_kernel.h"
#include "file.h"
#include "fuzz.h"
#include "native_kernel.h"

static void set_up(void)
{
	static bool done;

	if (done)
		return;
	fake_reset();
	native_kernel();
	done = true;
}

static void try_flags(const char *text, int flags)
{
	const unsigned int before = native_fds();
	int fd;

	peerbar_error_set(0, "%s", "");
	fd = file_open(text, flags);
	if (fd < 0) {
		must(*peerbar_error_detail());
	} else {
		must(file_is_ours(fd));
		must(!close(fd));
	}
	file_lock();
	file_settle();
	file_unlock();
	must(native_fds() == before);
	must(file_none());
}

/* The first byte is for the flags. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const int flags[] = {O_RDWR, O_RDONLY, O_WRONLY,
				    O_RDWR | O_CLOEXEC, O_PATH};
	char *text;

	set_up();
	if (!len)
		return 0;
	text = malloc(len);
	must(text);
	memcpy(text, bytes + 1, len - 1);
	text[len - 1] = '\0';
	try_flags(text, flags[bytes[0] % (sizeof(flags) / sizeof(flags[0]))]);
	free(text);
	return 0;
}
