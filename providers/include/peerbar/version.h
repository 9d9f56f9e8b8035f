/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Version and features
 *
 * The macros say what a program was compiled with, the functions what it runs
 * with.  What kernel and device can do is another question (<peerbar/probe.h>).
 */
#ifndef PEERBAR_VERSION_H
#define PEERBAR_VERSION_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

#define PEERBAR_VERSION_MAJOR 0
#define PEERBAR_VERSION_MINOR 1
#define PEERBAR_VERSION_PATCH 0

/** one number that grows with the version */
#define PEERBAR_VERSION_OF(major, minor, patch) \
	((major)*1000000 + (minor)*1000 + (patch))
#define PEERBAR_VERSION                                                    \
	PEERBAR_VERSION_OF(PEERBAR_VERSION_MAJOR, PEERBAR_VERSION_MINOR, \
			   PEERBAR_VERSION_PATCH)

/** peerbar_version - PEERBAR_VERSION of the library in use */
int peerbar_version(void);

/** peerbar_version_text - the same as "0.1.0"; static text */
const char *peerbar_version_text(void);

/**
 * peerbar_has - was this part built into the library in use
 * @feature: "cdev" (VFIO devices by iommufd), "channel", "events", "guard",
 *	"group" (VFIO devices by group and container), "populate", "spec"
 *
 * Return: false for a word that this library does not know, so that a program
 * can ask for what a later one may have.
 */
bool peerbar_has(const char *feature);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_VERSION_H */
