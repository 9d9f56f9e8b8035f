/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A libibverbs in a library of its own, so that it can be interposed.  It
 * registers everything and remembers how.
 */
#ifndef FAKE_IBVERBS_H
#define FAKE_IBVERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct fake_reg - the last registration
 * @call: "ibv_reg_mr", ...
 * @ino: of the dma-buf
 * @mrs: MRs that live
 * @fail: errno of the registrations to come, 0 for none
 */
struct fake_reg {
	const char *call;
	uint64_t offset;
	size_t length;
	uint64_t iova;
	ino_t ino;
	unsigned int access;
	unsigned int mrs;
	int fail;
};

/* of this thread */
struct fake_reg *fake_reg(void);

#endif /* FAKE_IBVERBS_H */
