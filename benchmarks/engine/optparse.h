/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Command lines
 *
 * A program lists its options once; parsing, --help and the wording of
 * mistakes follow from the list.
 */
#ifndef BENCH_OPTPARSE_H
#define BENCH_OPTPARSE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum bench_opt_type {
	BENCH_OPT_FLAG,	  /* bool, set to true */
	BENCH_OPT_UNFLAG, /* bool, set to false */
	BENCH_OPT_U32,	  /* uint32_t from min to max */
	BENCH_OPT_STRING, /* const char *, of argv */
	BENCH_OPT_DOUBLE, /* double, more than 0, at most max */
	BENCH_OPT_CALL,	  /* whatever call() makes of it */
	BENCH_OPT_HELP,	  /* nothing else matters */
};

/* initialisers: the type of an option, and which member of @opts it sets */
#define BENCH_AT(opts, member)	 .offset = offsetof(struct opts, member)
#define BENCH_FLAG(opts, member) .type = BENCH_OPT_FLAG, BENCH_AT(opts, member)
#define BENCH_UNFLAG(opts, member) \
	.type = BENCH_OPT_UNFLAG, BENCH_AT(opts, member)
#define BENCH_STRING(opts, member) \
	.type = BENCH_OPT_STRING, BENCH_AT(opts, member)
#define BENCH_U32(opts, member, lo, hi) \
	.type = BENCH_OPT_U32, BENCH_AT(opts, member), .min = (lo), .max = (hi)
#define BENCH_DOUBLE(opts, member, hi) \
	.type = BENCH_OPT_DOUBLE, BENCH_AT(opts, member), .max = (hi)
#define BENCH_CALL(function) .type = BENCH_OPT_CALL, .call = (function)
#define BENCH_HELP_OPTION                                               \
	{                                                               \
		'h', "help", NULL, "print this", .type = BENCH_OPT_HELP \
	}

/**
 * struct bench_opt - one option
 * @letter: '-x', or 0 for none
 * @name: '--name'
 * @arg: what the argument is called in the help; NULL for none
 * @help: one line, without the default
 * @type: see enum bench_opt_type
 * @offset: of the member in the program's options
 * @min: smallest value of U32
 * @max: largest value of U32
 * @call: of CALL; @arg is NULL for an option without one
 */
struct bench_opt {
	char letter;
	const char *name;
	const char *arg;
	const char *help;
	enum bench_opt_type type;
	size_t offset;
	uint32_t min;
	uint32_t max;
	int (*call)(void *opts, const char *arg);
};

#define BENCH_HELP_ASKED 1

/**
 * bench_optparse - go through argv
 * @table: ends with an entry without a name
 * @opts: what the offsets in @table refer to
 * @operands: where getopt stopped: index of the first operand
 *
 * Return: 0; BENCH_HELP_ASKED; -EINVAL with bench_error() saying what to do.
 */
int bench_optparse(const struct bench_opt *table, void *opts, int argc,
		   char **argv, int *operands);

/** bench_opthelp - print the options, one line each */
void bench_opthelp(const struct bench_opt *table, FILE *to);

/**
 * bench_parse_list - call @each with every piece of a comma-separated @list
 * @each: not 0 ends it
 */
int bench_parse_list(void *opts, const char *list,
		     int (*each)(void *opts, const char *piece));

/** bench_parse_size - "4096", "64K", "0x1000", "2M", "1G": bytes */
int bench_parse_size(const char *text, uint64_t *out);

#endif /* BENCH_OPTPARSE_H */
