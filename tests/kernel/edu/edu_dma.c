// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's edu device: its registers, and one DMA. */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/iopoll.h>

#include "edu.h"

#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_RUN		BIT(0)
#define EDU_DMA_TO_HOST		BIT(1)
/* means nothing to the device, which keeps it */
#define EDU_DMA_TAG		GENMASK_ULL(31, 8)

/*
 * Some versions of the device take a DMA that ends with the end of its 4 KiB
 * for one that ends outside: half of it is PEERBAR_EDU_CHUNK.
 */
#define EDU_BUFFER		0x40000

/* it takes 0.1 s when the emulator is not busy */
#define EDU_DMA_POLL_US		2000
#define EDU_DMA_TIMEOUT_US	(20 * USEC_PER_SEC)

/*
 * While another device is reset the emulator builds its map of the machine anew,
 * and may answer a read with zero and drop a write meanwhile.  A program that is
 * half of this DMA and half of the last one makes it abort.  So what is written
 * is read back, and a command is told from the last one, and from zero, by its
 * tag.
 */
static u64 edu_rewrite(struct edu_device *edu, unsigned int reg, u64 val)
{
	writeq(val, edu->regs + reg);
	return readq(edu->regs + reg);
}

static int edu_set(struct edu_device *edu, unsigned int reg, u64 val, u64 mask)
{
	u64 got;

	return read_poll_timeout(edu_rewrite, got, (got & mask) == (val & mask),
				 EDU_DMA_POLL_US, EDU_DMA_TIMEOUT_US, false,
				 edu, reg, val);
}

static u64 edu_read(struct edu_device *edu, unsigned int reg)
{
	return readq(edu->regs + reg);
}

static int edu_run(struct edu_device *edu, u64 src, u64 dst, u32 length,
		   u64 cmd)
{
	u64 got;
	int ret;

	/* never zero */
	cmd |= EDU_DMA_RUN |
	       FIELD_PREP(EDU_DMA_TAG, BIT(16) | ++edu->dma_tag);
	ret = edu_set(edu, EDU_DMA_SRC, src, U64_MAX);
	if (!ret)
		ret = edu_set(edu, EDU_DMA_DST, dst, U64_MAX);
	if (!ret)
		ret = edu_set(edu, EDU_DMA_COUNT, length, U64_MAX);
	if (!ret)
		ret = edu_set(edu, EDU_DMA_CMD, cmd, EDU_DMA_TAG);
	if (ret)
		return ret;
	return read_poll_timeout(edu_read, got, got == (cmd & ~EDU_DMA_RUN),
				 EDU_DMA_POLL_US, EDU_DMA_TIMEOUT_US, true,
				 edu, EDU_DMA_CMD);
}

/**
 * edu_dma - from the bus into the device's buffer or back
 * @edu: device, locked
 * @dir: EDU_DMA_IN to the device
 * @iova: on the bus
 * @length: up to PEERBAR_EDU_CHUNK
 *
 * Return: 0 when it has ended, however; -EIO when it did not.
 */
int edu_dma(struct edu_device *edu, enum edu_dma_dir dir, dma_addr_t iova,
	    u32 length)
{
	bool in = dir == EDU_DMA_IN;
	int ret;

	lockdep_assert_held(&edu->lock);

	if (edu->stuck)
		return -EIO;

	ret = edu_run(edu, in ? iova : EDU_BUFFER, in ? EDU_BUFFER : iova,
		      length, in ? 0 : EDU_DMA_TO_HOST);
	if (!ret)
		return 0;

	/* Nobody may be told that it ended while it still can write. */
	pci_clear_master(edu->pdev);
	pci_err(edu->pdev, "DMA does not end\n");
	edu->stuck = true;
	return -EIO;
}
