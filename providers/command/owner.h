/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: A process that owns exported buffers
 *
 * It serves the control socket, tells holders what happens to the device, and
 * passes signals on to the program that it runs, until that ends.
 */
#ifndef OWNER_H
#define OWNER_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include <peerbar/peerbar.h>

#include "control.h"

#define OWNER_BUFFERS 64
#define OWNER_CLIENTS 64

/**
 * struct owned_device - a device
 * @events: news of it
 */
struct owned_device {
	struct peerbar_device *dev;
	struct peerbar_events *events;
};

/**
 * struct owned_buffer - a buffer of one of the devices
 * @text: as the user wrote it
 */
struct owned_buffer {
	const char *text;
	struct peerbar_buffer *buf;
	bool revoked;
};

/**
 * struct owned_client - a connection to the control socket
 * @sock: until it is the channel's
 * @channel: NULL before "get"
 */
struct owned_client {
	int sock;
	struct peerbar_channel *channel;
};

/**
 * struct owner
 * @listener: -1 when there is no control socket
 * @path: of the control socket
 * @signals: a signalfd
 * @mask: signals blocked before
 * @child: 0 when no program is run
 */
struct owner {
	struct owned_device devices[OWNER_BUFFERS];
	unsigned int nr_devices;
	struct owned_buffer buffers[OWNER_BUFFERS];
	unsigned int nr_buffers;
	struct owned_client clients[OWNER_CLIENTS];
	unsigned int nr_clients;
	int listener;
	char path[RUN_PATH];
	int signals;
	sigset_t mask;
	pid_t child;
};

/* an owner of nothing; signals wait from here on */
int owner_init(struct owner *owner);

/* a buffer more; 0 or -errno with a detail text */
int owner_export(struct owner *owner, const char *text, unsigned int flags,
		 unsigned int period_ms);

/* the control socket; 0 or -errno with a detail text */
int owner_listen(struct owner *owner, const char *path);

/* the program; 0 or -errno */
int owner_start(struct owner *owner, char **argv);

/* until the program ends, or a signal asks for it; the exit status */
int owner_run(struct owner *owner);

/* everything is taken back */
void owner_end(struct owner *owner);

/* clients of the control socket; see control.h */
void owner_accept(struct owner *owner);
/* there is something to read; false when nothing more will come */
bool owner_hear(struct owner *owner, unsigned int client);
void owner_drop_client(struct owner *owner, unsigned int client);

#endif /* OWNER_H */
