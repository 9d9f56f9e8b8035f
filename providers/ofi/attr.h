/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct fi_mr_attr grows at its end with libfabric's API.  Who reads one goes
 * by the version that the application asked for when it opened its fabric: the
 * fields that came later lie beyond the application's structure.
 */
#ifndef PEERBAR_OFI_ATTR_H
#define PEERBAR_OFI_ATTR_H

#include <stdbool.h>
#include <stddef.h>

#include <rdma/fi_domain.h>

/*
 * One that we pass on.  A provider newer than our headers may look at fields
 * that we have never heard of; it finds zeros there.
 */
union ofi_attr {
	struct fi_mr_attr attr;
	unsigned char room[512];
};

#define OFI_FEW_SPANS 4

/**
 * struct ofi_rewrite - a registration of BAR memory, as FI_MR_DMABUF wants it
 * @room: its attributes
 * @spans: one for each iovec
 * @few: where @spans points, unless there are more
 */
struct ofi_rewrite {
	union ofi_attr room;
	struct fi_mr_dmabuf *spans;
	struct fi_mr_dmabuf few[OFI_FEW_SPANS];
};

/**
 * ofi_rewrite - look @attr up in the registry
 * @version: API version of the application
 * @hmem: it asked for FI_HMEM, without which nobody reads attr->iface
 * @out: written on success; release with ofi_rewrite_done()
 *
 * Looks every iovec up once.
 * Return: 0; -ENOENT when none of it is BAR memory; -ERANGE when a span leaves
 * its buffer; -EINVAL when BAR and other memory are mixed; -ENOMEM.
 */
int ofi_rewrite(const struct fi_mr_attr *attr, uint32_t version, bool hmem,
		struct ofi_rewrite *out);

void ofi_rewrite_done(struct ofi_rewrite *rewrite);

#endif /* PEERBAR_OFI_ATTR_H */
