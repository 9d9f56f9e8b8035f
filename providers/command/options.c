// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MISTAKE_SIZE 160

static const struct option_def *find_long(const struct option_def *defs,
					  const char *name, size_t len)
{
	for (; defs->name; defs++)
		if (strlen(defs->name) == len && !memcmp(defs->name, name, len))
			return defs;
	return NULL;
}

static const struct option_def *find_letter(const struct option_def *defs,
					    char letter)
{
	for (; defs->name; defs++)
		if (defs->letter == letter)
			return defs;
	return NULL;
}

static int store(const struct option_def *def, const char *value, char *mistake)
{
	unsigned long number;
	char *end;

	switch (def->type) {
	case OPTION_FLAG:
		*(bool *)def->to = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)def->to = value;
		return 0;
	case OPTION_NUMBER:
		errno = 0;
		number = strtoul(value, &end, 10);
		if (errno || *end || *value < '0' || *value > '9' ||
		    number > UINT_MAX)
			break;
		*(unsigned int *)def->to = number;
		return 0;
	}
	snprintf(mistake, MISTAKE_SIZE, "--%s takes a number, not \"%.40s\"",
		 def->name, value);
	return -EINVAL;
}

/* @inline_value: behind "=" or the letter, NULL for none */
static int take(const struct option_def *def, const char *inline_value,
		int argc, char **argv, int *i, char *mistake)
{
	if (!def->argument && inline_value) {
		snprintf(mistake, MISTAKE_SIZE, "--%s takes no value", def->name);
		return -EINVAL;
	}
	if (def->argument && !inline_value) {
		if (*i + 1 >= argc) {
			snprintf(mistake, MISTAKE_SIZE, "--%s takes %s",
				 def->name, def->argument);
			return -EINVAL;
		}
		inline_value = argv[++*i];
	}
	return store(def, inline_value, mistake);
}

static int unknown(const char *word, char *mistake)
{
	snprintf(mistake, MISTAKE_SIZE, "unknown option \"%.60s\"", word);
	return -EINVAL;
}

static int parse_word(const struct option_def *defs, int argc, char **argv,
		      int *i, const struct option_def **def, char *mistake)
{
	const char *word = argv[*i], *value = NULL;

	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		*def = find_long(defs, word + 2, len);
		if (word[2 + len])
			value = word + 2 + len + 1;
	} else {
		*def = find_letter(defs, word[1]);
		if (word[2])
			value = word + 2;
	}
	if (!*def)
		return unknown(word, mistake);
	return take(*def, value, argc, argv, i, mistake);
}

/* Operands are moved behind the options, in their order. */
static void rotate(char **argv, int to, int from, int nr)
{
	while (nr--) {
		char *word = argv[from];

		memmove(&argv[to + 1], &argv[to], (from - to) * sizeof(argv[0]));
		argv[to++] = word;
		from++;
	}
}

int options_parse(const struct option_def *defs, int argc, char **argv,
		  int *operands, bool *help, char mistake[MISTAKE_SIZE])
{
	const struct option_def *def;
	int i, start, first = 1, ret;

	for (i = 1; i < argc; i++) {
		start = i;
		if (argv[i][0] != '-' || !argv[i][1])
			continue;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			*help = true;
			return 0;
		}
		if (!strcmp(argv[i], "--")) {
			rotate(argv, first, i, 1);
			first++;
			break;
		}
		ret = parse_word(defs, argc, argv, &i, &def, mistake);
		if (ret)
			return ret;
		rotate(argv, first, start, i - start + 1);
		first += i - start + 1;
	}
	*operands = first;
	return 0;
}

void options_help(const struct option_def *defs, FILE *to)
{
	char left[64];

	for (; defs->name; defs++) {
		snprintf(left, sizeof(left), "--%s%s%s", defs->name,
			 defs->argument ? " " : "",
			 defs->argument ? defs->argument : "");
		if (defs->letter)
			fprintf(to, "  -%c, %-20s %s\n", defs->letter, left,
				defs->help);
		else
			fprintf(to, "      %-20s %s\n", left, defs->help);
	}
	fprintf(to, "  -h, %-20s %s\n", "--help", "print this");
}
