// SPDX-License-Identifier: GPL-2.0-only
/* QEMU's edu device: its registers, and one DMA. */
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

/*
 * Some versions of the device take a DMA that ends with the end of its 4 KiB
 * for one that ends outside: half of it is PEERBAR_EDU_CHUNK.
 */
#define EDU_BUFFER		0x40000

/* it takes 0.1 s when the emulator is not busy */
#define EDU_DMA_POLL_US		2000
#define EDU_DMA_TIMEOUT_US	(20 * USEC_PER_SEC)

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
	u64 cmd;
	int ret;

	lockdep_assert_held(&edu->lock);

	if (edu->stuck)
		return -EIO;

	writeq(in ? iova : EDU_BUFFER, edu->regs + EDU_DMA_SRC);
	writeq(in ? EDU_BUFFER : iova, edu->regs + EDU_DMA_DST);
	writeq(length, edu->regs + EDU_DMA_COUNT);
	writeq(EDU_DMA_RUN | (in ? 0 : EDU_DMA_TO_HOST),
	       edu->regs + EDU_DMA_CMD);

	ret = read_poll_timeout(readq, cmd, !(cmd & EDU_DMA_RUN),
				EDU_DMA_POLL_US, EDU_DMA_TIMEOUT_US, true,
				edu->regs + EDU_DMA_CMD);
	if (!ret)
		return 0;

	/* Nobody may be told that it ended while it still can write. */
	pci_clear_master(edu->pdev);
	pci_err(edu->pdev, "DMA does not end\n");
	edu->stuck = true;
	return -EIO;
}
