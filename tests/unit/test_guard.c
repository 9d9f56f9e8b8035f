// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guarded access with real signals: a file that is cut short takes the memory
 * away.  What leaves a trace in the process runs in a child.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "copy.h"
#include "front.h"
#include "mapping_priv.h"

#define SIZE 8192u

struct memory {
	struct peerbar_mapping map;
	int fd;
};

static void take_back(struct memory *mem)
{
	assert_int_equal(ftruncate(mem->fd, 0), 0);
}

static void give_back(struct memory *mem)
{
	assert_int_equal(ftruncate(mem->fd, SIZE), 0);
}

static void memory_open(struct memory *mem)
{
	mem->fd = memfd_create("guard", MFD_CLOEXEC);
	assert_true(mem->fd >= 0);
	give_back(mem);
	mem->map.addr =
		mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, mem->fd, 0);
	assert_ptr_not_equal(mem->map.addr, MAP_FAILED);
	mem->map.size = SIZE;
	mem->map.writable = true;
}

static void memory_close(struct memory *mem)
{
	munmap(mem->map.addr, SIZE);
	close(mem->fd);
}

static void touch(const struct memory *mem)
{
	*(volatile char *)mem->map.addr = 1;
}

static void access_after_take_back(void **state)
{
	sigset_t before = {0}, after = {0};
	struct memory mem;
	char bytes[100];
	unsigned int i;

	guard_to_front();
	memory_open(&mem);
	sigprocmask(SIG_BLOCK, NULL, &before);
	for (i = 0; i < 100; i++) {
		assert_int_equal(peerbar_read(&mem.map, 3, bytes, sizeof(bytes)),
				 0);
		take_back(&mem);
		assert_int_equal(peerbar_read(&mem.map, 3, bytes, sizeof(bytes)),
				 -ENODEV);
		assert_int_equal(peerbar_write(&mem.map, SIZE - 100, bytes,
					       sizeof(bytes)),
				 -ENODEV);
		give_back(&mem);
	}
	sigprocmask(SIG_BLOCK, NULL, &after);
	assert_memory_equal(&before, &after, sizeof(before));
	memory_close(&mem);
}

/* A run that touches one memory and nests a run on another. */
struct nest {
	struct memory *mine, *inner, *touched;
	int inner_ret;
	bool returned;
};

static void touch_arg(void *arg)
{
	touch(arg);
}

static void nest_run(void *arg)
{
	struct nest *nest = arg;

	nest->inner_ret =
		peerbar_guard_run(&nest->inner->map, touch_arg, nest->touched);
	touch(nest->mine);
	nest->returned = true;
}

static void nested(void **state)
{
	struct memory outer, inner;
	struct nest nest = {.mine = &outer, .inner = &inner};

	guard_to_front();
	memory_open(&outer);
	memory_open(&inner);

	/* the inner access fails alone, the outer guard still holds */
	take_back(&inner);
	nest.touched = &inner;
	assert_int_equal(peerbar_guard_run(&outer.map, nest_run, &nest), 0);
	assert_int_equal(nest.inner_ret, -ENODEV);
	assert_true(nest.returned);

	/* an access to the outer memory inside the inner run ends both */
	give_back(&inner);
	take_back(&outer);
	nest = (struct nest){
		.mine = &outer,
		.inner = &inner,
		.touched = &outer,
		.inner_ret = 1,
	};
	assert_int_equal(peerbar_guard_run(&outer.map, nest_run, &nest), -ENODEV);
	assert_int_equal(nest.inner_ret, 1);
	assert_false(nest.returned);

	/* nothing of either is left behind */
	give_back(&outer);
	nest.touched = &inner;
	assert_int_equal(peerbar_guard_run(&outer.map, nest_run, &nest), 0);
	memory_close(&inner);
	memory_close(&outer);
}

