/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The program of "export --exec". */
#ifndef CHILD_H
#define CHILD_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/** struct child_fd - what it inherits: a descriptor of this process's, bytes */
struct child_fd {
	int fd;
	uint64_t size;
};

/**
 * child_start - run a program that finds its buffers in the environment
 * @argv: ends with NULL; searched for in PATH
 * @fds: stay the caller's, whatever their close-on-exec flag
 * @mask: signals to block in it
 *
 * PEERBAR_FD is the first descriptor, PEERBAR_FDS all of them, PEERBAR_SIZES
 * their sizes in bytes, with blanks between.
 *
 * Return: its pid, or -errno of finding and executing it.
 */
pid_t child_start(char **argv, const struct child_fd *fds, unsigned int nr_fds,
		  const sigset_t *mask);

/** child_status - what a shell would make of it: 128 + N for signal N */
int child_status(int wait_status);

#endif /* CHILD_H */
