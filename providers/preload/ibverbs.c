// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>

#include <infiniband/verbs.h>

#include <peerbar/verbs.h>

#include "ibverbs.h"
#include "next.h"

#define LIBRARY	    "libibverbs.so.1"
#define VERBS_PROBE "libpeerbar-verbs.so.0"

/* the function of libibverbs, or leave */
#define FIND(name, failed)                                                \
	({                                                                \
		static _Atomic(void *) _cache;                            \
		__typeof__(&name) _fn = (__typeof__(&name))next_function( \
			&_cache, LIBRARY, #name);                         \
		if (!_fn) {                                               \
			errno = EOPNOTSUPP;                               \
			return failed;                                    \
		}                                                         \
		_fn;                                                      \
	})

#undef ibv_reg_mr
#undef ibv_reg_mr_iova

struct ibv_mr *ibverbs_reg_mr(struct ibv_pd *pd, void *addr, size_t len,
			      int access)
{
	return FIND(ibv_reg_mr, NULL)(pd, addr, len, access);
}

struct ibv_mr *ibverbs_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len,
				   uint64_t iova, int access)
{
	return FIND(ibv_reg_mr_iova, NULL)(pd, addr, len, iova, access);
}

struct ibv_mr *ibverbs_reg_mr_iova2(struct ibv_pd *pd, void *addr, size_t len,
				    uint64_t iova, unsigned int access)
{
	return FIND(ibv_reg_mr_iova2, NULL)(pd, addr, len, iova, access);
}

struct ibv_mr *ibverbs_reg_mr_ex(struct ibv_pd *pd, struct ibv_mr_init_attr *attr)
{
	return FIND(ibv_reg_mr_ex, NULL)(pd, attr);
}

struct ibv_mr *ibverbs_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset,
				     size_t len, uint64_t iova, int fd,
				     int access)
{
	return FIND(ibv_reg_dmabuf_mr, NULL)(pd, offset, len, iova, fd, access);
}

int ibverbs_dereg_mr(struct ibv_mr *mr)
{
	return FIND(ibv_dereg_mr, EOPNOTSUPP)(mr);
}

/*
 * Asked of the library that knows, and only now: it brings libibverbs with it,
 * which most programs have no use for.
 */
const char *ibverbs_why(struct ibv_pd *pd)
{
	__typeof__(&peerbar_verbs_probe) probe;
	__typeof__(&peerbar_verbs_support_text) text;
	enum peerbar_verbs_support support;
	void *library = dlopen(VERBS_PROBE, RTLD_LAZY | RTLD_LOCAL);

	if (!library)
		return NULL;
	probe = (__typeof__(probe))dlsym(library, "peerbar_verbs_probe");
	text = (__typeof__(text))dlsym(library, "peerbar_verbs_support_text");
	if (!probe || !text || probe(pd, NULL, &support))
		return NULL;
	if (support == PEERBAR_VERBS_OK)
		support = PEERBAR_VERBS_NO_REVOKE;
	return text(support);
}
