// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/version.h>

#include "command.h"

static const struct command *const commands[] = {
	&command_list,	 &command_bind,	  &command_unbind, &command_probe,
	&command_export, &command_revoke, &command_watch,
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct command *current;

static void complain_va(const char *format, va_list args)
{
	fprintf(stderr, "peerbar%s%s: ", current ? " " : "",
		current ? current->name : "");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain_va(format, args);
	va_end(args);
	return STATUS_FAILED;
}

int complain_library(void)
{
	return complain("%s", peerbar_error_detail());
}

static void usage(FILE *to)
{
	size_t i;

	fprintf(to, "usage: peerbar COMMAND [OPTION...] [OPERAND...]\n\n");
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i]->name,
			commands[i]->summary);
	fprintf(to, "\n\"peerbar COMMAND --help\" tells more, \"peerbar "
		    "--version\" the version; see peerbar(1).\n");
}

static void help(const struct command *command)
{
	printf("usage: peerbar %s [OPTION...]%s%s\n\n%s\n\noptions:\n",
	       command->name, *command->operands ? " " : "", command->operands,
	       command->about);
	options_help(command->options, stdout);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

bool command_parse(const struct command *command, int argc, char **argv,
		   int *operands, int min, int max, int *status)
{
	char mistake[160];
	bool wants_help = false;
	int nr;

	if (options_parse(command->options, argc, argv, operands, &wants_help,
			  mistake)) {
		complain("%s; try --help", mistake);
		*status = STATUS_USAGE;
		return false;
	}
	if (wants_help) {
		help(command);
		*status = STATUS_GOOD;
		return false;
	}
	nr = argc - *operands;
	if (nr >= min && nr <= max)
		return true;
	if (nr > max)
		complain("\"%s\" is one operand too many; try --help",
			 argv[*operands + max]);
	else
		complain("wanted: %s; try --help", command->operands);
	*status = STATUS_USAGE;
	return false;
}

static int run(const char *name, int argc, char **argv)
{
	current = find(name);
	if (current)
		return current->run(argc, argv);
	complain("there is no command \"%s\"", name);
	usage(stderr);
	return STATUS_USAGE;
}

static int run_help(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;

	if (argc > 1 && !command)
		return run(argv[1], 0, NULL);
	if (command)
		help(command);
	else
		usage(stdout);
	return STATUS_GOOD;
}

int command_main(int argc, char **argv)
{
	int status;

	current = NULL;
	if (argc < 2) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("peerbar %s\n", peerbar_version_text());
		status = STATUS_GOOD;
	} else if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
		   !strcmp(argv[1], "help")) {
		status = run_help(argc - 1, argv + 1);
	} else {
		status = run(argv[1], argc - 1, argv + 1);
	}
	/* what was not written was not said */
	if (fflush(stdout) && status == STATUS_GOOD)
		status = complain("stdout: %m");
	return status;
}
