/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Events
 *
 * A descriptor to poll, for each buffer or device that is watched, and a call
 * that says what has happened.  There is no thread behind it: whoever polls
 * drives it.
 *
 * The kernel tells nobody of a revoke as such, so that it has to be found out.
 * What can be found out depends on who asks, and peerbar_events_source() says
 * which it is:
 *
 *  - The process that exported the buffer, on a kernel with our modules, reads
 * the kernel's own count of revokes: nothing is missed, not even a reset that
 * began and ended between two looks.  What this process does itself (revoke,
 * reset, memory off) makes the descriptor readable at once; for what others do
 * (a reset through sysfs, a low-power state) the kernel is asked once in every
 *    period.
 *  - The same process without our modules knows of what it did itself.
 *  - A process that imported the buffer can find out, once in every period,
 * that it was revoked for good, and on a kernel with our modules only; never
 * that it was suspended, nor that it is back.  The exporter can tell it all of
 * that by a channel (<peerbar/channel.h>), whose descriptor is polled instead.
 *
 * A device that is watched also tells of errors that it reported and of the
 * kernel wanting it back, which are interrupts of VFIO and on every kernel.
 */
#ifndef PEERBAR_EVENTS_H
#define PEERBAR_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <peerbar/buffer.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct peerbar_events;

/** enum peerbar_events_source - how a change of state is found out */
enum peerbar_events_source {
	PEERBAR_SOURCE_KERNEL, /* the kernel's count: nothing is missed */
	PEERBAR_SOURCE_CALLS,  /* calls of this process only */
	PEERBAR_SOURCE_PROBE,  /* a permanent revoke only */
};

enum peerbar_event_type {
	PEERBAR_EVENT_STATE, /* taken back, or back, or both since last time */
	PEERBAR_EVENT_ERROR, /* an uncorrectable error; a fatal one took the memory */
	PEERBAR_EVENT_REQUEST, /* the kernel waits for the device to be closed */
};

/**
 * struct peerbar_event - something that has happened
 * @type: see enum peerbar_event_type
 * @state: of STATE: what it is now; REVOKED is final, no STATE follows
 * @revokes: of STATE: how often the memory was taken back since the last event,
 *	or since the watch began.  LIVE with 1 here says: it was away and is
 *back. 0 when it is only back, or when nobody counts (SOURCE_PROBE)
 */
struct peerbar_event {
	enum peerbar_event_type type;
	enum peerbar_state state;
	uint64_t revokes;
};

/**
 * peerbar_buffer_watch - watch one buffer
 * @buf: may be closed while it is watched
 * @period_ms: how often to ask for what others may have done; 0 never, so that
 *	only calls of this process make the descriptor readable
 * @out: written on success; release with peerbar_events_close()
 *
 * Return: 0; -ENODEV the buffer is revoked already; -EOPNOTSUPP imported, and
 * the kernel cannot be asked; -ENOMEM, -errno.
 */
int peerbar_buffer_watch(struct peerbar_buffer *buf, unsigned int period_ms,
			 struct peerbar_events **out);

/**
 * peerbar_device_watch - watch a device
 * @dev: may be closed while it is watched, which is a STATE of REVOKED
 * @period_ms: as for a buffer
 * @out: written on success; release with peerbar_events_close()
 *
 * STATE is that of one page of the device's first mappable BAR, which is
 * exported for it: what is taken back from the whole device is taken back from
 * the page. Where nothing can be exported, only ERROR and REQUEST are told.
 *
 * While a device is watched, holders of its buffers (<peerbar/channel.h>) are
 * told in every period what others did to it.
 *
 * ERROR and REQUEST take VFIO's triggers of that name; a program that sets
 * them by peerbar_device_fd() must not watch the device.
 *
 * Return: 0; -EBUSY it is watched already, by this library; -ENODEV closed;
 * -ENOMEM, -errno.
 */
int peerbar_device_watch(struct peerbar_device *dev, unsigned int period_ms,
			 struct peerbar_events **out);

/** peerbar_events_close - watch no longer; NULL is allowed */
void peerbar_events_close(struct peerbar_events *events);

/** peerbar_events_fd - readable when there may be an event; stays the library's */
int peerbar_events_fd(const struct peerbar_events *events);

/** peerbar_events_has - can this event come at all, here */
bool peerbar_events_has(const struct peerbar_events *events,
			enum peerbar_event_type type);

/** peerbar_events_source - how STATE is found out; meaningless without STATE */
enum peerbar_events_source peerbar_events_source(
	const struct peerbar_events *events);

/**
 * peerbar_events_next - what has happened
 * @out: written on success
 *
 * Never waits.  Call it until it says -EAGAIN: then the descriptor is no longer
 * readable.  It looks for itself, readable descriptor or not.
 *
 * Threads: one at a time on one watch; the device and the buffer may be used
 * meanwhile.
 * Return: 0; -EAGAIN nothing has; -errno asking failed.
 */
int peerbar_events_next(struct peerbar_events *events, struct peerbar_event *out);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
#endif /* PEERBAR_EVENTS_H */
