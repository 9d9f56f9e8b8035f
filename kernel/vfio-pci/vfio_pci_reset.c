// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets, VFIO's own and those that others start (sysfs, pci_reset_function()
 * of another driver, a bus reset for a neighbour).
 *
 * The PCI core tells the driver of a device before and after it resets it.  A
 * reset that VFIO did not start takes the BARs away right there, and holds
 * memory_lock over the reset as VFIO's own resets do: a CPU that touches the
 * BAR meanwhile waits in its fault and then goes on.
 *
 * VFIO's own resets are announced as well, to the very task that holds
 * memory_lock already; that is how they are told apart.
 */
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "vfio_pci_priv.h"

struct vfio_pci_own_reset {
	struct list_head	elm;
	struct task_struct	*task;
};

static LIST_HEAD(vfio_pci_own_resets);
static DEFINE_SPINLOCK(vfio_pci_own_resets_lock);

static void vfio_pci_own_reset_begin(struct vfio_pci_own_reset *own)
{
	own->task = current;
	spin_lock(&vfio_pci_own_resets_lock);
	list_add(&own->elm, &vfio_pci_own_resets);
	spin_unlock(&vfio_pci_own_resets_lock);
}

static void vfio_pci_own_reset_end(struct vfio_pci_own_reset *own)
{
	spin_lock(&vfio_pci_own_resets_lock);
	list_del(&own->elm);
	spin_unlock(&vfio_pci_own_resets_lock);
}

static bool vfio_pci_reset_is_own(void)
{
	struct vfio_pci_own_reset *own;
	bool found = false;

	spin_lock(&vfio_pci_own_resets_lock);
	list_for_each_entry(own, &vfio_pci_own_resets, elm)
		found |= own->task == current;
	spin_unlock(&vfio_pci_own_resets_lock);
	return found;
}

/* For callers that have revoked the BARs and hold memory_lock. */
int vfio_pci_try_reset_function(struct vfio_pci_core_device *vdev)
{
	struct vfio_pci_own_reset own;
	int ret;

	lockdep_assert_held_write(&vdev->memory_lock);

	vfio_pci_own_reset_begin(&own);
	ret = pci_try_reset_function(vdev->pdev);
	vfio_pci_own_reset_end(&own);
	return ret;
}

/* As above, for all devices that a reset of this one's bus or slot takes. */
int vfio_pci_reset_bus(struct pci_dev *pdev)
{
	struct vfio_pci_own_reset own;
	int ret;

	vfio_pci_own_reset_begin(&own);
	ret = pci_reset_bus(pdev);
	vfio_pci_own_reset_end(&own);
	return ret;
}

/*
 * A bus reset comes here for one device after the other, and holds all their
 * memory_locks together.  The lock of the port above, held over the whole of
 * it, keeps two of them from doing that at once; hot reset, which takes several
 * as well, only tries.
 */
static void vfio_pci_reset_down_write(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *port = pci_upstream_bridge(vdev->pdev);

	if (IS_ENABLED(CONFIG_DEBUG_LOCK_ALLOC) && port &&
	    lockdep_is_held(&port->dev.mutex))
		down_write_nest_lock(&vdev->memory_lock, &port->dev.mutex);
	else
		down_write(&vdev->memory_lock);
}

/*
 * The holder of memory_lock may be waiting for config access: a write of the
 * command register does.  Resets block config access before they come here, so
 * it is let go until memory_lock is ours.  That is safe: nothing was done to
 * the device yet, and whoever gets at it now did so before the reset.  Nor can
 * anybody else block it meanwhile, as that takes device_lock, which is held.
 */
static void vfio_pci_reset_lock(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	bool blocked = pdev->block_cfg_access;

	/* not by pci_reset_function_locked() */
	if (blocked)
		pci_cfg_access_unlock(pdev);
	vfio_pci_reset_down_write(vdev);
	if (blocked)
		pci_cfg_access_lock(pdev);
}

void vfio_pci_core_reset_prepare(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	device_lock_assert(&pdev->dev);

	if (vfio_pci_reset_is_own())
		return;

	vfio_pci_reset_lock(vdev);
	/* before the PCI core does it, which knows nothing of vdev->pm_save */
	vfio_pci_set_power_state(vdev, PCI_D0);
	vfio_pci_revoke_bars(vdev);
}

void vfio_pci_core_reset_done(struct pci_dev *pdev)
{
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	if (vfio_pci_reset_is_own())
		return;

	vfio_pci_unrevoke_bars(vdev);
	up_write(&vdev->memory_lock);
}
