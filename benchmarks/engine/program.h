/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Programs
 *
 * What all programs do alike: command line, --help, errors, exit status.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include "optparse.h"

/**
 * struct bench_program - a program
 * @name: as called
 * @usage: printed above the options; each line of it that is a command line
 *	begins with the name
 * @notes: printed below them; NULL for none
 * @table: its options
 * @size: of what they set
 * @defaults: fill that in
 * @check: what no single option can know; @operands has @nr words.  NULL when
 *	there is nothing to check and there are no operands
 * @run: do it; more than 0 when it was done but something was found wrong
 */
struct bench_program {
	const char *name;
	const char *usage;
	const char *notes;
	const struct bench_opt *table;
	size_t size;
	void (*defaults)(void *opts);
	int (*check)(void *opts, int nr, char **operands);
	int (*run)(const void *opts);
};

/**
 * bench_program_parse - make options of a command line
 *
 * Return: 0; BENCH_HELP_ASKED; -EINVAL with bench_error() saying what to do.
 */
int bench_program_parse(const struct bench_program *program, void *opts,
			int argc, char **argv);

void bench_program_help(const struct bench_program *program, FILE *to);

/**
 * bench_program_main - all of main()
 *
 * Return: the exit status: 0, 1 when the run failed, 2 for a command line that
 * is wrong.
 */
int bench_program_main(const struct bench_program *program, int argc,
		       char **argv);

#endif /* BENCH_PROGRAM_H */
