// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening a device with nobody else at it.
 *
 * An open resets the device, saves its config space for the close and shows it
 * to the user.  A reset that others start, or the reset of the link that follows
 * an error, must not come between: BARs that are zero would be saved, and come
 * back with the close.  All of those hold device_lock, or call the driver under
 * it first; so does the open.
 *
 * A link that has died is not reset before that call either.  Config space that
 * was read while it was dead is told by the device not being there at the end.
 */
#include <linux/device.h>
#include <linux/pci.h>

#include "vfio_pci_priv.h"

int vfio_pci_open_check(struct vfio_pci_core_device *vdev)
{
	device_lock_assert(&vdev->pdev->dev);

	return pci_device_is_present(vdev->pdev) ? 0 : -EIO;
}

/* Who takes the driver from the device waits for opens under device_lock. */
int vfio_pci_open_lock(struct vfio_pci_core_device *vdev)
{
	int ret;

	if (!device_trylock(&vdev->pdev->dev))
		return -EAGAIN;

	/* A reset would have to wait for its recovery; it is the next user's. */
	if (vfio_pci_link_is_lost(vdev))
		ret = -EAGAIN;
	else
		ret = vfio_pci_open_check(vdev);
	if (ret)
		vfio_pci_open_unlock(vdev);
	return ret;
}

void vfio_pci_open_unlock(struct vfio_pci_core_device *vdev)
{
	device_unlock(&vdev->pdev->dev);
}

/* Announced like a reset by others: without memory_lock it is one. */
int vfio_pci_open_reset(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	if (!pci_cfg_access_trylock(pdev))
		return -EAGAIN;
	ret = pci_reset_function_locked(pdev);
	pci_cfg_access_unlock(pdev);
	return ret;
}
