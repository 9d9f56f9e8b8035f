// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order of locks, told to lockdep before anybody takes them: a path that
 * turns it round is reported the first time that it runs, even if the other one
 * never does.
 *
 * The lock of the list of dma-bufs is a spinlock: nothing here comes after it.
 * Config access comes after memory_lock.  It is no lock that lockdep knows;
 * vfio_pci_reset.c says how resets keep to that.
 */
#include <linux/dma-resv.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sched.h>

#include "vfio_pci_priv.h"

/* The one place, so that all of them are of one class. */
void vfio_pci_init_memory_lock(struct rw_semaphore *memory_lock)
{
	init_rwsem(memory_lock);
}

void __init vfio_pci_lockdep(void)
{
	struct rw_semaphore memory_lock;
	struct dma_resv resv;

	vfio_pci_init_memory_lock(&memory_lock);
	dma_resv_init(&resv);

	/* built in, there is no mm yet */
	if (current->mm)
		mmap_read_lock(current->mm);
	down_write(&memory_lock);
	dma_resv_lock(&resv, NULL);
	dma_resv_unlock(&resv);
	up_write(&memory_lock);
	if (current->mm)
		mmap_read_unlock(current->mm);

	dma_resv_fini(&resv);
}
