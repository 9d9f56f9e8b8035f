/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Command lines: what is said once serves parsing, --help and mistakes. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_type {
	OPTION_FLAG,   /* bool */
	OPTION_NUMBER, /* unsigned int */
	OPTION_TEXT,   /* const char *, of argv */
};

/**
 * struct option_def - an option
 * @letter: '-x', 0 for none
 * @name: '--name'
 * @argument: what it takes, for the help; NULL for nothing
 * @help: one line
 * @type: see enum option_type
 * @to: where it goes
 */
struct option_def {
	char letter;
	const char *name;
	const char *argument;
	const char *help;
	enum option_type type;
	void *to;
};

/** what every subcommand's list has */
#define OPTION_JSON(to)                                                          \
	{                                                                        \
		'j', "json", NULL, "print JSON instead of text", OPTION_FLAG, to \
	}
#define OPTION_END \
	{          \
		0  \
	}

/**
 * options_parse - go through argv; --help is known without being listed
 * @operands: index of the first operand
 * @mistake: written when the result is not 0
 */
int options_parse(const struct option_def *defs, int argc, char **argv,
		  int *operands, bool *help, char mistake[160]);

/** options_help - print one line for each */
void options_help(const struct option_def *defs, FILE *to);

#endif /* OPTIONS_H */
