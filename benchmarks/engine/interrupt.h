/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: ^C
 *
 * SIGINT and SIGTERM end a run as an error does: memory and NIC are given back,
 * and the other end is told.  A second one ends the process at once.
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

/** bench_interrupt_catch - from now on; a signal that is ignored stays so */
void bench_interrupt_catch(void);

/** bench_interrupt_watch - a socket whose reader is to wake; -1 for none */
void bench_interrupt_watch(int fd);

/** bench_interrupted - 0, or -EINTR, with a message, after a signal */
int bench_interrupted(void);

/** bench_interrupt_die - by the signal that was caught, if there was one */
void bench_interrupt_die(void);

#endif /* BENCH_INTERRUPT_H */
