/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: The peerbar program
 *
 * One table of subcommands, one file for each.  A subcommand gets its name as
 * argv[0], prints results to stdout and complaints to stderr, and returns the
 * exit status.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "options.h"

/** exit statuses; "export --exec" has the program's own besides */
enum {
	STATUS_GOOD = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_CANNOT_EXEC = 126,
	STATUS_NO_PROGRAM = 127,
	STATUS_SIGNALLED = 128, /* plus the signal */
};

/**
 * struct command - a subcommand
 * @name: what it is called by
 * @operands: of the usage line
 * @summary: one line
 * @about: more lines for --help, each ended by a newline
 * @options: ends with an entry without a name
 * @run: exit status
 */
struct command {
	const char *name;
	const char *operands;
	const char *summary;
	const char *about;
	const struct option_def *options;
	int (*run)(int argc, char **argv);
};

extern const struct command command_bind;
extern const struct command command_export;
extern const struct command command_list;
extern const struct command command_probe;
extern const struct command command_revoke;
extern const struct command command_unbind;
extern const struct command command_watch;

/** command_main - all of main() */
int command_main(int argc, char **argv);

/**
 * command_parse - options and operands of a subcommand
 * @operands: index of the first operand
 * @min: fewest operands
 * @max: most operands
 *
 * Return: true to go on; else *@status is the exit status: help was printed, or
 * what is wrong.
 */
bool command_parse(const struct command *command, int argc, char **argv,
		   int *operands, int min, int max, int *status);

/** complain - to stderr, behind the program's name; returns STATUS_FAILED */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** complain_library - the detail text of libpeerbar; returns STATUS_FAILED */
int complain_library(void);

#endif /* COMMAND_H */