/* Returns 0, or -ENODEV when an access broke the scope; leaves it early. */
static int scope(struct memory *mem, volatile unsigned int *steps)
{
	PEERBAR_GUARD(guard);

	if (peerbar_guard_begin(&guard, &mem->map))
		return -ENODEV;
	(*steps)++;
	touch(mem);
	(*steps)++;
	if (*steps == 2)
		return 0;
	peerbar_guard_end(&guard);
	peerbar_guard_end(&guard);
	return 0;
}

/* Inner and outer scope in one function: both have to end, whichever breaks. */
static int two_scopes(struct memory *outer, struct memory *inner,
		      struct memory *touched)
{
	PEERBAR_GUARD(first);
	PEERBAR_GUARD(second);

	if (peerbar_guard_begin(&first, &outer->map))
		return 1;
	if (peerbar_guard_begin(&second, &inner->map))
		return 2;
	touch(touched);
	peerbar_guard_end(&second);
	touch(outer);
	return 0;
}

static void scopes(void **state)
{
	volatile unsigned int steps = 0;
	struct memory mem, other;
	unsigned int i;

	guard_to_front();
	memory_open(&mem);
	memory_open(&other);
	assert_int_equal(scope(&mem, &steps), 0);
	assert_int_equal(steps, 2);
	for (i = 0; i < 100; i++) {
		take_back(&mem);
		steps = 0;
		assert_error(scope(&mem, &steps), ENODEV, "taken back");
		assert_int_equal(steps, 1);
		assert_int_equal(two_scopes(&mem, &other, &mem), 1);
		assert_int_equal(two_scopes(&other, &mem, &mem), 2);
		give_back(&mem);
		steps = 2;
		assert_int_equal(scope(&mem, &steps), 0);
		assert_int_equal(two_scopes(&mem, &other, &other), 0);
	}
	memory_close(&other);
	memory_close(&mem);
}

/* The same guard again, after an access broke it. */
static void a_broken_scope_can_be_begun_again(void **state)
{
	volatile unsigned int broken = 0;
	struct memory mem;

	guard_to_front();
	memory_open(&mem);
	take_back(&mem);
	{
		PEERBAR_GUARD(guard);

		while (peerbar_guard_begin(&guard, &mem.map))
			if (++broken == 3)
				give_back(&mem);
		touch(&mem);
	}
	assert_int_equal(broken, 3);
	memory_close(&mem);
}

/* Runs @body in a child; returns what waitpid() said. */
static int in_child(void (*body)(void))
{
	int status;
	pid_t pid;

	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(20);
		body();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_killed(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGBUS);
}

static void assert_exited(int status, int code)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

/* handlers of "the application" */
static struct memory app;
static siginfo_t app_info;
static sigset_t app_mask;
static volatile sig_atomic_t app_calls;

static void app_plain(int sig)
{
	app_calls++;
	pthread_sigmask(SIG_BLOCK, NULL, &app_mask);
	if (ftruncate(app.fd, SIZE))
		_exit(99);
	errno = ENOTNAM;
}

static void app_with_info(int sig, siginfo_t *info, void *context)
{
	app_info = *info;
	app_plain(context ? sig : 0);
}

static void install_app(void (*handler)(int),
			void (*with_info)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_flags = flags};

	if (with_info)
		action.sa_sigaction = with_info;
	else
		action.sa_handler = handler;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaction(SIGBUS, &action, NULL);
	guard_install();
	memory_open(&app);
}

static void touch_unguarded(void)
{
	take_back(&app);
	touch(&app);
}

/* What a guard that has ended must not catch. */
static void body_after_scope(void)
{
	volatile unsigned int steps = 0;

	install_app(SIG_DFL, NULL, 0);
	if (scope(&app, &steps))
		_exit(1);
	take_back(&app);
	steps = 0;
	if (scope(&app, &steps) != -ENODEV)
		_exit(2);
	touch(&app);
}

