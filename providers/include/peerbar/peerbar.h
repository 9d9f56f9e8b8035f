/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All of libpeerbar; providers (<peerbar/verbs.h>) are included on their own. */
#ifndef PEERBAR_PEERBAR_H
#define PEERBAR_PEERBAR_H

#include <peerbar/buffer.h>
#include <peerbar/channel.h>
#include <peerbar/device.h>
#include <peerbar/error.h>
#include <peerbar/events.h>
#include <peerbar/mapping.h>
#include <peerbar/pci.h>
#include <peerbar/probe.h>
#include <peerbar/registry.h>
#include <peerbar/spec.h>
#include <peerbar/version.h>

#endif /* PEERBAR_PEERBAR_H */
