// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <peerbar/buffer.h>
#include <peerbar/error.h>
#include <peerbar/probe.h>

#include "device_priv.h"
#include "sys.h"
#include "uapi.h"

#define NEEDS_MODULES "it takes the vfio-pci modules of peerbar (kernel/)"

static const char *const names[PEERBAR_CAP_NR] = {
	[PEERBAR_CAP_EXPORT] = "export", [PEERBAR_CAP_MMAP] = "mmap",
	[PEERBAR_CAP_REVOKE] = "revoke", [PEERBAR_CAP_INFO] = "info",
	[PEERBAR_CAP_RESET] = "reset",	 [PEERBAR_CAP_COMBINE] = "combine",
};

const char *peerbar_cap_name(enum peerbar_cap cap)
{
	return (unsigned int)cap < PEERBAR_CAP_NR ? names[cap] : NULL;
}

static void present(struct peerbar_cap_report *report)
{
	*report = (struct peerbar_cap_report){.present = true, .reason = ""};
}

static void absent(struct peerbar_cap_report *report, const char *reason)
{
	*report = (struct peerbar_cap_report){.reason = reason};
}

static int probe_feature(struct peerbar_device *dev, uint32_t flags,
			 struct peerbar_cap_report *report)
{
	int ret = device_probe_feature(dev, flags);

	if (ret == -ENOTTY)
		absent(report, NEEDS_MODULES);
	else if (ret == -EOPNOTSUPP)
		absent(report, "the VFIO driver of this device, or this "
			       "machine, does not have it");
	else if (ret)
		return peerbar_error_set(ret, "%s: asking for a VFIO feature: %s",
					 dev->bdf, strerror(-ret));
	else
		present(report);
	return 0;
}

int device_export_page(struct peerbar_device *dev, struct peerbar_buffer **out)
{
	const struct peerbar_range page = {.length = sys_page_size()};
	unsigned int i;

	for (i = 0; i < PCI_NR_BARS; i++)
		if (dev->regions[i].mappable &&
		    dev->regions[i].size >= page.length)
			return peerbar_buffer_export(dev, i, &page, 1, 0, out);
	return -ENOENT;
}

static int probe_mmap(struct peerbar_buffer *buf,
		      struct peerbar_cap_report *report)
{
	void *addr;
	int ret;

	ret = sys_mmap(NULL, sys_page_size(), PROT_READ, MAP_SHARED,
		       peerbar_buffer_fd(buf), 0, &addr);
	if (ret == -EINVAL) {
		absent(report, NEEDS_MODULES);
		return 0;
	}
	if (ret)
		return peerbar_error_set(ret, "mmap of a dma-buf: %s",
					 strerror(-ret));
	sys_munmap(addr, sys_page_size());
	present(report);
	return 0;
}

static int probe_export(struct peerbar_device *dev,
			struct peerbar_cap_report *caps)
{
	struct peerbar_buffer *buf;
	int ret;

	absent(&caps[PEERBAR_CAP_MMAP], "nothing can be exported");
	ret = device_export_page(dev, &buf);
	switch (ret) {
	case 0:
		break;
	case -ENOENT:
		absent(&caps[PEERBAR_CAP_EXPORT],
		       "no BAR of this device can be mapped");
		return 0;
	case -EOPNOTSUPP:
		absent(&caps[PEERBAR_CAP_EXPORT],
		       "it takes Linux 6.19 with CONFIG_VFIO_PCI_DMABUF and a "
		       "VFIO driver that exports dma-bufs");
		return 0;
	default:
		return ret;
	}
	present(&caps[PEERBAR_CAP_EXPORT]);
	ret = probe_mmap(buf, &caps[PEERBAR_CAP_MMAP]);
	peerbar_buffer_close(buf);
	return ret;
}

int peerbar_probe(struct peerbar_device *dev,
		  struct peerbar_cap_report caps[PEERBAR_CAP_NR])
{
	struct peerbar_cap_report found[PEERBAR_CAP_NR];
	int ret;

	ret = probe_export(dev, found);
	if (ret)
		return ret;
	ret = probe_feature(dev,
			    VFIO_DEVICE_FEATURE_SET |
				    PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE,
			    &found[PEERBAR_CAP_REVOKE]);
	if (ret)
		return ret;
	ret = probe_feature(
		dev, VFIO_DEVICE_FEATURE_GET | PEERBAR_VFIO_FEATURE_DMA_BUF_INFO,
		&found[PEERBAR_CAP_INFO]);
	if (ret)
		return ret;
	ret = probe_feature(dev,
			    VFIO_DEVICE_FEATURE_SET |
				    PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR,
			    &found[PEERBAR_CAP_COMBINE]);
	if (ret)
		return ret;
	if (dev->can_reset)
		present(&found[PEERBAR_CAP_RESET]);
	else
		absent(&found[PEERBAR_CAP_RESET],
		       "the function has no reset method of its own");
	memcpy(caps, found, sizeof(found));
	return 0;
}
