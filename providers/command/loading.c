// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <peerbar/error.h>
#include <peerbar/pci.h>

#include "loading.h"

/* What modprobe has to say it says itself. */
static int load(const char *driver)
{
	char *argv[] = {(char *)"modprobe", (char *)"--", (char *)driver, NULL};
	int ret, status;
	pid_t pid;

	ret = posix_spawnp(&pid, "modprobe", NULL, NULL, argv, environ);
	if (ret)
		return peerbar_error_set(-ENOENT,
					 "%s is not loaded, and modprobe: %s",
					 driver, strerror(ret));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (status)
		return peerbar_error_set(
			-ENOENT, "%s is not loaded, and modprobe cannot do it",
			driver);
	return 0;
}

int set_driver_loading(const char *bdf, const char *driver, const char *override)
{
	int ret = peerbar_pci_set_driver(bdf, driver, override);

	if (ret != -ENOENT || !driver || !*driver)
		return ret;
	ret = load(driver);
	return ret ? ret : peerbar_pci_set_driver(bdf, driver, override);
}
