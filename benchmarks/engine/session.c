// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "error.h"
#include "interrupt.h"
#include "peer.h"
#include "session.h"
#include "socket.h"

struct far_thread {
	const struct bench_opts *opts;
	int fd;
};

static void *far_main(void *arg)
{
	struct far_thread *far = arg;

	/* why it failed, if it did, went to the near end in words */
	bench_far_run(far->opts, far->fd);
	return NULL;
}

static int run_loopback(const struct bench_opts *opts)
{
	struct far_thread far = {.opts = opts};
	pthread_t thread;
	int rc, fd[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return bench_fail(-errno, "socketpair: %s", strerror(errno));
	bench_interrupt_watch(fd[0]);
	far.fd = fd[1];
	rc = pthread_create(&thread, NULL, far_main, &far);
	if (rc)
		return bench_fail(-rc, "thread: %s", strerror(rc));
	rc = bench_near_run(opts, &opts->near_mem, fd[0]);
	pthread_join(thread, NULL);
	return rc;
}

/* a mistake in --mem or -d should not wait for the near end to show */
static int try_far(const struct bench_opts *opts)
{
	struct bench_peer *peer = calloc(1, sizeof(*peer));
	struct bench_opts small = *opts;
	int rc;

	if (!peer)
		return bench_fail(-ENOMEM, "out of memory");
	small.qps = 1;
	small.depth = 1;
	small.size[0] = 1;
	small.nr_sizes = 1;
	peer->opts = &small;
	rc = bench_peer_open(peer, &opts->mem, &opts->nic);
	if (!rc)
		bench_peer_close(peer);
	free(peer);
	return rc;
}

static int run_far(const struct bench_opts *opts)
{
	int fd, rc;

	rc = try_far(opts);
	if (rc)
		return rc;
	printf("waiting on TCP port %u\n", opts->tcp_port);
	fflush(stdout);
	fd = bench_socket_accept(opts->tcp_port);
	if (fd < 0)
		return fd;
	bench_interrupt_watch(fd);
	rc = bench_far_run(opts, fd);
	if (!rc)
		printf("done\n");
	return rc;
}

static int run(const struct bench_opts *opts)
{
	int fd;

	if (opts->loopback)
		return run_loopback(opts);
	if (!opts->server)
		return run_far(opts);
	fd = bench_socket_connect(opts->server, opts->tcp_port);
	if (fd < 0)
		return fd;
	bench_interrupt_watch(fd);
	return bench_near_run(opts, &opts->mem, fd);
}

int bench_session_run(const struct bench_opts *opts)
{
	int rc, interrupted;

	bench_interrupt_catch();
	rc = run(opts);
	bench_interrupt_watch(-1);
	/* whatever failed then, such as a word to an end that has left, failed of it */
	interrupted = rc < 0 ? bench_interrupted() : 0;
	return interrupted ? interrupted : rc;
}
