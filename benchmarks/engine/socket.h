/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_SOCKET_H
#define BENCH_SOCKET_H

#include <stdint.h>

/**
 * bench_socket_connect - to a host that waits, for some seconds if need be
 *
 * Return: a socket, or -errno.
 */
int bench_socket_connect(const char *host, uint32_t port);

/** bench_socket_accept - wait for one connection on all addresses; likewise */
int bench_socket_accept(uint32_t port);

#endif /* BENCH_SOCKET_H */
