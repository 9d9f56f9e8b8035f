/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Probe
 *
 * What this kernel can do with this device, found by asking, never by version.
 */
#ifndef PEERBAR_PROBE_H
#define PEERBAR_PROBE_H

#include <stdbool.h>

#include <peerbar/device.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

enum peerbar_cap {
	PEERBAR_CAP_EXPORT,	/* BARs can be exported as dma-bufs */
	PEERBAR_CAP_MMAP,	/* ... which can be mapped by their fd */
	PEERBAR_CAP_REVOKE,	/* ... and revoked one by one */
	PEERBAR_CAP_INFO,	/* ... and queried */
	PEERBAR_CAP_RESET,	/* the function can be reset */
	PEERBAR_CAP_COMBINE,	/* buffers can be write-combined, if the BAR can */
	PEERBAR_CAP_NR,
};

/**
 * struct peerbar_cap_report - one capability
 * @present: it works
 * @reason: why not, and what would help; "" when present; static text
 */
struct peerbar_cap_report {
	bool present;
	const char *reason;
};

/**
 * peerbar_probe - ask the kernel for every capability
 * @caps: PEERBAR_CAP_NR entries, filled on success
 *
 * Exports and drops one page of the first mappable BAR; changes nothing.
 * Return: 0 or -errno when asking itself failed.
 */
int peerbar_probe(struct peerbar_device *dev,
		  struct peerbar_cap_report caps[PEERBAR_CAP_NR]);

/** peerbar_cap_name - "export", "mmap", ...; NULL for an unknown value */
const char *peerbar_cap_name(enum peerbar_cap cap);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_PROBE_H */
