// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_fault - page faults of a mapped BAR */
#include "fault/opts.h"
#include "engine/program.h"

int main(int argc, char **argv)
{
	return bench_program_main(&fault_program, argc, argv);
}
