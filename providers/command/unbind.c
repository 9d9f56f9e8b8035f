// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/pci.h>

#include "command.h"
#include "loading.h"
#include "print.h"
#include "record.h"

static struct {
	bool json;
	const char *driver;
} opts;

static const struct option_def options[] = {
	{'d', "driver", "NAME", "to this driver, whatever it had before",
	 OPTION_TEXT, &opts.driver},
	OPTION_JSON(&opts.json),
	OPTION_END,
};

static int restore(const char *bdf)
{
	struct record record;
	int ret;

	if (opts.driver)
		return set_driver_loading(bdf, opts.driver, "");
	ret = record_read(bdf, &record);
	if (ret == -ENOENT)
		return peerbar_pci_set_driver(bdf, NULL, "");
	if (ret)
		return ret;
	return set_driver_loading(bdf, record.driver, record.override);
}

static int report(const char *bdf)
{
	struct peerbar_pci_function function;
	json_object *line;

	if (peerbar_pci_describe(bdf, &function))
		return complain_library();
	if (!opts.json) {
		printf("%s: bound to %s\n", bdf,
		       *function.driver ? function.driver : "none");
		return STATUS_GOOD;
	}
	line = json_object_new_object();
	json_object_object_add(line, "bdf", json_text(bdf));
	json_object_object_add(line, "driver", json_text(function.driver));
	print_json_line(line);
	return STATUS_GOOD;
}

static int unbind_one(const char *bdf)
{
	struct peerbar_pci_function function;

	if (peerbar_pci_describe(bdf, &function))
		return complain_library();
	if (!function.vfio)
		return complain("%s is bound to %s, not to a VFIO driver: "
				"there is nothing to undo",
				function.bdf,
				*function.driver ? function.driver : "none");
	if (restore(function.bdf))
		return complain_library();
	record_remove(function.bdf);
	return report(function.bdf);
}

static int run(int argc, char **argv)
{
	int status, failed = STATUS_GOOD, i;

	memset(&opts, 0, sizeof(opts));
	if (!command_parse(&command_unbind, argc, argv, &i, 1, INT_MAX, &status))
		return status;
	for (; i < argc; i++)
		if (unbind_one(argv[i]))
			failed = STATUS_FAILED;
	return failed;
}

const struct command command_unbind = {
	.name = "unbind",
	.operands = "BDF...",
	.summary = "give devices back to the drivers they had before \"bind\"",
	.about = "A device that \"peerbar bind\" did not bind, or did before "
		 "the last boot, gets the\n"
		 "driver that the kernel chooses.  A device that is open is "
		 "refused.",
	.options = options,
	.run = run,
};