/*
 * Two guards, the outer one broken, and the inner one ended afterwards, as the
 * end of its scope does it.  Both outlive all of this, so that one that was put
 * back by mistake is found where it was.
 */
static void body_after_broken_scope(void)
{
	static struct peerbar_guard outer, inner;
	struct memory other;

	install_app(SIG_DFL, NULL, 0);
	memory_open(&other);
	take_back(&app);
	if (peerbar_guard_begin(&outer, &app.map)) {
		peerbar_guard_end(&inner);
		if (app_calls++)
			_exit(4);
		touch(&app);
	}
	if (peerbar_guard_begin(&inner, &other.map))
		_exit(3);
	touch(&app);
}

static void nothing_is_caught_after_a_scope(void **state)
{
	assert_killed(in_child(body_after_scope));
	assert_killed(in_child(body_after_broken_scope));
}

static void body_default_fault(void)
{
	install_app(SIG_DFL, NULL, 0);
	touch_unguarded();
}

static void body_default_kill(void)
{
	install_app(SIG_DFL, NULL, 0);
	kill(getpid(), SIGBUS);
}

static void body_ignored_fault(void)
{
	install_app(SIG_IGN, NULL, 0);
	touch_unguarded();
}

static void body_ignored_kill(void)
{
	install_app(SIG_IGN, NULL, 0);
	kill(getpid(), SIGBUS);
	_exit(7);
}

static void default_action(void **state)
{
	assert_killed(in_child(body_default_fault));
	assert_killed(in_child(body_default_kill));
	assert_killed(in_child(body_ignored_fault));
	assert_exited(in_child(body_ignored_kill), 7);
}

static void body_plain(void)
{
	sigset_t before = {0}, after = {0};

	install_app(app_plain, NULL, 0);
	sigprocmask(SIG_BLOCK, NULL, &before);
	errno = 0;
	touch_unguarded();
	sigprocmask(SIG_BLOCK, NULL, &after);
	if (app_calls != 1 || errno || memcmp(&before, &after, sizeof(before)))
		_exit(1);
	if (!sigismember(&app_mask, SIGBUS) || !sigismember(&app_mask, SIGUSR1))
		_exit(2);
	/* and our guard still works beside it, without asking the handler */
	take_back(&app);
	if (peerbar_write(&app.map, 0, "x", 1) != -ENODEV || app_calls != 1)
		_exit(3);
	/* but only until it ends */
	touch(&app);
	_exit(app_calls == 2 ? 7 : 4);
}

static void body_with_info(void)
{
	install_app(NULL, app_with_info, SA_SIGINFO | SA_NODEFER);
	touch_unguarded();
	if (app_calls != 1 || app_info.si_addr != app.map.addr ||
	    app_info.si_code != BUS_ADRERR)
		_exit(1);
	_exit(sigismember(&app_mask, SIGBUS) ? 2 : 7);
}

static void other_memory(void *arg)
{
	touch_unguarded();
}

/* A guard is active, but the fault is elsewhere. */
static void body_elsewhere(void)
{
	struct memory guarded;

	install_app(app_plain, NULL, 0);
	memory_open(&guarded);
	if (peerbar_guard_run(&guarded.map, other_memory, NULL))
		_exit(1);
	_exit(app_calls == 1 ? 7 : 2);
}

static void body_once(void)
{
	install_app(app_plain, NULL, (int)SA_RESETHAND);
	touch_unguarded();
	if (app_calls == 1)
		touch_unguarded();
	_exit(1);
}

static struct sigaction before_late;

static void app_late(int sig, siginfo_t *info, void *context)
{
	app_calls++;
	before_late.sa_sigaction(sig, info, context);
}

