// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/spec.h>

#include "error.h"
#include "optparse.h"

#define OPTIONS_MAX 64
/* getopt's value for an option without a letter: past every char */
#define LONG_ONLY 256

/* getopt's two views of the table */
struct view {
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 2];
};

static void make_view(const struct bench_opt *table, struct view *v)
{
	char *s = v->shorts;
	int i;

	memset(v, 0, sizeof(*v));
	*s++ = ':';
	for (i = 0; table[i].name && i < OPTIONS_MAX; i++) {
		v->longs[i].name = table[i].name;
		v->longs[i].has_arg =
			table[i].arg ? required_argument : no_argument;
		v->longs[i].val = LONG_ONLY + i;
		if (!table[i].letter)
			continue;
		*s++ = table[i].letter;
		if (table[i].arg)
			*s++ = ':';
	}
}

static const struct bench_opt *find(const struct bench_opt *table, int val)
{
	if (val >= LONG_ONLY)
		return &table[val - LONG_ONLY];
	while (table->name && table->letter != val)
		table++;
	return table->name ? table : NULL;
}

static int set_u32(const struct bench_opt *opt, uint32_t *out, const char *arg)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(arg, &end, 0);
	if (errno || end == arg || *end || *arg == '-' || value < opt->min ||
	    value > opt->max)
		return bench_fail(
			-EINVAL, "--%s wants a number from %u to %u, not \"%s\"",
			opt->name, opt->min, opt->max, arg);
	*out = (uint32_t)value;
	return 0;
}

static int set_double(const struct bench_opt *opt, double *out, const char *arg)
{
	char *end;
	double value = strtod(arg, &end);

	if (end == arg || *end || !(value > 0 && value <= opt->max))
		return bench_fail(
			-EINVAL, "--%s wants a number like 10 or 0.5, up to %u, not \"%s\"",
			opt->name, opt->max, arg);
	*out = value;
	return 0;
}

static int set(const struct bench_opt *opt, void *opts, const char *arg)
{
	void *member = (char *)opts + opt->offset;

	switch (opt->type) {
	case BENCH_OPT_FLAG:
		*(bool *)member = true;
		return 0;
	case BENCH_OPT_UNFLAG:
		*(bool *)member = false;
		return 0;
	case BENCH_OPT_U32:
		return set_u32(opt, member, arg);
	case BENCH_OPT_STRING:
		*(const char **)member = arg;
		return 0;
	case BENCH_OPT_DOUBLE:
		return set_double(opt, member, arg);
	case BENCH_OPT_CALL:
		return opt->call(opts, arg);
	case BENCH_OPT_HELP:
		return BENCH_HELP_ASKED;
	}
	return -EINVAL;
}

static int complain(const struct bench_opt *table, int val, const char *word)
{
	const struct bench_opt *opt = optopt ? find(table, optopt) : NULL;

	if (val == ':' && opt)
		return bench_fail(-EINVAL,
				  "--%s wants %s; --help lists all options",
				  opt->name, opt->arg);
	if (opt)
		return bench_fail(-EINVAL, "--%s takes no value", opt->name);
	return bench_fail(-EINVAL, "no option %s; --help lists all options",
			  word);
}

int bench_optparse(const struct bench_opt *table, void *opts, int argc,
		   char **argv, int *operands)
{
	const char *word;
	char letter[3] = "-";
	struct view v;
	int val, rc;

	make_view(table, &v);
	opterr = 0;
	optind = 0;
	while ((val = getopt_long(argc, argv, v.shorts, v.longs, NULL)) != -1) {
		if (val == '?' || val == ':') {
			letter[1] = (char)optopt;
			word = optopt && optopt < LONG_ONLY ? letter
							    : argv[optind - 1];
			return complain(table, val, word);
		}
		rc = set(find(table, val), opts, optarg);
		if (rc)
			return rc;
	}
	*operands = optind;
	return 0;
}

void bench_opthelp(const struct bench_opt *table, FILE *to)
{
	char left[64];

	for (; table->name; table++) {
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s",
			 table->letter ? '-' : ' ',
			 table->letter ? table->letter : ' ',
			 table->letter ? "," : " ", table->name,
			 table->arg ? " " : "", table->arg ? table->arg : "");
		fprintf(to, "  %-28s  %s\n", left, table->help);
	}
}

int bench_parse_list(void *opts, const char *list,
		     int (*each)(void *opts, const char *piece))
{
	char copy[1024], *piece, *save;
	int rc;

	if (strlen(list) >= sizeof(copy))
		return bench_fail(-EINVAL, "\"%.20s...\" is too long", list);
	strcpy(copy, list);
	piece = strtok_r(copy, ",", &save);
	if (!piece)
		return bench_fail(-EINVAL,
				  "an empty list; --help shows examples");
	do {
		rc = each(opts, piece);
		piece = strtok_r(NULL, ",", &save);
	} while (piece && !rc);
	return rc;
}

int bench_parse_size(const char *text, uint64_t *out)
{
	return peerbar_size_parse(text, out)
		       ? bench_fail(-EINVAL, "\"%s\" is not a size; write it like 4096, 64K, 2M or 0x1000",
				    text)
		       : 0;
}
