/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Change of drivers, with the module loaded when it has to be. */
#ifndef LOADING_H
#define LOADING_H

/* as peerbar_pci_set_driver(), for a @driver that need not be loaded yet */
int set_driver_loading(const char *bdf, const char *driver, const char *override);

#endif /* LOADING_H */
