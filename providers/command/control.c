// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "control.h"

#define BACKLOG 16

int control_path(const char *pid, bool make, char path[RUN_PATH])
{
	return run_dir_path("export", pid, make, path);
}

static int fail(int ret, const char *what, const char *path)
{
	return peerbar_error_set(ret, "%s %s: %s", what, path, strerror(-ret));
}

static int make_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return peerbar_error_set(
			-ENAMETOOLONG, "\"%s\" cannot be a socket: from 1 to %zu characters fit",
			path, sizeof(address->sun_path) - 1);
	strcpy(address->sun_path, path);
	return 0;
}

static int new_socket(void)
{
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	return sock < 0 ? -errno : sock;
}

static int connect_to(const struct sockaddr_un *address)
{
	int sock = new_socket(), ret;

	if (sock < 0)
		return sock;
	if (!connect(sock, (const struct sockaddr *)address, sizeof(*address)))
		return sock;
	ret = -errno;
	close(sock);
	return ret;
}

/* What a process left that was killed. */
static void remove_stale(const struct sockaddr_un *address)
{
	int sock = connect_to(address);

	if (sock == -ECONNREFUSED)
		unlink(address->sun_path);
	else if (sock >= 0)
		close(sock);
}

static int bind_private(int sock, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int ret = bind(sock, (const struct sockaddr *)address, sizeof(*address));

	ret = ret ? -errno : 0;
	umask(mask);
	return ret;
}

int control_listen(const char *path)
{
	struct sockaddr_un address;
	int sock, ret;

	ret = make_address(path, &address);
	if (ret)
		return ret;
	sock = new_socket();
	if (sock < 0)
		return fail(sock, "control socket", path);
	ret = bind_private(sock, &address);
	if (ret == -EADDRINUSE) {
		remove_stale(&address);
		ret = bind_private(sock, &address);
	}
	if (!ret && listen(sock, BACKLOG))
		ret = -errno;
	if (ret) {
		close(sock);
		return fail(ret, "control socket", path);
	}
	return sock;
}

int control_connect(const char *target)
{
	struct sockaddr_un address;
	char path[RUN_PATH];
	int ret;

	if (*target && !target[strspn(target, "0123456789")]) {
		ret = control_path(target, false, path);
		if (ret)
			return ret;
		target = path;
	}
	ret = make_address(target, &address);
	if (ret)
		return ret;
	ret = connect_to(&address);
	if (ret == -ENOENT || ret == -ECONNREFUSED)
		return peerbar_error_set(
			ret, "no \"peerbar export\" listens at %s", target);
	return ret < 0 ? fail(ret, "connecting to", target) : ret;
}

int control_send(int sock, const char *text)
{
	ssize_t ret = send(sock, text, strlen(text), MSG_NOSIGNAL);

	return ret < 0 ? fail(-errno, "sending", text) : 0;
}

int control_recv(int sock, char text[CONTROL_TEXT])
{
	ssize_t ret;

	do
		ret = recv(sock, text, CONTROL_TEXT - 1, 0);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return fail(-errno, "receiving from", "the control socket");
	if (!ret)
		return peerbar_error_set(-EPIPE, "the export has ended");
	text[ret] = '\0';
	return 0;
}
