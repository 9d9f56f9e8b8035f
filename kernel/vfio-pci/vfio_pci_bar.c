// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own mapping of a BAR, for read() and write() of the device's file
 * and for ioeventfds.
 *
 * It is made when the device is opened, uncached, and as long as it exists no
 * page of the BAR can be write-combined.  So it goes when one is to be, and
 * comes back when none is.  In between accesses map what they need, page by
 * page, as it is in force for that page.
 *
 * Changes are made under memory_lock, held for write: nobody keeps an address
 * inside the mapping beyond his hold of memory_lock, but ioeventfds, which
 * exclude each other with its absence.
 */
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>

#include "vfio_pci_dmabuf_memattr.h"
#include "vfio_pci_priv.h"

/* vdev->barmap[] of a BAR that is there, but not mapped */
#define VFIO_PCI_BAR_SPLIT	IOMEM_ERR_PTR(-EADDRINUSE)

static bool vfio_pci_bar_is_split(struct vfio_pci_core_device *vdev,
				  unsigned int bar)
{
	return READ_ONCE(vdev->barmap[bar]) == VFIO_PCI_BAR_SPLIT;
}

/* Why a BAR cannot be used, or 0; as vfio_pci_core_get_iomap() otherwise. */
int vfio_pci_bar_error(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	void __iomem *io = vfio_pci_core_get_iomap(vdev, bar);

	return IS_ERR(io) && io != VFIO_PCI_BAR_SPLIT ? PTR_ERR(io) : 0;
}

static bool vfio_pci_bar_has_ioeventfd(struct vfio_pci_core_device *vdev,
				       unsigned int bar)
{
	struct vfio_pci_ioeventfd *ioeventfd;

	lockdep_assert_held(&vdev->ioeventfds_lock);

	list_for_each_entry(ioeventfd, &vdev->ioeventfds_list, next)
		if (ioeventfd->bar == bar)
			return true;
	return false;
}

/**
 * vfio_pci_bar_split - have no kernel mapping of a BAR
 * @vdev: device, its ioeventfds_lock held and its memory_lock for write
 * @bar: of memory, and usable
 *
 * Return: 0, or -EBUSY if an ioeventfd uses it.
 */
int vfio_pci_bar_split(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	lockdep_assert_held_write(&vdev->memory_lock);

	if (vfio_pci_bar_is_split(vdev, bar))
		return 0;
	if (vfio_pci_bar_has_ioeventfd(vdev, bar))
		return -EBUSY;

	pci_iounmap(vdev->pdev, vdev->barmap[bar]);
	WRITE_ONCE(vdev->barmap[bar], VFIO_PCI_BAR_SPLIT);
	return 0;
}

/* The mapping comes back, unless it must not; it is missed, but not needed. */
void vfio_pci_bar_join(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;
	void __iomem *io;

	lockdep_assert_held_write(&vdev->memory_lock);

	if (!vfio_pci_bar_is_split(vdev, bar) ||
	    vfio_pci_wc_any(pci_resource_start(pdev, bar),
			    pci_resource_len(pdev, bar)))
		return;

	io = pci_iomap(pdev, bar, 0);
	if (io)
		WRITE_ONCE(vdev->barmap[bar], io);
}

static void vfio_pci_bar_try_join(struct vfio_pci_core_device *vdev,
				  unsigned int bar)
{
	struct pci_dev *pdev = vdev->pdev;

	if (!vfio_pci_bar_is_split(vdev, bar) ||
	    vfio_pci_wc_any(pci_resource_start(pdev, bar),
			    pci_resource_len(pdev, bar)))
		return;

	down_write(&vdev->memory_lock);
	vfio_pci_bar_join(vdev, bar);
	up_write(&vdev->memory_lock);
}

/* For whoever needs it; -EBUSY while some of the BAR is write-combined. */
void __iomem *vfio_pci_bar_whole(struct vfio_pci_core_device *vdev,
				 unsigned int bar)
{
	lockdep_assert_held(&vdev->ioeventfds_lock);

	vfio_pci_bar_try_join(vdev, bar);
	return vfio_pci_bar_is_split(vdev, bar) ?
		       IOMEM_ERR_PTR(-EBUSY) :
		       vfio_pci_core_get_iomap(vdev, bar);
}

/* The device was closed. */
void vfio_pci_bar_unmap(struct vfio_pci_core_device *vdev, unsigned int bar)
{
	if (!vfio_pci_bar_is_split(vdev, bar))
		pci_iounmap(vdev->pdev, vdev->barmap[bar]);
	vdev->barmap[bar] = NULL;
}

