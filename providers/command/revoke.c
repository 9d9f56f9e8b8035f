// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/error.h>

#include "command.h"
#include "control.h"
#include "print.h"

static struct {
	bool json;
} opts;

static const struct option_def options[] = {
	OPTION_JSON(&opts.json),
	OPTION_END,
};

/* The kernel waits for NICs to let go; so does the answer. */
static int ask(const char *target, const char *request)
{
	char answer[CONTROL_TEXT];
	int sock, ret;

	sock = control_connect(target);
	if (sock < 0)
		return complain_library();
	ret = control_send(sock, request);
	if (!ret)
		ret = control_recv(sock, answer);
	close(sock);
	if (ret)
		return complain_library();
	if (!strcmp(answer, "ok"))
		return STATUS_GOOD;
	return complain("%s", strncmp(answer, "error ", 6) ? answer : answer + 6);
}

/* @which: NULL for all */
static int take_back(const char *target, const char *which)
{
	char request[CONTROL_TEXT];
	json_object *line;
	int status;

	snprintf(request, sizeof(request), "revoke%s%.40s", which ? " " : "",
		 which ? which : "");
	status = ask(target, request);
	if (status)
		return status;
	if (!opts.json) {
		printf("%s: %s%s revoked\n", target,
		       which ? "buffer " : "all buffers", which ? which : "");
		return STATUS_GOOD;
	}
	line = json_object_new_object();
	json_object_object_add(line, "export", json_text(target));
	json_object_object_add(line, "revoked", json_text(which ? which : "all"));
	print_json_line(line);
	return STATUS_GOOD;
}

static int run(int argc, char **argv)
{
	int status = STATUS_GOOD, i;
	const char *target;

	memset(&opts, 0, sizeof(opts));
	if (!command_parse(&command_revoke, argc, argv, &i, 1, INT_MAX, &status))
		return status;
	target = argv[i++];
	if (i == argc)
		return take_back(target, NULL);
	for (; i < argc && !status; i++)
		status = take_back(target, argv[i]);
	return status;
}

const struct command command_revoke = {
	.name = "revoke",
	.operands = "PID|SOCKET [BUFFER...]",
	.summary = "have an export take its memory back, for good",
	.about = "Asks the \"peerbar export\" with this process id, or that "
		 "listens at this control\n"
		 "socket, to revoke all its buffers or those with these "
		 "numbers, counted from 0.\n"
		 "When it ends with 0 nobody reaches the memory by them any "
		 "more.",
	.options = options,
	.run = run,
};
