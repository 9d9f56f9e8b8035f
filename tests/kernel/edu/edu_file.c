// SPDX-License-Identifier: GPL-2.0-only
/* Files of /dev/peerbar-eduN: arguments in and out, one ioctl at a time. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "edu.h"

static int edu_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;
	struct edu_device *edu = container_of(misc, struct edu_device, misc);
	struct edu_import *imp;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;

	imp = kzalloc_obj(*imp);
	if (!imp)
		return -ENOMEM;

	/* misc_deregister() waits for this function: edu is alive */
	kref_get(&edu->kref);
	edu_import_init(imp, edu);
	mutex_lock(&edu->lock);
	list_add(&imp->elm, &edu->imports);
	mutex_unlock(&edu->lock);
	file->private_data = imp;
	return nonseekable_open(inode, file);
}

static int edu_close(struct inode *inode, struct file *file)
{
	struct edu_import *imp = file->private_data;
	struct edu_device *edu = imp->edu;

	mutex_lock(&edu->lock);
	edu_import_detach(imp);
	list_del(&imp->elm);
	mutex_unlock(&edu->lock);
	mutex_destroy(&imp->state_lock);
	kfree(imp);
	edu_device_put(edu);
	return 0;
}

static long edu_ioctl_attach(struct edu_import *imp, void __user *argp)
{
	struct peerbar_edu_attach arg;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved || arg.flags & ~PEERBAR_EDU_PINNED ||
	    arg.hold_ms > PEERBAR_EDU_HOLD_MAX_MS)
		return -EINVAL;
	return edu_import_attach(imp, &arg);
}

static long edu_ioctl_map(struct edu_import *imp, void __user *argp)
{
	struct peerbar_edu_map arg;
	long ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	ret = edu_import_map(imp, &arg);
	if (!ret && copy_to_user(argp, &arg, sizeof(arg)))
		return -EFAULT;
	return ret;
}

/* The device's side of a chunk: one DMA, by itself or for an import. */
static int edu_move(struct edu_device *edu, struct edu_import *imp,
		    u64 at, u32 *length, bool out)
{
	enum edu_dma_dir dir = out ? EDU_DMA_OUT : EDU_DMA_IN;
	struct dma_fence *fence;
	dma_addr_t iova;
	bool cookie;
	int ret;

	if (!imp)
		return edu_dma(edu, dir, at, *length);

	fence = edu_import_begin(imp, at, length, out, &iova);
	if (IS_ERR(fence))
		return PTR_ERR(fence);
	cookie = dma_fence_begin_signalling();
	ret = edu_dma(edu, dir, iova, *length);
	edu_import_end(fence);
	dma_fence_end_signalling(cookie);
	return ret;
}

/**
 * edu_copy_chunk - memory of the caller, bounce page, device, @at, or back
 * @edu: device, locked
 * @imp: @at is an offset in its buffer; NULL: an address on the bus
 * @at: where
 * @memory: of the caller
 * @length: up to PEERBAR_EDU_CHUNK
 * @to_buffer: direction
 *
 * Return: bytes, or an error.
 */
static int edu_copy_chunk(struct edu_device *edu, struct edu_import *imp,
			  u64 at, void __user *memory, u32 length,
			  bool to_buffer)
{
	int ret;

	if (to_buffer) {
		if (copy_from_user(edu->bounce, memory, length))
			return -EFAULT;
		ret = edu_dma(edu, EDU_DMA_IN, edu->bounce_iova, length);
		if (!ret)
			ret = edu_move(edu, imp, at, &length, true);
		return ret ? ret : length;
	}

	ret = edu_move(edu, imp, at, &length, false);
	if (!ret)
		ret = edu_dma(edu, EDU_DMA_OUT, edu->bounce_iova, length);
	if (ret)
		return ret;
	return copy_to_user(memory, edu->bounce, length) ? -EFAULT : length;
}

static int edu_copy(struct edu_device *edu, struct edu_import *imp,
		    struct peerbar_edu_copy *arg)
{
	bool to_buffer = arg->flags & PEERBAR_EDU_TO_BUFFER;
	u32 length;
	int ret;

	while (arg->done < arg->length) {
		if (signal_pending(current))
			return -EINTR;
		length = min(arg->length - arg->done, PEERBAR_EDU_CHUNK);
		ret = edu_copy_chunk(edu, imp, arg->at + arg->done,
				     u64_to_user_ptr(arg->memory + arg->done),
				     length, to_buffer);
		if (ret < 0)
			return ret;
		arg->done += ret;
	}
	return 0;
}

static long edu_ioctl_copy(struct edu_import *imp, void __user *argp, bool raw)
{
	u32 max = raw ? PEERBAR_EDU_CHUNK : PEERBAR_EDU_COPY_MAX;
	struct peerbar_edu_copy arg;
	long ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved || arg.done || arg.flags & ~PEERBAR_EDU_TO_BUFFER ||
	    !arg.length || arg.length > max ||
	    arg.at + arg.length < arg.at)
		return -EINVAL;

	ret = edu_copy(imp->edu, raw ? NULL : imp, &arg);
	if (copy_to_user(argp, &arg, sizeof(arg)))
		return -EFAULT;
	return ret;
}

static long edu_ioctl_detach(struct edu_import *imp)
{
	if (!imp->dmabuf)
		return -ENOENT;
	edu_import_detach(imp);
	return 0;
}

static long edu_ioctl_state(struct edu_import *imp, void __user *argp)
{
	struct peerbar_edu_state state = {};

	edu_import_state(imp, &state);
	return copy_to_user(argp, &state, sizeof(state)) ? -EFAULT : 0;
}

static long edu_ioctl_locked(struct edu_import *imp, unsigned int cmd,
			     void __user *argp)
{
	switch (cmd) {
	case PEERBAR_EDU_ATTACH:
		return edu_ioctl_attach(imp, argp);
	case PEERBAR_EDU_MAP:
		return edu_ioctl_map(imp, argp);
	case PEERBAR_EDU_COPY:
		return edu_ioctl_copy(imp, argp, false);
	case PEERBAR_EDU_RAW_COPY:
		return edu_ioctl_copy(imp, argp, true);
	case PEERBAR_EDU_RELEASE:
		return edu_import_release(imp);
	case PEERBAR_EDU_DETACH:
		return edu_ioctl_detach(imp);
	default:
		return -ENOTTY;
	}
}

static long edu_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct edu_import *imp = file->private_data;
	struct edu_device *edu = imp->edu;
	long ret;

	if (cmd == PEERBAR_EDU_STATE)
		return edu_ioctl_state(imp, (void __user *)arg);

	if (mutex_lock_interruptible(&edu->lock))
		return -EINTR;
	ret = edu->gone ? -ENODEV :
			  edu_ioctl_locked(imp, cmd, (void __user *)arg);
	mutex_unlock(&edu->lock);
	return ret;
}

const struct file_operations edu_fops = {
	.owner = THIS_MODULE,
	.open = edu_open,
	.release = edu_close,
	.unlocked_ioctl = edu_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
