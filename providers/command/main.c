// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
