/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_GUARD_H
#define PEERBAR_GUARD_H

/* Put our SIGBUS handler before the application's; once per process. */
void guard_install(void);

#endif /* PEERBAR_GUARD_H */
