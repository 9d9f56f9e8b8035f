// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "count.h"
#include "error.h"

static void nothing(void *arg)
{
}

static void child(void (*fn)(void *arg), void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(1);
	fn(arg);
	raise(SIGSTOP);
	fn(arg);
	raise(SIGSTOP);
	_exit(0);
}

/* steps from the first stop to the second */
static int count_steps(pid_t pid, uint64_t *out)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
		return -EFAULT;
	for (*out = 0;; ++*out) {
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) < 0)
			return -errno;
		if (!WIFSTOPPED(status))
			return -EFAULT;
		if (WSTOPSIG(status) == SIGSTOP)
			return 0;
		if (WSTOPSIG(status) != SIGTRAP)
			return -EFAULT;
	}
}

/* both on one CPU: waking the other one up would cost more than the steps */
static void stay_here(cpu_set_t *before)
{
	cpu_set_t here;

	sched_getaffinity(0, sizeof(*before), before);
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

static int count(void (*fn)(void *arg), void *arg, uint64_t *out)
{
	cpu_set_t before;
	pid_t pid;
	int rc;

	stay_here(&before);
	pid = fork();
	if (!pid)
		child(fn, arg);
	rc = pid < 0 ? -errno : count_steps(pid, out);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	sched_setaffinity(0, sizeof(before), &before);
	return rc;
}

int bench_count_instructions(void (*fn)(void *arg), void *arg, uint64_t *out)
{
	uint64_t empty;
	int rc;

	/* what stopping and an empty function cost is not @fn's */
	rc = count(nothing, NULL, &empty);
	if (!rc)
		rc = count(fn, arg, out);
	if (rc == -EFAULT)
		return bench_fail(rc, "what was to be counted died");
	if (rc)
		return bench_fail(rc, "counting instructions: %s", strerror(-rc));
	*out = *out > empty ? *out - empty : 0;
	return 0;
}
