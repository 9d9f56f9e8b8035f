/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A kernel with one PCI device bound to vfio-pci, below the library's table of
 * system calls.  BARs are memory files, so that a mapping is real memory, and
 * taking the memory back really raises SIGBUS.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_BDF       "0000:00:05.0"
#define FAKE_NEIGHBOUR "0000:00:06.0"
#define FAKE_GROUP     7
#define FAKE_BAR       2
#define FAKE_BAR_SIZE  (8u << 20)
/* 2 MiB-aligned plus one page, so that congruence is not for free */
#define FAKE_BAR_ADDRESS UINT64_C(0x38000201000)

/**
 * struct fake_kernel - set between fake_reset() and the call under test
 * @driver: NULL when none is bound
 * @override: driver_override, "" for none
 * @has_vfio_driver: vfio-pci is loaded; nvme always is, and is what the kernel
 *	chooses
 * @refused_by: this driver's probe fails
 * @neighbour_driver: of the other member of the group; NULL when there is none
 * @has_iommu: the device is in an IOMMU group
 * @has_cdev: /dev/vfio/devices and /dev/iommu are there
 * @viable: see VFIO_GROUP_FLAGS_VIABLE
 * @api_version: what VFIO_GET_API_VERSION says
 * @has_type1: the container offers a type1v2 IOMMU
 * @has_bar: there is a BAR that can be mapped
 * @can_reset: see VFIO_DEVICE_FLAGS_RESET
 * @has_export: a kernel that exports dma-bufs
 * @has_modules: a kernel with mmap, revoke, info and attributes of dma-bufs
 * @no_pat: ... on a machine whose CPUs cannot combine
 * @memattr_errno: what to set an attribute fails with
 * @mmap_busy: pages of the dma-buf are write-combined by another one
 * @fail_path: open() of this path fails with @fail_path_errno
 * @fail_request: ioctl() with this number fails with @fail_request_errno
 * @reports_errors: a PCI Express device
 * @interrupts: so many calls fail with EINTR first
 * @misplaced: so many mappings end up elsewhere than the caller hints
 * @short_io: read and write move one byte at a time
 * @calls: system calls made that can fail
 * @fail_at: the call with this number fails with EIO; 0 for none
 * @failed_path: path or name of the call that was made to fail
 */
struct fake_kernel {
	const char *driver;
	char override[32];
	bool has_vfio_driver;
	const char *refused_by;
	const char *neighbour_driver;
	bool has_iommu;
	bool has_cdev;
	bool viable;
	int api_version;
	bool has_type1;
	bool has_bar;
	bool can_reset;
	bool has_export;
	bool has_modules;
	bool no_pat;
	int memattr_errno;
	bool mmap_busy;
	bool reports_errors;
	const char *fail_path;
	int fail_path_errno;
	unsigned long fail_request;
	int fail_request_errno;
	unsigned int interrupts;
	unsigned int misplaced;
	bool short_io;
	unsigned int calls;
	unsigned int fail_at;
	char failed_path[128];
};

extern struct fake_kernel fake;

/* a kernel with our modules and everything in order, nothing open */
void fake_reset(void);

/* what the code under test holds */
unsigned int fake_fds(void);
unsigned int fake_mappings(void);

bool fake_memory_enabled(void);
void fake_enable_memory(bool enable);
unsigned int fake_resets(void);

/* an open dma-buf that this process did not export, and a file that is none */
int fake_foreign_dma_buf(size_t size, bool read_only);
int fake_plain_file(void);
int fake_close(int fd);

/* a connected pair of sockets; the real socket behind one end */
void fake_socketpair(int type, int fds[2]);
int fake_host_fd(int fd);
/* can be read without waiting */
bool fake_readable(int fd);

/* what others do: a reset through sysfs, an interrupt of VFIO */
void fake_foreign_reset(void);
void fake_raise(unsigned int irq_index);
bool fake_trigger_set(unsigned int irq_index);

/* the memory of BAR 2, seen past the library */
unsigned char *fake_bar(void);

#endif /* FAKE_KERNEL_H */
