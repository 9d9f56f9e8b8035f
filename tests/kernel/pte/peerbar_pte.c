// SPDX-License-Identifier: GPL-2.0-only
/*
 * peerbar_pte - page-table entries for tests
 *
 * peerbar_pte_uapi.h says what it tells.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/msr.h>

#include "peerbar_pte_uapi.h"

/* The third bit of the index is elsewhere in entries that map a huge page. */
static u32 pte_pat_index(pgprotval_t prot, bool huge)
{
	u32 index = 0;

	if (prot & _PAGE_PWT)
		index |= 1;
	if (prot & _PAGE_PCD)
		index |= 2;
	if (prot & (huge ? _PAGE_PAT_LARGE : _PAGE_PAT))
		index |= 4;
	return index;
}

static int pte_look(struct peerbar_pte *pte)
{
	struct follow_pfnmap_args args = { .address = pte->address };
	u64 pat;
	int ret;

	guard(mmap_read_lock)(current->mm);

	args.vma = vma_lookup(current->mm, pte->address);
	if (!args.vma)
		return -EFAULT;
	if (follow_pfnmap_start(&args))
		return -ENOENT;
	pte->paddr = PFN_PHYS(args.pfn) + offset_in_page(pte->address);
	pte->entry_size = ~args.addr_mask + 1;
	pte->index = pte_pat_index(pgprot_val(args.pgprot),
				   pte->entry_size > PAGE_SIZE);
	follow_pfnmap_end(&args);

	ret = rdmsrq_safe(MSR_IA32_CR_PAT, &pat);
	if (ret)
		return ret;
	pte->type = (pat >> (8 * pte->index)) & 7;
	return 0;
}

static DEFINE_MUTEX(pte_hold_lock);

static int pte_hold(struct file *file, u64 paddr)
{
	guard(mutex)(&pte_hold_lock);

	if (file->private_data)
		return -EBUSY;
	file->private_data = (void __force *)ioremap(paddr & PAGE_MASK,
						     PAGE_SIZE);
	return file->private_data ? 0 : -ENOMEM;
}

static long pte_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	struct peerbar_pte pte;
	u64 paddr;
	int ret;

	if (cmd == PEERBAR_PTE_HOLD) {
		if (copy_from_user(&paddr, argp, sizeof(paddr)))
			return -EFAULT;
		return pte_hold(file, paddr);
	}
	if (cmd != PEERBAR_PTE_LOOK)
		return -ENOTTY;
	if (copy_from_user(&pte, argp, sizeof(pte)))
		return -EFAULT;
	ret = pte_look(&pte);
	if (!ret && copy_to_user(argp, &pte, sizeof(pte)))
		return -EFAULT;
	return ret;
}

static int pte_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	file->private_data = NULL;
	return nonseekable_open(inode, file);
}

static int pte_close(struct inode *inode, struct file *file)
{
	if (file->private_data)
		iounmap((void __force __iomem *)file->private_data);
	return 0;
}

static const struct file_operations pte_fops = {
	.owner = THIS_MODULE,
	.open = pte_open,
	.release = pte_close,
	.unlocked_ioctl = pte_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice pte_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "peerbar-pte",
	.fops = &pte_fops,
	.mode = 0600,
};

module_misc_device(pte_misc);

MODULE_DESCRIPTION("page-table entries for the tests of peerbar");
MODULE_LICENSE("GPL");
