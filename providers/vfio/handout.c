// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>

#include "events_priv.h"
#include "handout.h"
#include "message.h"
#include "packet.h"
#include "sys.h"

void handout_add(struct handout *handout)
{
	handout->next_of_device = handout->dev->handouts;
	handout->dev->handouts = handout;
}

void handout_free(struct handout *handout)
{
	struct peerbar_device *dev = handout->dev;
	struct handout **link;

	pthread_mutex_lock(&dev->lock);
	for (link = &dev->handouts; *link != handout;
	     link = &(*link)->next_of_device)
		;
	*link = handout->next_of_device;
	pthread_mutex_unlock(&dev->lock);
	sys_close(handout->fd);
	free(handout);
	device_put(dev);
}

static void end(struct handout *handout)
{
	sys_close(handout->fd);
	handout->fd = -1;
}

int handout_tell(struct handout *handout)
{
	struct observation now;
	struct message_state message;
	int ret;

	if (handout->gone)
		return peerbar_error_set(-EPIPE, "the other end is closed");
	if (handout->fd < 0)
		return 0;
	ret = observe_since(handout->dev, handout->fd, &handout->told, &now);
	if (ret)
		return ret;
	if (now.state == handout->told.state &&
	    now.revokes == handout->told.revokes)
		return 0;
	message_encode_state(&message, handout->id, now.state,
			     now.revokes - handout->revokes_before);
	ret = packet_send(handout->sock, &message, sizeof(message), -1);
	if (ret == -EPIPE || ret == -ECONNRESET) {
		handout->gone = true;
		end(handout);
		return peerbar_error_set(-EPIPE, "the other end is closed");
	}
	if (ret)
		return peerbar_error_set(ret, "telling the other end: %s",
					 strerror(-ret));
	handout->told = now;
	if (now.state == PEERBAR_REVOKED)
		end(handout);
	return 0;
}

static void account(struct peerbar_device *dev, enum device_change what)
{
	switch (what) {
	case CHANGED_MEMORY_OFF:
		if (!dev->memory_off)
			dev->own_revokes++;
		dev->memory_off = true;
		break;
	case CHANGED_MEMORY_ON:
		dev->memory_off = false;
		break;
	case CHANGED_RESET:
	case CHANGED_CLOSED:
		dev->own_revokes++;
		break;
	default:
		break;
	}
}

/* Who cannot be told now is told with the next change or flush. */
static void tell_all(struct peerbar_device *dev)
{
	struct handout *handout;

	for (handout = dev->handouts; handout; handout = handout->next_of_device)
		handout_tell(handout);
}

void device_changed(struct peerbar_device *dev, enum device_change what)
{
	pthread_mutex_lock(&dev->lock);
	account(dev, what);
	tell_all(dev);
	events_wake(dev);
	pthread_mutex_unlock(&dev->lock);
}

void device_tell(struct peerbar_device *dev)
{
	pthread_mutex_lock(&dev->lock);
	tell_all(dev);
	pthread_mutex_unlock(&dev->lock);
}
