// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

#include "error.h"
#include "interrupt.h"

static atomic_int caught;
static atomic_int watched = -1;

/*
 * A flag alone comes too late for who has looked at it and is about to sleep.  A
 * socket that is shut down wakes both: its reader finds the end of the stream.
 */
static void wake(void)
{
	int fd = watched;

	if (fd >= 0)
		shutdown(fd, SHUT_RD);
}

static void on_signal(int signal)
{
	int saved = errno;

	caught = signal;
	wake();
	errno = saved;
}

static void catch_one(int signal)
{
	struct sigaction old, action = {.sa_handler = on_signal,
					.sa_flags = (int)SA_RESETHAND};

	if (!sigaction(signal, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(signal, &action, NULL);
}

void bench_interrupt_catch(void)
{
	catch_one(SIGINT);
	catch_one(SIGTERM);
}

void bench_interrupt_watch(int fd)
{
	watched = fd;
	if (caught)
		wake();
}

int bench_interrupted(void)
{
	return caught ? bench_fail(-EINTR, "interrupted") : 0;
}

/* a shell that runs a script goes by what ended its child */
void bench_interrupt_die(void)
{
	if (!caught)
		return;
	signal(caught, SIG_DFL);
	raise(caught);
}
