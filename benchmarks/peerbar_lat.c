// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_lat - RDMA latency onto host memory and PCI BARs */
#include "engine/options.h"
#include "engine/program.h"

int main(int argc, char **argv)
{
	return bench_program_main(&bench_lat_program, argc, argv);
}
