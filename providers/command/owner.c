// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "command.h"
#include "owner.h"

static const int handled[] = {SIGCHLD, SIGHUP,	SIGINT, SIGQUIT,
			      SIGTERM, SIGUSR1, SIGUSR2};

int owner_init(struct owner *owner)
{
	sigset_t set;
	size_t i;

	memset(owner, 0, sizeof(*owner));
	owner->listener = -1;
	sigemptyset(&set);
	for (i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	sigprocmask(SIG_BLOCK, &set, &owner->mask);
	owner->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (owner->signals < 0)
		return peerbar_error_set(-errno, "signalfd: %s", strerror(errno));
	return 0;
}

static int open_device(struct owner *owner, const char *bdf,
		       unsigned int period_ms, struct peerbar_device **out)
{
	struct owned_device *device;
	unsigned int i;
	int ret;

	for (i = 0; i < owner->nr_devices; i++) {
		*out = owner->devices[i].dev;
		if (!strcmp(peerbar_device_bdf(*out), bdf))
			return 0;
	}
	device = &owner->devices[owner->nr_devices];
	ret = peerbar_device_open(bdf, NULL, &device->dev);
	if (ret)
		return ret;
	ret = peerbar_device_watch(device->dev, period_ms, &device->events);
	if (ret) {
		peerbar_device_close(device->dev);
		return ret;
	}
	owner->nr_devices++;
	*out = device->dev;
	return 0;
}

int owner_export(struct owner *owner, const char *text, unsigned int flags,
		 unsigned int period_ms)
{
	struct owned_buffer *buffer = &owner->buffers[owner->nr_buffers];
	struct peerbar_device *dev;
	struct peerbar_spec spec;
	int ret;

	if (owner->nr_buffers == OWNER_BUFFERS)
		return peerbar_error_set(-E2BIG,
					 "at most %d buffers in one export",
					 OWNER_BUFFERS);
	ret = peerbar_spec_parse(text, &spec);
	if (!ret)
		ret = open_device(owner, spec.bdf, period_ms, &dev);
	if (!ret)
		ret = peerbar_spec_export(dev, &spec, flags, &buffer->buf);
	if (ret)
		return ret;
	buffer->text = text;
	owner->nr_buffers++;
	return 0;
}

int owner_listen(struct owner *owner, const char *path)
{
	int sock = control_listen(path);

	if (sock < 0)
		return sock;
	owner->listener = sock;
	strcpy(owner->path, path);
	return 0;
}

int owner_start(struct owner *owner, char **argv)
{
	struct child_fd fds[OWNER_BUFFERS];
	unsigned int i;
	pid_t pid;

	for (i = 0; i < owner->nr_buffers; i++)
		fds[i] = (struct child_fd){
			.fd = peerbar_buffer_fd(owner->buffers[i].buf),
			.size = peerbar_buffer_size(owner->buffers[i].buf),
		};
	pid = child_start(argv, fds, owner->nr_buffers, &owner->mask);
	if (pid < 0)
		return pid;
	owner->child = pid;
	return 0;
}

/* A signal from the terminal has gone to the program already. */
static void pass_on(struct owner *owner, const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		kill(owner->child, (int)info->ssi_signo);
}

/* true when it is time to end, with *@status */
static bool take_signal(struct owner *owner, int *status)
{
	struct signalfd_siginfo info;
	int wait_status;

	if (read(owner->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGCHLD) {
		if (!owner->child ||
		    waitpid(owner->child, &wait_status, WNOHANG) != owner->child)
			return false;
		owner->child = 0;
		*status = child_status(wait_status);
		return true;
	}
	if (owner->child) {
		pass_on(owner, &info);
		return false;
	}
	*status = STATUS_GOOD;
	return info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2;
}

/* Looking is what has holders told; see <peerbar/events.h>. */
static void look(struct owned_device *device)
{
	struct peerbar_event event;

	while (!peerbar_events_next(device->events, &event)) {
		if (event.type == PEERBAR_EVENT_REQUEST)
			complain(
				"the kernel wants %s back: somebody unbinds or "
				"removes it, and waits for this export to end",
				peerbar_device_bdf(device->dev));
		if (event.type == PEERBAR_EVENT_ERROR)
			complain("%s reported an error",
				 peerbar_device_bdf(device->dev));
	}
}

/* Without a program there is nothing to wait for once all is taken back. */
static bool has_purpose(const struct owner *owner)
{
	unsigned int i;

	for (i = 0; i < owner->nr_buffers; i++)
		if (!owner->buffers[i].revoked)
			return true;
	return owner->child;
}

#define NR_POLLED (2 + OWNER_BUFFERS + OWNER_CLIENTS)

static unsigned int fill(const struct owner *owner,
			 struct pollfd polled[NR_POLLED])
{
	unsigned int i, nr = 0;

	polled[nr++].fd = owner->signals;
	polled[nr++].fd = owner->listener;
	for (i = 0; i < owner->nr_devices; i++)
		polled[nr++].fd = peerbar_events_fd(owner->devices[i].events);
	for (i = 0; i < owner->nr_clients; i++)
		polled[nr++].fd = owner->clients[i].sock;
	for (i = 0; i < nr; i++)
		polled[i].events = POLLIN;
	return nr;
}

/* From the last one, since a client that goes leaves its place to that. */
static void serve_clients(struct owner *owner, const struct pollfd *polled)
{
	unsigned int i;

	for (i = owner->nr_clients; i-- > 0;)
		if (polled[i].revents && !owner_hear(owner, i))
			owner_drop_client(owner, i);
}

int owner_run(struct owner *owner)
{
	struct pollfd polled[NR_POLLED];
	int status = STATUS_GOOD;
	unsigned int nr, i;

	while (has_purpose(owner)) {
		nr = fill(owner, polled);
		if (poll(polled, nr, -1) < 0 && errno != EINTR)
			return complain("poll: %m");
		if (polled[0].revents && take_signal(owner, &status))
			return status;
		for (i = 0; i < owner->nr_devices; i++)
			if (polled[2 + i].revents)
				look(&owner->devices[i]);
		serve_clients(owner, &polled[2 + owner->nr_devices]);
		if (polled[1].revents)
			owner_accept(owner);
	}
	return status;
}

void owner_end(struct owner *owner)
{
	unsigned int i;

	if (owner->listener >= 0) {
		unlink(owner->path);
		close(owner->listener);
	}
	for (i = 0; i < owner->nr_devices; i++) {
		peerbar_events_close(owner->devices[i].events);
		/* holders are told, if they are there to hear it */
		peerbar_device_close(owner->devices[i].dev);
	}
	while (owner->nr_clients)
		owner_drop_client(owner, owner->nr_clients - 1);
	for (i = 0; i < owner->nr_buffers; i++)
		peerbar_buffer_close(owner->buffers[i].buf);
	if (owner->signals >= 0)
		close(owner->signals);
	sigprocmask(SIG_SETMASK, &owner->mask, NULL);
}
