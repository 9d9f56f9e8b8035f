// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How the two guests of tests/lab/pair find each other, and part.
 *
 *	wire run COMMAND...	node 1: once node 2 is there, run COMMAND and
 *				exit as it does
 *	wire serve		node 2: there until node 1's COMMAND has ended
 *	wire meet		both: return when the other one has come, too
 *
 * Node 1 listens; the connection is what says "still here".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT	  7979
#define FIRST	  "10.79.0.1"
#define PATIENCE  300 /* seconds for the other one to boot */
#define RETRY_MS  200
#define EXIT_LOST 125

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int give_up(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(EXIT_LOST);
}

static struct sockaddr_in first_node(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};

	inet_pton(AF_INET, FIRST, &addr.sin_addr);
	return addr;
}

static int new_socket(void)
{
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return sock >= 0 ? sock : give_up("socket");
}

/* Node 1: the other one's connection. */
static int accept_peer(void)
{
	struct sockaddr_in addr = first_node();
	struct pollfd ready = {.fd = new_socket(), .events = POLLIN};
	int one = 1, peer;

	setsockopt(ready.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(ready.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(ready.fd, 1))
		give_up("listen");
	if (poll(&ready, 1, PATIENCE * 1000) != 1) {
		errno = ETIMEDOUT;
		give_up("node 2 does not come");
	}
	peer = accept4(ready.fd, NULL, NULL, SOCK_CLOEXEC);
	if (peer < 0)
		give_up("accept");
	close(ready.fd);
	return peer;
}

/*
 * Node 2: nothing tells that somebody far away has begun to listen, so that it
 * asks again and again.
 */
static int connect_peer(void)
{
	struct sockaddr_in addr = first_node();
	int64_t end = now_ms() + PATIENCE * 1000;
	int sock;

	for (;;) {
		sock = new_socket();
		if (!connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
			return sock;
		if (now_ms() > end)
			give_up("node 1 does not come");
		close(sock);
		poll(NULL, 0, RETRY_MS);
	}
}

static bool is_first(void)
{
	const char *node = getenv("PEERBAR_NODE");

	return node && !strcmp(node, "1");
}

/* EOF says that the other end is done, or dead. */
static void wait_for_eof(int peer)
{
	char byte;

	while (read(peer, &byte, 1) > 0)
		;
}

static int run(char **command)
{
	int peer = accept_peer(), status;
	pid_t child = fork();

	if (child < 0)
		give_up("fork");
	if (!child) {
		execvp(command[0], command);
		fprintf(stderr, "wire: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	close(peer);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int meet(void)
{
	int peer = is_first() ? accept_peer() : connect_peer();

	shutdown(peer, SHUT_WR);
	wait_for_eof(peer);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "run"))
		return run(argv + 2);
	if (argc == 2 && !strcmp(argv[1], "meet"))
		return meet();
	if (argc == 2 && !strcmp(argv[1], "serve")) {
		wait_for_eof(connect_peer());
		return 0;
	}
	fprintf(stderr, "usage: wire run COMMAND... | serve | meet\n");
	return 2;
}
