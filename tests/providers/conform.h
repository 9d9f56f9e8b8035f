/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: What the cases of the conformance suite have in common
 *
 * Helpers end the test when a step goes wrong that is not the case's point.
 */
#ifndef CONFORM_H
#define CONFORM_H

#include <ledger.h>
#include <worker.h>

#include "provider.h"

/** what the BAR is filled with */
#define CONFORM_SEED 83

/** much more than any operation takes under emulation */
#define CONFORM_MS 30000
/* until a read that nobody answers is taken for one; see PROV_MUTE_READS */
#define CONFORM_MUTE_MS 1000

/**
 * struct conform - one case, over one provider
 * @dev: the first device of the lab
 * @prov: opened
 */
struct conform {
	struct fx *fx;
	struct peerbar_device *dev;
	struct prov *prov;
};

/**
 * struct conform_case - a case
 * @title: what is claimed
 * @needs: traits without which it says nothing
 */
struct conform_case {
	const char *title;
	void (*run)(struct conform *c);
	unsigned int needs;
};

/* the cases, by file; each ends with an empty one */
extern const struct conform_case conform_register[];
extern const struct conform_case conform_transfer[];
extern const struct conform_case conform_revoke[];
extern const struct conform_case conform_close[];

static inline bool conform_has(const struct conform *c, unsigned int trait)
{
	return c->prov->ops->traits & trait;
}

/** conform_bar - pieces of the BAR, filled, exported and mapped */
struct prov_memory conform_bar(struct conform *c,
			       const struct peerbar_range *ranges,
			       unsigned int nr_ranges);

/** conform_bar_one - one piece */
struct prov_memory conform_bar_one(struct conform *c, uint64_t offset,
				   uint64_t length);

/** conform_host - ordinary memory */
struct prov_memory conform_host(struct conform *c, size_t size);

/** conform_reg - closed at the end of the test */
struct prov_region *conform_reg(struct conform *c, const struct prov_memory *mem,
				uint64_t offset, size_t len);
struct prov_region *conform_reg_rights(struct conform *c,
				       const struct prov_memory *mem,
				       uint64_t offset, size_t len,
				       unsigned int rights);
void conform_dereg(struct conform *c, struct prov_region *region);

/** conform_not_reg - registering is refused, with one of these errors */
void conform_not_reg(struct conform *c, const struct prov_memory *mem,
		     uint64_t offset, size_t len, int err, int or_err);

/** conform_move - an operation on its own, to its end; its status */
int conform_move(struct conform *c, const struct prov_op *op);

/** conform_moves - likewise; it succeeds */
void conform_moves(struct conform *c, const struct prov_op *op);

/**
 * conform_fails - likewise; it does not, and the ends are connected anew
 *
 * A read by pointer is not tried: SIGBUS would end the far end, which is us.
 */
void conform_fails(struct conform *c, const struct prov_op *op);

/**
 * conform_attached - the kernel lists @wanted attachments to the buffer, which
 *	is one for each region, where the provider registers by dma-buf; else none
 */
void conform_attached(struct conform *c, const struct prov_memory *mem,
		      unsigned int wanted);

/** conform_let_go - nobody maps the buffer any more, but CPUs when they try */
void conform_let_go(const struct prov_memory *mem);

/**
 * struct conform_load - operations without a pause between a BAR and host memory
 * @worker: counts operations
 * @failed: one did not succeed, and no more are begun
 */
struct conform_load {
	struct fx_worker worker;
	struct prov *prov;
	struct fx_ledger ledger;
	struct prov_memory host;
	struct prov_region *near;
	struct prov_region *far;
	bool write;
	unsigned int under_way;
	bool busy[FX_SLOTS_MAX];
	bool failed;
	const char *why;
};

/** bytes of an operation under load, and of the BAR piece that it goes to */
#define CONFORM_BLOCK KIB(16)
#define CONFORM_SPAN  (FX_SLOTS_MAX * CONFORM_BLOCK)

/**
 * conform_load - begin
 * @far: a region of CONFORM_SPAN bytes that starts at @bar_offset
 */
struct conform_load *conform_load(struct conform *c, struct prov_region *far,
				  uint64_t bar_offset, bool write);

/** conform_load_begun - operations begun so far */
uint64_t conform_load_begun(struct conform_load *load);

/**
 * conform_load_ends - it comes to an end within @ms, since the memory is gone
 *
 * Reads that nobody answers: once the far end has hung up.
 */
bool conform_load_ends(struct conform *c, struct conform_load *load, int ms);

#endif /* CONFORM_H */
