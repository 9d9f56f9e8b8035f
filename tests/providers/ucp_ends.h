/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Two ends of UCX in one process
 *
 * A worker each in one context, and an endpoint from near to far.  Failures
 * that have nothing to do with the memory end the test.
 */
#ifndef UCP_ENDS_H
#define UCP_ENDS_H

#include <stdbool.h>

#include <ucp/api/ucp.h>

struct ucp_key;

/**
 * struct ucp_ends - see above
 * @ep: from near to far
 * @keys: unpacked for this endpoint
 * @broken: the endpoint failed
 */
struct ucp_ends {
	ucp_context_h context;
	ucp_worker_h near;
	ucp_worker_h far;
	ucp_ep_h ep;
	struct ucp_key *keys;
	ucp_err_handling_mode_t mode;
	bool broken;
};

/** ucp_ends_plugin - loads the plug-in; once, before anything else */
void ucp_ends_plugin(void);

/**
 * ucp_ends_open - connected
 * @mode: with UCP_ERR_HANDLING_MODE_PEER failures are reported, but UCX has its
 *	own buffers in place of a rendezvous with the NIC, unless that can
 *	invalidate keys
 * @settings: names and values in turn, up to a NULL
 */
void ucp_ends_open(struct ucp_ends *ends, uint64_t features,
		   ucp_err_handling_mode_t mode, const char *const *settings);
void ucp_ends_close(struct ucp_ends *ends);

/** ucp_ends_again - both as new; what is mapped stays so */
void ucp_ends_again(struct ucp_ends *ends);

/**
 * ucp_ends_key - what the near end reaches memory with
 * @packed: of ucp_rkey_pack(); known by its address
 * @out: valid until the ends are connected anew or @packed is forgotten
 */
ucs_status_t ucp_ends_key(struct ucp_ends *ends, const void *packed,
			  ucp_rkey_h *out);

/** ucp_ends_forget - @packed, before it is released */
void ucp_ends_forget(struct ucp_ends *ends, const void *packed);

void ucp_ends_progress(struct ucp_ends *ends);

/** ucp_ends_finish - to the end of a request, and free it; waits 30 s at most */
ucs_status_t ucp_ends_finish(struct ucp_ends *ends, ucs_status_ptr_t request);

/** ucp_ends_must - end the test unless it is UCS_OK */
void ucp_ends_must(ucs_status_t status, const char *what);

#endif /* UCP_ENDS_H */
