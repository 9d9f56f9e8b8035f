/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libfabric returns -FI_E*: most values are errno's, but not every errno has a
 * FI_E*, and fi_strerror() knows no others.
 */
#ifndef PEERBAR_OFI_CONVERT_H
#define PEERBAR_OFI_CONVERT_H

/* 0 or -errno of libpeerbar in, 0 or -FI_E* out */
int ofi_from_errno(int ret);

/*
 * @ret: what a registration with FI_MR_DMABUF returned, a -FI_E*
 * @provider: its name, NULL when nobody knows
 *
 * Sets the detail text; returns @ret.
 */
int ofi_reg_error(int ret, const char *provider);

#endif /* PEERBAR_OFI_CONVERT_H */
