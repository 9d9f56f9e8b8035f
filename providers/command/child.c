// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "command.h"

/* 64 buffers with 20 digits each */
#define LIST_SIZE 2048

static int pass_on(const struct child_fd *fds, unsigned int nr_fds)
{
	char first[16] = "", list[LIST_SIZE] = "", sizes[LIST_SIZE] = "";
	size_t used = 0, sizes_used = 0;
	unsigned int i;
	int fd;

	for (i = 0; i < nr_fds; i++) {
		fd = fcntl(fds[i].fd, F_DUPFD, 3);
		if (fd < 0)
			return -errno;
		if (!i)
			snprintf(first, sizeof(first), "%d", fd);
		used += snprintf(list + used, LIST_SIZE - used, "%s%d",
				 i ? " " : "", fd);
		sizes_used += snprintf(sizes + sizes_used, LIST_SIZE - sizes_used,
				       "%s%" PRIu64, i ? " " : "", fds[i].size);
		if (used >= LIST_SIZE || sizes_used >= LIST_SIZE)
			return -E2BIG;
	}
	if (setenv("PEERBAR_FD", first, 1) || setenv("PEERBAR_FDS", list, 1) ||
	    setenv("PEERBAR_SIZES", sizes, 1))
		return -errno;
	return 0;
}

/* In the child; returns only on failure. */
static int become(char **argv, const struct child_fd *fds, unsigned int nr_fds,
		  const sigset_t *mask)
{
	int ret = pass_on(fds, nr_fds);

	if (ret)
		return ret;
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	return -errno;
}

/* The pipe closes with exec, or says why there was none. */
static pid_t await_exec(pid_t pid, int pipe_fd)
{
	int err = 0;
	ssize_t len;

	do
		len = read(pipe_fd, &err, sizeof(err));
	while (len < 0 && errno == EINTR);
	if (len != sizeof(err))
		return pid;
	waitpid(pid, NULL, 0);
	return err;
}

pid_t child_start(char **argv, const struct child_fd *fds, unsigned int nr_fds,
		  const sigset_t *mask)
{
	int pipe_fds[2], err;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		err = become(argv, fds, nr_fds, mask);
		if (write(pipe_fds[1], &err, sizeof(err)) < 0)
			_exit(STATUS_CANNOT_EXEC);
		_exit(STATUS_NO_PROGRAM);
	}
	err = -errno;
	close(pipe_fds[1]);
	pid = pid < 0 ? err : await_exec(pid, pipe_fds[0]);
	close(pipe_fds[0]);
	return pid;
}

int child_status(int wait_status)
{
	return WIFSIGNALED(wait_status)
		       ? STATUS_SIGNALLED + WTERMSIG(wait_status)
		       : WEXITSTATUS(wait_status);
}
