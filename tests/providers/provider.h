/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: A provider under test
 *
 * Whatever registers BAR memory and moves bytes to and from it, as the
 * conformance suite sees it: two ends in this process that are connected to each
 * other.  The near end begins every operation; its memory and that of the far
 * end are regions, and a region serves at either end.
 *
 * To join, write a file with a struct prov_ops and
 *
 *	int main(void)
 *	{
 *		return conform_main(&my_ops, 1);
 *	}
 *
 * and a peerbar_conformance() line in CMakeLists.txt.  All cases (case_*.c)
 * then run over it; what it cannot do goes into its list of exclusions, with the
 * reason, and is printed.  Nothing here knows of verbs, libfabric or UCX.
 *
 * Threads: @post and @poll are called by one thread at a time, which need not be
 * the main one; the other operations by the main thread, while no operation is
 * under way unless the case says so.  In the main thread they may end the test
 * (fx_die()) where something fails that has nothing to do with the memory.
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <bar.h>

/**
 * struct prov_memory - what can be registered
 * @buf: a buffer, or NULL: ordinary memory
 * @map: the buffer mapped, NULL for ordinary memory
 * @addr: where the CPU sees it
 * @size: bytes
 *
 * Providers that look pointers up register @addr + offset, others @buf.
 */
struct prov_memory {
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	char *addr;
	size_t size;
};

/** enum prov_rights - what the far end lets the near end do */
enum prov_rights {
	PROV_REMOTE_READ = 1u << 0,
	PROV_REMOTE_WRITE = 1u << 1,
};
#define PROV_ALL_RIGHTS (PROV_REMOTE_READ | PROV_REMOTE_WRITE)

/**
 * enum prov_traits - how a provider reaches the memory
 * @PROV_DMABUF: by the dma-buf: a region is an attachment, which the kernel
 *	counts, works without a CPU mapping, and is not to be had of a buffer
 *	that is suspended or revoked.  Otherwise by the pointer, with the CPU.
 * @PROV_RIGHTS: regions have rights
 * @PROV_PATIENT: an operation waits while the far memory is suspended
 * @PROV_MUTE_READS: a read of far memory that is gone ends in error only when the
 *	far end hangs up
 * @PROV_ATTACHED: a region is an attachment, though the pointer is used
 * @PROV_READ_BY_POINTER: writes go by the dma-buf, but for a read the far end's
 *	CPU uses the pointer
 */
enum prov_traits {
	PROV_DMABUF = 1u << 0,
	PROV_RIGHTS = 1u << 1,
	PROV_PATIENT = 1u << 2,
	PROV_MUTE_READS = 1u << 3,
	PROV_ATTACHED = 1u << 4,
	PROV_READ_BY_POINTER = 1u << 5,
};

/** struct prov - an open provider; the first member of its own structure */
struct prov {
	const struct prov_ops *ops;
	struct fx *fx;
};

/** struct prov_region - a registration; likewise */
struct prov_region {
	struct prov *prov;
};

/**
 * struct prov_op - move @len bytes from near to far, or back
 * @id: comes back with the completion
 * @write: near to far; otherwise far to near
 * @near, @far: regions
 * @near_at, @far_at: bytes from where the region starts; @far_at may be
 *	anything, since refusing it is the provider's task
 */
struct prov_op {
	uint64_t id;
	bool write;
	struct prov_region *near;
	uint64_t near_at;
	struct prov_region *far;
	uint64_t far_at;
	size_t len;
};

/**
 * struct prov_done - how an operation ended
 * @status: 0: the bytes are where they belong, and a load of the CPU there sees
 *	them; else a -errno, of which only the sign matters
 * @why: the provider's own words
 */
struct prov_done {
	uint64_t id;
	int status;
	const char *why;
};

/** struct prov_exclusion - a case that a provider cannot pass, and why */
struct prov_exclusion {
	const char *title;
	const char *why;
};

/**
 * struct prov_ops - a provider
 * @name: in the titles of tests
 * @traits: enum prov_traits
 * @depth: operations that can be under way at once, at least 2
 * @grain: bytes of an operation that arrive all or none
 * @excluded: ends with an empty one; may be NULL
 */
struct prov_ops {
	const char *name;
	unsigned int traits;
	unsigned int depth;
	size_t grain;
	const struct prov_exclusion *excluded;

	/** @open: both ends, connected.  The caller keeps it and closes it. */
	struct prov *(*open)(struct fx *fx);

	/** @close: all regions are closed before */
	void (*close)(struct prov *prov);

	/**
	 * @reconnect: both ends are as new, and all operations forgotten; regions
	 * stay as they are.  Called after an operation failed.
	 */
	void (*reconnect)(struct prov *prov);

	/** @hang_up: the far end closes; needed for PROV_MUTE_READS only */
	void (*hang_up)(struct prov *prov);

	/**
	 * @reg: register a part of @mem, @len bytes from @offset on
	 * @rights: of the near end at this memory, enum prov_rights
	 * @out: written on success
	 *
	 * Must not end the test.  0, -EINVAL or -ERANGE when it is not a part,
	 * -ENODEV when the memory is not there, other -errno.
	 */
	int (*reg)(struct prov *prov, const struct prov_memory *mem,
		   uint64_t offset, size_t len, unsigned int rights,
		   struct prov_region **out);

	/** @dereg: whatever became of the memory; 0 or -errno */
	int (*dereg)(struct prov_region *region);

	/** @post: begin an operation; 0 or a -errno, which counts as its end */
	int (*post)(struct prov *prov, const struct prov_op *op);

	/** @poll: wait @ms for the next operation to end; 0 or -ETIMEDOUT */
	int (*poll)(struct prov *prov, struct prov_done *done, int ms);
};

/** conform_main - all cases over each of @nr providers; the exit status */
int conform_main(const struct prov_ops *const *providers, unsigned int nr);

#endif /* PROVIDER_H */
