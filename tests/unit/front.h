/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FRONT_H
#define FRONT_H

#include <signal.h>
#include <stdbool.h>

#include "guard.h"

/*
 * cmocka puts a SIGBUS handler of its own before each test, whereas the
 * library installs its handler once.
 */
static inline void guard_to_front(void)
{
	static struct sigaction ours;
	static bool known;

	guard_install();
	sigaction(SIGBUS, known ? &ours : NULL, known ? NULL : &ours);
	known = true;
}

#endif /* FRONT_H */
