// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "error.h"
#include "interrupt.h"
#include "program.h"

int bench_program_parse(const struct bench_program *program, void *opts,
			int argc, char **argv)
{
	int rc, operands;

	program->defaults(opts);
	rc = bench_optparse(program->table, opts, argc, argv, &operands);
	if (rc)
		return rc;
	if (program->check)
		return program->check(opts, argc - operands, argv + operands);
	if (operands < argc)
		return bench_fail(-EINVAL, "no operands, but there is \"%s\"",
				  argv[operands]);
	return 0;
}

void bench_program_help(const struct bench_program *program, FILE *to)
{
	fprintf(to, "%s\n", program->usage);
	bench_opthelp(program->table, to);
	if (program->notes)
		fprintf(to, "\n%s", program->notes);
}

static int complain(const struct bench_program *program, int status)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s\n", program->name, bench_error());
	return status;
}

int bench_program_main(const struct bench_program *program, int argc, char **argv)
{
	void *opts = calloc(1, program->size);
	int rc, status = 0;

	if (!opts)
		return 1;
	rc = bench_program_parse(program, opts, argc, argv);
	if (rc < 0)
		status = complain(program, 2);
	else if (rc == BENCH_HELP_ASKED)
		bench_program_help(program, stdout);
	else if ((rc = program->run(opts)) < 0)
		status = complain(program, 1);
	else
		status = rc ? 1 : 0;
	free(opts);
	if (rc == -EINTR)
		bench_interrupt_die();
	return status;
}
