/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A libfabric provider that remembers the last registration.  Its tables of
 * operations end in one more than libfabric has today.
 */
#ifndef FAKE_FABRIC_H
#define FAKE_FABRIC_H

#include <stdatomic.h>
#include <stdbool.h>

#include <rdma/fi_domain.h>
#include <rdma/providers/fi_prov.h>

enum fake_call {
	FAKE_NONE,
	FAKE_REG,
	FAKE_REGV,
	FAKE_REGATTR,
};

/**
 * struct fake_domain - a domain, and what it was asked for last
 * @call: by which operation
 * @calls: how often
 * @buf, @len: of FAKE_REG
 * @iov, @count: of FAKE_REGV
 * @attr: of FAKE_REGATTR, the pointer itself
 * @seen: what it pointed to, with FI_MR_DMABUF only
 * @spans: what seen.dmabuf pointed to
 * @access, @offset, @key, @context: of FAKE_REG and FAKE_REGV
 * @answer: what a registration returns
 * @busy: it cannot be closed
 */
struct fake_domain {
	struct fid_domain domain;
	enum fake_call call;
	unsigned int calls;
	const void *buf;
	size_t len;
	const struct iovec *iov;
	size_t count;
	const struct fi_mr_attr *attr;
	struct fi_mr_attr seen;
	struct fi_mr_dmabuf spans[8];
	uint64_t access;
	uint64_t offset;
	uint64_t key;
	uint64_t flags;
	void *context;
	int answer;
	bool busy;
};

/* live objects of the provider */
extern atomic_uint fake_fabrics, fake_domains;

/* opens a fabric without libfabric's help; close it with fi_close() */
struct fid_fabric *fake_fabric(uint32_t api_version);
void fake_fabric_busy(struct fid_fabric *fabric, bool busy);

/* domain2 of the fabrics opened next: a call of their own domain */
void fake_domain2_nests(bool nests);

/* the operations that libfabric does not have, by the tables in use now */
int fake_later_fabric(struct fid_fabric *fabric);
int fake_later_mr(struct fid_domain *domain);
#define FAKE_LATER 4711

extern struct fid_mr fake_mr;

#endif /* FAKE_FABRIC_H */
