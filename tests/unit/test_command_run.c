// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The program that "peerbar export" runs, and its control socket. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

#include "child.h"
#include "control.h"

static char folder[] = "/tmp/peerbar-unit.XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? setenv("PEERBAR_RUN_DIR", folder, 1) : -1;
}

static int remove_folder(void **state)
{
	return rmdir(folder);
}

static sigset_t no_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	return set;
}

static int run(const char *script, const struct child_fd *fds, unsigned int nr)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	sigset_t mask = no_signals();
	int status;
	pid_t pid;

	pid = child_start(argv, fds, nr, &mask);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return child_status(status);
}

static int file_with(const char *text)
{
	int fd = memfd_create("buffer", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void a_program_inherits_its_buffers(void **state)
{
	static const char count[] = "set -- /proc/self/fd/*; exit $#";
	const struct child_fd fds[] = {
		{file_with("one\n"), 4},
		{file_with("two\n"), 4096},
	};

	/* by path: "<&" takes no number of two digits in every shell */
	assert_int_equal(run("read a </dev/fd/$PEERBAR_FD && [ \"$a\" = one ]",
			     fds, 2),
			 0);
	assert_int_equal(
		run("set -- $PEERBAR_FDS && [ $# = 2 ] && read a </dev/fd/$2 && "
		    "[ $a = two ] && [ $1 = $PEERBAR_FD ]",
		    fds, 2),
		0);
	assert_int_equal(run("[ \"$PEERBAR_SIZES\" = '4 4096' ]", fds, 2), 0);
	/* and nothing else that is ours */
	assert_int_equal(run(count, fds, 2), run(count, NULL, 0) + 2);
	close(fds[0].fd);
	close(fds[1].fd);
}

static void its_end_is_told(void **state)
{
	assert_int_equal(run("exit 7", NULL, 0), 7);
	assert_int_equal(run("kill -TERM $$", NULL, 0), 128 + SIGTERM);
}

static void its_signals_are_not_blocked(void **state)
{
	sigset_t mask = no_signals(), blocked = no_signals(), before;
	char *argv[] = {(char *)"sh", (char *)"-c",
			(char *)"kill -USR1 $$; exit 0", NULL};
	int status;
	pid_t pid;

	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	pid = child_start(argv, NULL, 0, &mask);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(child_status(status), 128 + SIGUSR1);
}

static void a_program_that_is_none(void **state)
{
	char *missing[] = {(char *)"/nonexistent/program", NULL};
	char *plain[] = {(char *)"/etc/passwd", NULL};
	const struct child_fd bad = {.fd = -1};
	char *argv[] = {(char *)"true", NULL};
	sigset_t mask = no_signals();

	assert_int_equal(child_start(missing, NULL, 0, &mask), -ENOENT);
	assert_int_equal(child_start(plain, NULL, 0, &mask), -EACCES);
	assert_int_equal(child_start(argv, &bad, 1, &mask), -EBADF);
	/* none is left to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_control_socket(void **state)
{
	char path[RUN_PATH], text[CONTROL_TEXT];
	int listener, client, server;
	struct stat st;

	assert_int_equal(control_path("42", true, path), 0);
	listener = control_listen(path);
	assert_true(listener >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	client = control_connect("42");
	assert_true(client >= 0);
	server = accept(listener, NULL, NULL);
	assert_int_equal(control_send(client, "revoke 1"), 0);
	assert_int_equal(control_recv(server, text), 0);
	assert_string_equal(text, "revoke 1");
	close(server);
	assert_error(control_recv(client, text), EPIPE, "ended");
	assert_error(control_send(client, "more"), EPIPE, "more");
	close(client);

	/* somebody listens: not to be replaced */
	assert_error(control_listen(path), EADDRINUSE, path);
	close(listener);
	/* nobody listens any more */
	assert_error(control_connect("42"), ECONNREFUSED, "listens at");
	listener = control_listen(path);
	assert_true(listener >= 0);
	close(listener);
	unlink(path);
	assert_error(control_connect("42"), ENOENT, "listens at");
}

static void folders_for_the_socket(void **state)
{
	char path[RUN_PATH], *longer = malloc(300);

	memset(longer, 'x', 299);
	longer[299] = '\0';
	setenv("PEERBAR_RUN_DIR", longer, 1);
	assert_error(control_path("1", false, path), ENAMETOOLONG, "long");
	longer[100] = '\0';
	setenv("PEERBAR_RUN_DIR", longer, 1);
	assert_error(control_path("12345678", false, path), ENAMETOOLONG, "long");
	setenv("PEERBAR_RUN_DIR", "/nonexistent/a", 1);
	assert_error(control_path("1", true, path), ENOENT, "/nonexistent/a");
	setenv("PEERBAR_RUN_DIR", folder, 1);
	free(longer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_inherits_its_buffers),
		cmocka_unit_test(its_end_is_told),
		cmocka_unit_test(its_signals_are_not_blocked),
		cmocka_unit_test(a_program_that_is_none),
		cmocka_unit_test(a_control_socket),
		cmocka_unit_test(folders_for_the_socket),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder) ? 1 : 0;
}
