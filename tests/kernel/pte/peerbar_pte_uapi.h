/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR BSD-2-Clause */
/*
 * /dev/peerbar-pte - what the page tables of the caller say about an address
 *
 * For tests only: physical addresses are told to whoever may open the device
 * (CAP_SYS_RAWIO).
 */
#ifndef PEERBAR_PTE_UAPI_H
#define PEERBAR_PTE_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * LOOK - the entry that maps @address of the caller, in a mapping of I/O memory
 *
 * Nothing is faulted in.  EFAULT: a bad pointer, or nothing is mapped there at
 * all.  ENOENT: there is no entry, or no mapping of I/O memory.
 */
#define PEERBAR_PTE_LOOK	_IOWR(0xbc, 1, struct peerbar_pte)

/*
 * HOLD - have the kernel map the page at a physical address, uncached, until the
 * file is closed: somebody who asks nobody
 *
 * EBUSY: it does so already.  ENOMEM: it cannot.
 */
#define PEERBAR_PTE_HOLD	_IOW(0xbc, 2, __u64)

/* as the CPU encodes them in IA32_PAT */
enum peerbar_pte_type {
	PEERBAR_PTE_UC = 0,
	PEERBAR_PTE_WC = 1,
	PEERBAR_PTE_WT = 4,
	PEERBAR_PTE_WP = 5,
	PEERBAR_PTE_WB = 6,
	PEERBAR_PTE_UC_MINUS = 7,
};

struct peerbar_pte {
	__u64	address;
	__u64	paddr;		/* of that byte */
	__u64	entry_size;	/* 4 KiB, 2 MiB or 1 GiB */
	__u32	index;		/* into IA32_PAT, by the entry's three bits */
	__u32	type;		/* what IA32_PAT has there */
};

#endif /* PEERBAR_PTE_UAPI_H */
