// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links that the PCI core resets because of an error (AER, DPC).
 *
 * It tells drivers of the error, resets the link and restores nothing: the
 * device comes back without BARs and with its memory off.  So the memory is
 * taken away as if the user had turned it off, which the command register says
 * anyway.  When he turns it on again VFIO finds that the BARs are gone, writes
 * them, and gives the memory back.
 *
 * That is done twice: at the error, so that nobody takes what a dead link
 * answers for memory, and once the link is up, for a user who turned the memory
 * on before its reset.  Then he is told.
 *
 * Drivers are called under pci_bus_sem, which changes of the power state take
 * inside memory_lock: a worker does what needs memory_lock.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "vfio_pci_priv.h"

/**
 * struct vfio_pci_link_loss - a device that has lost its link
 * @elm: in vfio_pci_link_losses, as long as the device has its driver
 * @calls: of the PCI core; more than the worker knows of call it again
 * @lost: its user was not told yet
 * @over: the last call said that the link is up, or will never be
 */
struct vfio_pci_link_loss {
	struct list_head		elm;
	struct work_struct		work;
	struct vfio_pci_core_device	*vdev;
	unsigned int			calls;
	bool				lost;
	bool				over;
};

static LIST_HEAD(vfio_pci_link_losses);
static DEFINE_SPINLOCK(vfio_pci_link_lock);

static struct vfio_pci_link_loss *
vfio_pci_link_find(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_link_loss *loss;

	lockdep_assert_held(&vfio_pci_link_lock);

	list_for_each_entry(loss, &vfio_pci_link_losses, elm)
		if (loss->vdev == vdev)
			return loss;
	return NULL;
}

/*
 * What a suspend saved before the device was restored, the resume would bring
 * back: no suspend until the worker was there.  The PCI core has it resumed.
 */
static void vfio_pci_link_queue(struct vfio_pci_link_loss *loss)
{
	struct device *dev = &loss->vdev->pdev->dev;

	pm_runtime_get_noresume(dev);
	if (!queue_work(system_dfl_wq, &loss->work))
		pm_runtime_put_noidle(dev);
}

/* Without vconfig the device is closed, and nobody else would restore it. */
static void vfio_pci_link_revoke(struct vfio_pci_core_device *vdev, bool over)
{
	__le16 *cmd;

	vfio_pci_lock_revoke_bars(vdev);
	if (vdev->vconfig) {
		cmd = (__le16 *)&vdev->vconfig[PCI_COMMAND];
		*cmd &= cpu_to_le16(~PCI_COMMAND_MEMORY);
	} else if (over) {
		pci_restore_state(vdev->pdev);
	}
	up_write(&vdev->memory_lock);
}

static void vfio_pci_link_work(struct work_struct *work)
{
	struct vfio_pci_link_loss *loss =
		container_of(work, struct vfio_pci_link_loss, work);
	unsigned int calls;
	bool over;

	scoped_guard(spinlock, &vfio_pci_link_lock) {
		calls = loss->calls;
		over = loss->over;
	}

	vfio_pci_link_revoke(loss->vdev, over);

	scoped_guard(spinlock, &vfio_pci_link_lock) {
		if (loss->over && loss->calls == calls) {
			vfio_pci_signal_error(loss->vdev);
			loss->lost = false;
		}
	}
	pm_runtime_put(&loss->vdev->pdev->dev);
}

/**
 * vfio_pci_link_call - the PCI core has called
 * @vdev: device
 * @over: the link is up, or is given up; else it is about to be reset
 */
static void vfio_pci_link_call(struct vfio_pci_core_device *vdev, bool over)
{
	struct vfio_pci_link_loss *new __free(kfree) = kzalloc_obj(*new);
	struct vfio_pci_link_loss *loss;

	device_lock_assert(&vdev->pdev->dev);

	guard(spinlock)(&vfio_pci_link_lock);
	loss = vfio_pci_link_find(vdev);
	if (!loss && !new) {
		pci_err(vdev->pdev, "no memory to revoke its BARs\n");
		vfio_pci_signal_error(vdev);
		return;
	}
	if (!loss) {
		loss = no_free_ptr(new);
		loss->vdev = vdev;
		INIT_WORK(&loss->work, vfio_pci_link_work);
		list_add(&loss->elm, &vfio_pci_link_losses);
	}
	loss->calls++;
	loss->lost = true;
	loss->over = over;
	vfio_pci_link_queue(loss);
}

bool vfio_pci_link_is_lost(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_link_loss *loss;

	guard(spinlock)(&vfio_pci_link_lock);
	loss = vfio_pci_link_find(vdev);
	return loss && loss->lost;
}

/* The last that is heard of it, unless its driver wants to know the end, too. */
void vfio_pci_link_lost(struct vfio_pci_core_device *vdev,
			pci_channel_state_t state)
{
	const struct pci_error_handlers *ops = vdev->pdev->driver->err_handler;
	bool last = state == pci_channel_io_perm_failure ||
		    ops->resume != vfio_pci_core_resume;

	vfio_pci_link_call(vdev, last);
}

/* After errors that did not cost the link, too. */
void vfio_pci_core_resume(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (vfio_pci_link_is_lost(vdev))
		vfio_pci_link_call(vdev, true);
}

/* The driver lets go of the device; the PCI core calls no more. */
void vfio_pci_link_forget(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_link_loss *loss;

	device_lock_assert(&vdev->pdev->dev);

	scoped_guard(spinlock, &vfio_pci_link_lock) {
		loss = vfio_pci_link_find(vdev);
		if (loss)
			list_del(&loss->elm);
	}
	if (loss && cancel_work_sync(&loss->work))
		pm_runtime_put(&vdev->pdev->dev);
	kfree(loss);
}
