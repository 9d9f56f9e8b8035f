// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>
#include <string.h>

#include <peerbar/version.h>

#define TEXT(x)	  #x
#define QUOTED(x) TEXT(x)

int peerbar_version(void)
{
	return PEERBAR_VERSION;
}

const char *peerbar_version_text(void)
{
	return QUOTED(PEERBAR_VERSION_MAJOR) "." QUOTED(
		PEERBAR_VERSION_MINOR) "." QUOTED(PEERBAR_VERSION_PATCH);
}

bool peerbar_has(const char *feature)
{
	static const char *const features[] = {
		"cdev",	 "channel",  "events", "group",
		"guard", "populate", "spec",
	};
	size_t i;

	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (!strcmp(feature, features[i]))
			return true;
	return false;
}
