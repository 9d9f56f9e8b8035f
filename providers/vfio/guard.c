// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* SIGBUS on memory that was taken back becomes a return value. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <ucontext.h>

#include <peerbar/error.h>

#include "guard.h"

_Thread_local struct peerbar_guard *guard_innermost;

static struct sigaction previous;
static atomic_bool previous_spent;

/* A handler of the application that asked to be called once, was. */
static bool previous_is_default(void)
{
	if (previous.sa_handler == SIG_DFL)
		return true;
	if (previous.sa_handler == SIG_IGN || !(previous.sa_flags & SA_RESETHAND))
		return false;
	return atomic_exchange(&previous_spent, true);
}

/* Did an instruction of this thread cause it, so that it will come again? */
static bool is_synchronous(const siginfo_t *info)
{
	return info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
}

static void die(const siginfo_t *info)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t mask;

	sigaction(SIGBUS, &dfl, NULL);
	/* On return the faulting instruction dies with its own siginfo. */
	if (is_synchronous(info))
		return;
	sigemptyset(&mask);
	sigaddset(&mask, SIGBUS);
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	raise(SIGBUS);
}

/* With the signals blocked that the kernel would have blocked for it. */
static void call_previous(int sig, siginfo_t *info, ucontext_t *context)
{
	sigset_t mask;

	sigorset(&mask, &context->uc_sigmask, &previous.sa_mask);
	if (!(previous.sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (previous.sa_flags & SA_SIGINFO)
		previous.sa_sigaction(sig, info, context);
	else
		previous.sa_handler(sig);
	/* The return from our handler restores the mask. */
}

/*
 * Back to where @guard began, with the signals blocked that were blocked then:
 * here the mask is ours, or that of a handler which called us.  Doing it here
 * saves a system call per guarded access.  glibc's setjmp() saves no mask.
 */
static void unwind_to(struct peerbar_guard *guard, const ucontext_t *context)
{
	bool light = guard->armed == GUARD_LIGHT;
	struct peerbar_guard *inner;

	for (inner = guard_innermost; inner != guard; inner = inner->outer)
		inner->armed = GUARD_ENDED;
	guard_disarm(guard);
	pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
	if (light)
		GUARD_LIGHT_JUMP(guard);
	longjmp(guard->env, 1);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	int saved_errno = errno;
	struct peerbar_guard *guard;

	if (info->si_code == BUS_ADRERR)
		for (guard = guard_innermost; guard; guard = guard->outer)
			if (addr >= guard->start && addr < guard->end)
				unwind_to(guard, context);
	if (previous_is_default())
		die(info);
	else if (previous.sa_handler != SIG_IGN)
		call_previous(sig, info, context);
	else if (is_synchronous(info))
		/* the kernel does not let anyone ignore these */
		die(info);
	errno = saved_errno;
}

static void install(void)
{
	struct sigaction ours = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	sigemptyset(&ours.sa_mask);
	sigaction(SIGBUS, NULL, &previous);
	ours.sa_flags |= previous.sa_flags & SA_RESTART;
	sigaction(SIGBUS, &ours, NULL);
}

void guard_install(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install);
}

int peerbar_guard_arm(struct peerbar_guard *guard,
		      const struct peerbar_mapping *map)
{
	guard_arm(guard, map, GUARD_LIBC);
	return 0;
}

int peerbar_guard_broken(struct peerbar_guard *guard)
{
	return peerbar_error_set(-ENODEV,
				 "the memory was taken back during the access");
}

void peerbar_guard_end(struct peerbar_guard *guard)
{
	if (guard->armed)
		guard_disarm(guard);
}

int peerbar_guard_run(const struct peerbar_mapping *map, void (*fn)(void *arg),
		      void *arg)
{
	struct peerbar_guard guard;

	if (GUARD_LIGHT_BEGUN(&guard))
		return peerbar_guard_broken(&guard);
	guard_arm(&guard, map, GUARD_LIGHT);
	fn(arg);
	guard_disarm(&guard);
	return 0;
}