/* A handler installed after ours that hands on what is not its own. */
static void body_late(void)
{
	struct sigaction late = {
		.sa_sigaction = app_late,
		.sa_flags = SA_SIGINFO,
	};
	int i;

	install_app(SIG_DFL, NULL, 0);
	sigfillset(&late.sa_mask);
	sigaction(SIGBUS, &late, &before_late);
	take_back(&app);
	for (i = 0; i < 3; i++)
		if (peerbar_write(&app.map, 0, "x", 1) != -ENODEV)
			_exit(1);
	sigprocmask(SIG_BLOCK, NULL, &app_mask);
	if (sigismember(&app_mask, SIGBUS) || sigismember(&app_mask, SIGUSR1))
		_exit(2);
	_exit(app_calls == 3 ? 7 : 3);
}

static void application_handler(void **state)
{
	assert_exited(in_child(body_plain), 7);
	assert_exited(in_child(body_with_info), 7);
	assert_exited(in_child(body_elsewhere), 7);
	assert_exited(in_child(body_late), 7);
	assert_killed(in_child(body_once));
}

/* A signal that was sent is not a fault, whatever address it carries. */
static void send_to_self(void *arg)
{
	siginfo_t info = {
		.si_code = SI_QUEUE,
		.si_addr = ((struct memory *)arg)->map.addr,
	};

	syscall(SYS_rt_sigqueueinfo, getpid(), SIGBUS, &info);
}

static void body_sent(void)
{
	install_app(app_plain, NULL, 0);
	if (peerbar_guard_run(&app.map, send_to_self, &app))
		_exit(1);
	_exit(app_calls == 1 ? 7 : 2);
}

static void sent_signal(void **state)
{
	assert_exited(in_child(body_sent), 7);
}

#define NR_THREADS 4

static struct memory shared;
static atomic_bool stop;
static atomic_uint taken, served, wrong;

static void *guarded_thread(void *arg)
{
	char bytes[256];

	while (!atomic_load(&stop)) {
		int ret = peerbar_read(&shared.map, 100, bytes, sizeof(bytes));

		if (!ret)
			atomic_fetch_add(&served, 1);
		else if (ret == -ENODEV)
			atomic_fetch_add(&taken, 1);
		else
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void threads(void **state)
{
	pthread_t thread[NR_THREADS];
	unsigned int i, seen;

	guard_to_front();
	memory_open(&shared);
	for (i = 0; i < NR_THREADS; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, guarded_thread, NULL),
			0);
	/* each state lasts until some thread has met it */
	for (i = 0; i < 50; i++) {
		seen = atomic_load(&taken);
		take_back(&shared);
		while (atomic_load(&taken) == seen)
			sched_yield();
		seen = atomic_load(&served);
		give_back(&shared);
		while (atomic_load(&served) == seen)
			sched_yield();
	}
	atomic_store(&stop, true);
	for (i = 0; i < NR_THREADS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	memory_close(&shared);
}

static void alternate_stack(void **state)
{
	stack_t stack = {.ss_size = 64 * 1024}, off = {.ss_flags = SS_DISABLE};
	struct memory mem;
	unsigned int i;

	guard_to_front();
	memory_open(&mem);
	stack.ss_sp = test_malloc(stack.ss_size);
	assert_int_equal(sigaltstack(&stack, NULL), 0);
	take_back(&mem);
	for (i = 0; i < 3; i++)
		assert_int_equal(peerbar_write(&mem.map, 0, "x", 1), -ENODEV);
	assert_int_equal(sigaltstack(&off, NULL), 0);
	test_free(stack.ss_sp);
	memory_close(&mem);
}

int main(void)
{
	/* children first: they install handlers of their own before ours */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_action),
		cmocka_unit_test(application_handler),
		cmocka_unit_test(sent_signal),
		cmocka_unit_test(nothing_is_caught_after_a_scope),
		cmocka_unit_test(access_after_take_back),
		cmocka_unit_test(nested),
		cmocka_unit_test(scopes),
		cmocka_unit_test(a_broken_scope_can_be_begun_again),
		cmocka_unit_test(alternate_stack),
		cmocka_unit_test(threads),
	};

	return RUN(tests);
}
