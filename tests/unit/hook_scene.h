/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libofi_hook_vfio above a provider that remembers what it is asked for.  The
 * registry is libpeerbar's, over a fake kernel.
 */
#ifndef HOOK_SCENE_H
#define HOOK_SCENE_H

#include <errno.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include <rdma/fi_errno.h>

#include "test.h"
#include "fake_fabric.h"
#include "fake_kernel.h"

#define PAGE   4096u
#define NEWEST FI_VERSION(FI_MAJOR_VERSION, FI_MINOR_VERSION)
#define KEY    0x1234u
#define ACCESS (FI_REMOTE_READ | FI_REMOTE_WRITE)

extern struct fi_provider *hook;
extern struct peerbar_buffer *buf;
/* [bar, bar + 2 pages) is at offset PAGE of the dma-buf */
extern char *bar;
extern char heap[2 * PAGE];
extern int bar_fd;
extern int mr_context;

/* The linker brings the hook's look-ups and copies of tables to these. */
extern atomic_uint lookups;
extern unsigned int copies_left;

int setup(void **state);
int teardown(void **state);
int install(struct fid_fabric *fabric, const char *provider);
struct fid_fabric *open_fabric(const char *provider, uint32_t version);
struct fake_domain *open_domain(struct fid_fabric *fabric, uint64_t caps);
void close_both(struct fake_domain *d, struct fid_fabric *fabric);
int reg(struct fake_domain *d, const void *addr, size_t len, uint64_t flags);
int regv(struct fake_domain *d, const struct iovec *iov, size_t count);
int regattr(struct fake_domain *d, const struct fi_mr_attr *attr, uint64_t flags);
void is_dmabuf(struct fake_domain *d, unsigned int i, const char *addr,
	       size_t len);
int load(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif /* HOOK_SCENE_H */
