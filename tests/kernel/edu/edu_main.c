// SPDX-License-Identifier: GPL-2.0-only
/*
 * peerbar_edu - a PCI importer of dma-bufs for tests
 *
 * Drives QEMU's edu device, whose only use is that it does DMA: from the bus
 * into a buffer of its own and back.  peerbar_edu.h says what to do with it.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "edu.h"

#define EDU_VENDOR	0x1234
#define EDU_DEVICE	0x11e8

static DEFINE_IDA(edu_ida);

static void edu_device_free(struct kref *kref)
{
	struct edu_device *edu = container_of(kref, struct edu_device, kref);

	ida_free(&edu_ida, edu->id);
	mutex_destroy(&edu->lock);
	kfree(edu);
}

void edu_device_put(struct edu_device *edu)
{
	kref_put(&edu->kref, edu_device_free);
}

static struct edu_device *edu_device_alloc(struct pci_dev *pdev)
{
	struct edu_device *edu;

	edu = kzalloc_obj(*edu);
	if (!edu)
		return ERR_PTR(-ENOMEM);

	edu->id = ida_alloc(&edu_ida, GFP_KERNEL);
	if (edu->id < 0) {
		int ret = edu->id;

		kfree(edu);
		return ERR_PTR(ret);
	}
	kref_init(&edu->kref);
	mutex_init(&edu->lock);
	INIT_LIST_HEAD(&edu->imports);
	edu->fence_context = dma_fence_context_alloc(1);
	edu->pdev = pdev;
	snprintf(edu->name, sizeof(edu->name), "peerbar-edu%d", edu->id);
	edu->misc.minor = MISC_DYNAMIC_MINOR;
	edu->misc.name = edu->name;
	edu->misc.fops = &edu_fops;
	edu->misc.mode = 0600;
	edu->misc.parent = &pdev->dev;
	return edu;
}

static int edu_device_enable(struct edu_device *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;

	edu->regs = pcim_iomap_region(pdev, 0, KBUILD_MODNAME);
	if (IS_ERR(edu->regs))
		return PTR_ERR(edu->regs);

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);

	edu->bounce = dmam_alloc_coherent(&pdev->dev, PEERBAR_EDU_CHUNK,
					  &edu->bounce_iova, GFP_KERNEL);
	if (!edu->bounce)
		return -ENOMEM;

	pci_set_master(pdev);
	return 0;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_device *edu;
	int ret;

	edu = edu_device_alloc(pdev);
	if (IS_ERR(edu))
		return PTR_ERR(edu);

	ret = edu_device_enable(edu);
	if (ret)
		goto err_put;

	pci_set_drvdata(pdev, edu);
	ret = misc_register(&edu->misc);
	if (ret)
		goto err_clear_master;
	return 0;

err_clear_master:
	pci_clear_master(pdev);
err_put:
	edu_device_put(edu);
	return ret;
}

/* Open files live on, with a device that is gone. */
static void edu_remove(struct pci_dev *pdev)
{
	struct edu_device *edu = pci_get_drvdata(pdev);
	struct edu_import *imp;

	misc_deregister(&edu->misc);

	mutex_lock(&edu->lock);
	edu->gone = true;
	list_for_each_entry(imp, &edu->imports, elm)
		edu_import_detach(imp);
	pci_clear_master(pdev);
	mutex_unlock(&edu->lock);

	edu_device_put(edu);
}

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(EDU_VENDOR, EDU_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
};

static int __init edu_init(void)
{
	return pci_register_driver(&edu_driver);
}
module_init(edu_init);

static void __exit edu_exit(void)
{
	pci_unregister_driver(&edu_driver);
	/* somebody may be asking a fence for its names */
	synchronize_rcu();
	ida_destroy(&edu_ida);
}
module_exit(edu_exit);

MODULE_IMPORT_NS("DMA_BUF");
MODULE_DESCRIPTION("PCI importer of dma-bufs for tests, on QEMU's edu device");
MODULE_LICENSE("GPL");
