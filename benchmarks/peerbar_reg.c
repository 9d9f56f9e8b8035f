// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_reg - registration and deregistration of memory */
#include "reg/opts.h"
#include "engine/program.h"

int main(int argc, char **argv)
{
	return bench_program_main(&reg_program, argc, argv);
}
