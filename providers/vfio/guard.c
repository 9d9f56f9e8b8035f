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
#include "mapping_priv.h"

/* Lives on the stack of the guarded call. */
struct frame {
	sigjmp_buf env;
	uintptr_t start;
	uintptr_t end;
	struct frame *outer;
};

/*
 * Read by the handler, in threads that never ran a guarded call, too: the
 * lazily allocated kind of thread-local storage would call malloc() there.
 */
static _Thread_local struct frame *innermost
	__attribute__((tls_model("initial-exec")));

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
 * Back to where @frame began, with the signals blocked that were blocked then:
 * here the mask is ours, or that of a handler which called us.  Doing it here
 * saves a system call per guarded access.
 */
static void unwind_to(struct frame *frame, const ucontext_t *context)
{
	innermost = frame->outer;
	pthread_sigmask(SIG_SETMASK, &context->uc_sigmask, NULL);
	siglongjmp(frame->env, 1);
}

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	int saved_errno = errno;
	struct frame *frame;

	if (info->si_code == BUS_ADRERR)
		for (frame = innermost; frame; frame = frame->outer)
			if (addr >= frame->start && addr < frame->end)
				unwind_to(frame, context);
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

int peerbar_guard_run(const struct peerbar_mapping *map, void (*fn)(void *arg),
		      void *arg)
{
	struct frame frame;

	frame.start = (uintptr_t)map->addr;
	frame.end = frame.start + map->size;
	frame.outer = innermost;
	if (sigsetjmp(frame.env, 0))
		return peerbar_error_set(
			-ENODEV, "the memory was taken back during the access");
	atomic_signal_fence(memory_order_seq_cst);
	innermost = &frame;
	atomic_signal_fence(memory_order_seq_cst);
	fn(arg);
	atomic_signal_fence(memory_order_seq_cst);
	innermost = frame.outer;
	return 0;
}
