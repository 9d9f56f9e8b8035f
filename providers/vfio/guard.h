/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PEERBAR_GUARD_H
#define PEERBAR_GUARD_H

#include <stdatomic.h>

#include "mapping_priv.h"

/* Put our SIGBUS handler before the application's; once per process. */
void guard_install(void);

/*
 * Guards live on the stack of what they guard, innermost first.  Read by the
 * handler, in threads that never ran a guarded call, too: the lazily allocated
 * kind of thread-local storage would call malloc() there.
 */
extern _Thread_local struct peerbar_guard *guard_innermost
	__attribute__((tls_model("initial-exec"), visibility("hidden")));

/**
 * enum guard_kind - what @armed of a guard is
 * @GUARD_LIBC: begun with setjmp(), by peerbar_guard_begin()
 * @GUARD_LIGHT: begun with GUARD_LIGHT_BEGUN(), in the library
 */
enum guard_kind {
	GUARD_ENDED,
	GUARD_LIBC,
	GUARD_LIGHT,
};

/*
 * GUARD_LIGHT_BEGUN - 0, and not 0 after an access that was ended
 *
 * The compiler's own setjmp() is three stores, where the C library's is a call
 * that hides its pointers.  The thread sanitizer has to see every jump, and the
 * address sanitizer those over stack frames.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__) && \
	!defined(__SANITIZE_ADDRESS__)
#define GUARD_LIGHT_BEGUN(guard) __builtin_setjmp((void **)(guard)->env)
#define GUARD_LIGHT_JUMP(guard)	 __builtin_longjmp((void **)(guard)->env, 1)
#else
#define GUARD_LIGHT_BEGUN(guard) setjmp((guard)->env)
#define GUARD_LIGHT_JUMP(guard)	 longjmp((guard)->env, 1)
#endif

static inline void guard_arm(struct peerbar_guard *guard,
			     const struct peerbar_mapping *map,
			     enum guard_kind kind)
{
	guard->start = (uintptr_t)map->addr;
	guard->end = guard->start + map->size;
	guard->outer = guard_innermost;
	guard->armed = kind;
	atomic_signal_fence(memory_order_seq_cst);
	guard_innermost = guard;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void guard_disarm(struct peerbar_guard *guard)
{
	guard->armed = GUARD_ENDED;
	atomic_signal_fence(memory_order_seq_cst);
	guard_innermost = guard->outer;
}

#endif /* PEERBAR_GUARD_H */
