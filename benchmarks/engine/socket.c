// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "interrupt.h"
#include "socket.h"

/* the far end may still be on its way up */
#define CONNECT_PATIENCE_NS (30 * BENCH_NSEC_PER_SEC)
#define CONNECT_PAUSE_NS    (100 * BENCH_NSEC_PER_MSEC)

static int connect_once(const struct addrinfo *list)
{
	const struct addrinfo *ai;
	int fd, err = ECONNREFUSED, one = 1;

	for (ai = list; ai; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		if (!connect(fd, ai->ai_addr, ai->ai_addrlen)) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
				   sizeof(one));
			return fd;
		}
		err = errno;
		close(fd);
	}
	return -err;
}

int bench_socket_connect(const char *host, uint32_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	uint64_t until = bench_now() + CONNECT_PATIENCE_NS;
	char service[16];
	int fd, rc;

	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &list);
	if (rc)
		return bench_fail(-EHOSTUNREACH, "host %s: %s", host,
				  gai_strerror(rc));
	while ((fd = connect_once(list)) == -ECONNREFUSED &&
	       bench_now() < until && !bench_interrupted())
		bench_sleep(CONNECT_PAUSE_NS);
	freeaddrinfo(list);
	if (fd < 0)
		return bench_fail(
			fd, "%s port %u: %s; is the program started there without a host?",
			host, port, strerror(-fd));
	return fd;
}

static int listen_on(uint32_t port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	int fd, err, on = 1, off = 0;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1)) {
		err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

int bench_socket_accept(uint32_t port)
{
	int listener, fd, err, one = 1;

	listener = listen_on(port);
	if (listener < 0)
		return bench_fail(
			listener,
			"waiting on TCP port %u: %s; -p takes another one",
			port, strerror(-listener));
	bench_interrupt_watch(listener);
	do {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	err = errno;
	bench_interrupt_watch(-1);
	close(listener);
	if (fd < 0)
		return bench_fail(-err, "waiting on TCP port %u: %s", port,
				  strerror(err));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}
