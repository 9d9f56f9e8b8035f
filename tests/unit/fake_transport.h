/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A transport of the benchmarks without a NIC: both ends are in this process, and it
 * copies.  It can be told to go wrong.
 */
#ifndef FAKE_TRANSPORT_H
#define FAKE_TRANSPORT_H

#include <stdatomic.h>

#include "transport.h"

enum fake_fault {
	NO_FAULT,
	FLIP_A_BIT,
	WRITE_TOO_FAR,
	LOSE_THE_LAST,
	DROP_ONE,
	FAIL_A_COMPLETION,
	INTERRUPT,
	LATE_ACKS,
};

extern const struct bench_transport_ops fake_transport;

/* what goes wrong from now on */
extern enum fake_fault fake_fault;

/* ends that are open, and MRs that were ever registered */
extern atomic_int fake_opened, fake_registered;

#endif /* FAKE_TRANSPORT_H */
