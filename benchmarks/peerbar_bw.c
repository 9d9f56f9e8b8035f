// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_bw - RDMA WRITE and READ bandwidth onto host memory and PCI BARs */
#include <stdio.h>

#include "engine/error.h"
#include "engine/options.h"
#include "engine/session.h"

int main(int argc, char **argv)
{
	struct bench_opts opts;
	int rc;

	rc = bench_opts_parse(&opts, argc, argv);
	if (!rc && opts.help) {
		bench_opts_help("peerbar_bw", stdout);
		return 0;
	}
	if (!rc)
		rc = bench_session_run(&opts);
	fflush(stdout);
	if (rc)
		fprintf(stderr, "peerbar_bw: %s\n", bench_error());
	return rc ? 1 : 0;
}
