// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "owner.h"
#include "print.h"

#define PERIOD_MS 100

static struct {
	bool json;
	bool exec;
	bool no_control;
	bool read_only;
	bool write_combining;
	const char *control;
	unsigned int period;
} opts;

static const struct option_def options[] = {
	{'c', "control", "SOCKET", "listen there, not in the usual place",
	 OPTION_TEXT, &opts.control},
	{'n', "no-control", NULL, "listen nowhere: nobody else gets or revokes it",
	 OPTION_FLAG, &opts.no_control},
	{'r', "read-only", NULL, "CPU mappings can only be read", OPTION_FLAG,
	 &opts.read_only},
	{'w', "write-combining", NULL, "CPUs see it write-combined, or it fails",
	 OPTION_FLAG, &opts.write_combining},
	{'p', "period", "MS", "look that often for resets by others (100)",
	 OPTION_NUMBER, &opts.period},
	OPTION_JSON(&opts.json),
	{'x', "exec", NULL, "the rest is a program: run it, end with it",
	 OPTION_FLAG, &opts.exec},
	OPTION_END,
};

static int listen_at(struct owner *owner)
{
	char path[RUN_PATH], pid[16];
	int ret;

	if (opts.no_control)
		return 0;
	if (opts.control)
		return owner_listen(owner, opts.control);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	ret = control_path(pid, true, path);
	return ret ? ret : owner_listen(owner, path);
}

static bool is_combining(struct peerbar_buffer *buf)
{
	struct peerbar_buffer_info info;

	return !peerbar_buffer_info(buf, &info) &&
	       info.memattr == PEERBAR_WRITE_COMBINING;
}

static void describe_json(const struct owner *owner)
{
	json_object *root = json_object_new_object();
	json_object *buffers = json_object_new_array();
	unsigned int i;

	for (i = 0; i < owner->nr_buffers; i++) {
		json_object *buffer = json_object_new_object();

		json_object_object_add(buffer, "spec",
				       json_text(owner->buffers[i].text));
		json_object_object_add(buffer, "size",
				       json_object_new_uint64(peerbar_buffer_size(
					       owner->buffers[i].buf)));
		json_object_object_add(buffer, "write_combining",
				       json_object_new_boolean(is_combining(
					       owner->buffers[i].buf)));
		json_object_array_add(buffers, buffer);
	}
	json_object_object_add(root, "pid", json_object_new_int(getpid()));
	json_object_object_add(root, "control", json_text(owner->path));
	json_object_object_add(root, "buffers", buffers);
	print_json_line(root);
}

static void describe(const struct owner *owner)
{
	char size[SIZE_TEXT];
	unsigned int i;

	for (i = 0; i < owner->nr_buffers; i++)
		printf("%u: %s, %s%s\n", i, owner->buffers[i].text,
		       print_size(peerbar_buffer_size(owner->buffers[i].buf),
				  size),
		       is_combining(owner->buffers[i].buf) ? ", write-combining"
							   : "");
	if (*owner->path)
		printf("process %d, control socket %s\n", (int)getpid(),
		       owner->path);
	fflush(stdout);
}

static int start(struct owner *owner, char **program)
{
	int ret = owner_start(owner, program);

	if (!ret)
		return STATUS_GOOD;
	complain("%s: %s", program[0], strerror(-ret));
	return ret == -ENOENT ? STATUS_NO_PROGRAM : STATUS_CANNOT_EXEC;
}

static unsigned int export_flags(void)
{
	return (opts.read_only ? PEERBAR_EXPORT_READ_ONLY : 0) |
	       (opts.write_combining ? PEERBAR_EXPORT_WRITE_COMBINING : 0);
}

/* @texts: @nr of them; @program: NULL for none */
static int export(struct owner *owner, char **texts, int nr, char **program)
{
	int i, status = STATUS_GOOD;

	for (i = 0; i < nr; i++)
		if (owner_export(owner, texts[i], export_flags(), opts.period))
			return complain_library();
	if (listen_at(owner))
		return complain_library();
	/* the program's output is not to be mixed with ours unasked */
	if (opts.json)
		describe_json(owner);
	else if (!program)
		describe(owner);
	if (program)
		status = start(owner, program);
	return status ? status : owner_run(owner);
}

/* "SPEC... --exec CMD ARG...": options end there, operands before it stay. */
static int split(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--exec") || !strcmp(argv[i], "-x"))
			return i;
	return argc;
}

static int run(int argc, char **argv)
{
	int end = split(argc, argv), first, status;
	static struct owner owner;
	char **program = NULL;

	memset(&opts, 0, sizeof(opts));
	opts.period = PERIOD_MS;
	if (!command_parse(&command_export, end, argv, &first, 1, OWNER_BUFFERS,
			   &status))
		return status;
	if (end < argc)
		program = argv + end + 1;
	if (program && !*program) {
		complain("--exec takes a program; try --help");
		return STATUS_USAGE;
	}
	if (owner_init(&owner))
		status = complain_library();
	else
		status = export(&owner, argv + first, end - first, program);
	owner_end(&owner);
	return status;
}

const struct command command_export = {
	.name = "export",
	.operands = "SPEC... [--exec PROGRAM [ARGUMENT...]]",
	.summary = "hold BAR memory as dma-bufs, for a program or for whoever "
		   "asks",
	.about = "SPEC is BDF/BAR[@OFFSET+LENGTH[,OFFSET+LENGTH]...].  Runs "
		 "PROGRAM, which inherits\n"
		 "the descriptors numbered in PEERBAR_FDS (the first one: "
		 "PEERBAR_FD) with the\n"
		 "sizes in PEERBAR_SIZES, and ends with its status; or waits "
		 "for a signal.  When it\n"
		 "ends, the memory is taken back from everybody.",
	.options = options,
	.run = run,
};
