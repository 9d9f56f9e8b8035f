// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_copy - CPU copies from and to a BAR */
#include "copy/opts.h"
#include "engine/program.h"

int main(int argc, char **argv)
{
	return bench_program_main(&copy_program, argc, argv);
}