#define VFIO_PCI_BAR_ACCESS(size)					\
static void vfio_pci_bar_access##size(struct vfio_pci_core_device *vdev, \
				      void __iomem *io, void *buf,	\
				      bool iswrite)			\
{									\
	u##size val;							\
									\
	if (iswrite) {							\
		val = get_unaligned((u##size *)buf);			\
		vfio_pci_core_iowrite##size(vdev, false, val, io);	\
	} else {							\
		vfio_pci_core_ioread##size(vdev, false, &val, io);	\
		put_unaligned(val, (u##size *)buf);			\
	}								\
}

VFIO_PCI_BAR_ACCESS(8)
VFIO_PCI_BAR_ACCESS(16)
VFIO_PCI_BAR_ACCESS(32)
VFIO_PCI_BAR_ACCESS(64)

/* One access of the greatest natural width; its bytes. */
static size_t vfio_pci_bar_access(struct vfio_pci_core_device *vdev,
				  void __iomem *io, struct vfio_pci_bar_io *req,
				  void *buf, size_t len)
{
	if (len >= 8 && !(req->pos % 8)) {
		vfio_pci_bar_access64(vdev, io, buf, req->iswrite);
		return 8;
	}
	if (len >= 4 && !(req->pos % 4)) {
		vfio_pci_bar_access32(vdev, io, buf, req->iswrite);
		return 4;
	}
	if (len >= 2 && !(req->pos % 2)) {
		vfio_pci_bar_access16(vdev, io, buf, req->iswrite);
		return 2;
	}
	vfio_pci_bar_access8(vdev, io, buf, req->iswrite);
	return 1;
}

/* @io is where req->pos is.  What is excluded reads as -1. */
static void vfio_pci_bar_copy(struct vfio_pci_core_device *vdev,
			      void __iomem *io, struct vfio_pci_bar_io *req,
			      void *buf, size_t len)
{
	size_t n;

	for (; len; len -= n, buf += n, io += n, req->pos += n) {
		if (req->pos < req->x_start) {
			n = min(len, (size_t)(req->x_start - req->pos));
			n = vfio_pci_bar_access(vdev, io, req, buf, n);
		} else if (req->pos >= req->x_end) {
			n = vfio_pci_bar_access(vdev, io, req, buf, len);
		} else {
			n = min(len, (size_t)(req->x_end - req->pos));
			if (!req->iswrite)
				memset(buf, 0xff, n);
		}
	}
}

static int vfio_pci_bar_copy_split(struct vfio_pci_core_device *vdev,
				   struct vfio_pci_bar_io *req, void *buf,
				   size_t len)
{
	void __iomem *io;

	vfio_pci_memattr_hold();
	io = ioremap(pci_resource_start(vdev->pdev, req->bar) + req->pos, len);
	if (io) {
		vfio_pci_bar_copy(vdev, io, req, buf, len);
		iounmap(io);
	}
	vfio_pci_memattr_unhold();
	return io ? 0 : -ENOMEM;
}

/* All in one page of the BAR. */
static int vfio_pci_bar_move(struct vfio_pci_core_device *vdev,
			     struct vfio_pci_bar_io *req, void *buf, size_t len)
{
	guard(rwsem_read)(&vdev->memory_lock);

	if (!__vfio_pci_memory_enabled(vdev))
		return -EIO;
	if (vfio_pci_bar_is_split(vdev, req->bar))
		return vfio_pci_bar_copy_split(vdev, req, buf, len);
	vfio_pci_bar_copy(vdev, vdev->barmap[req->bar] + req->pos, req, buf,
			  len);
	return 0;
}

/**
 * vfio_pci_bar_rw_mem - read() or write() of a BAR of memory
 * @vdev: device
 * @req: what; @pos moves
 * @buf: memory of the user
 * @count: bytes, inside the BAR
 *
 * The user's memory is touched without a lock: that can take as long as he
 * likes.
 *
 * Return: @count or -errno
 */
ssize_t vfio_pci_bar_rw_mem(struct vfio_pci_core_device *vdev,
			    struct vfio_pci_bar_io *req, char __user *buf,
			    size_t count)
{
	size_t n, left = count;
	int ret = 0;
	void *mem;

	vfio_pci_bar_try_join(vdev, req->bar);

	mem = kmalloc(min(count, PAGE_SIZE), GFP_KERNEL_ACCOUNT);
	if (!mem)
		return -ENOMEM;

	for (; left && !ret; left -= n, buf += n) {
		n = min(left, PAGE_SIZE - offset_in_page(req->pos));
		if (req->iswrite && copy_from_user(mem, buf, n))
			ret = -EFAULT;
		else
			ret = vfio_pci_bar_move(vdev, req, mem, n);
		if (!ret && !req->iswrite && copy_to_user(buf, mem, n))
			ret = -EFAULT;
	}
	kfree(mem);
	return ret ? ret : count;
}
