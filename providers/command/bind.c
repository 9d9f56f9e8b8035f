// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/pci.h>

#include "command.h"
#include "in_use.h"
#include "loading.h"
#include "print.h"
#include "record.h"

#define BASE_CLASS_BRIDGE 0x06
#define VFIO_DRIVER	  "vfio-pci"

static struct {
	bool json;
	bool force;
} opts;

static const struct option_def options[] = {
	{'f', "force", NULL, "even if a disk is mounted or an interface is up",
	 OPTION_FLAG, &opts.force},
	OPTION_JSON(&opts.json),
	OPTION_END,
};

/* What else of the group has to be bound before a device of it can be opened. */
static void tell_blockers(const struct peerbar_pci_function *function)
{
	struct peerbar_pci_function *list;
	size_t nr, i;

	if (peerbar_pci_list(&list, &nr))
		return;
	for (i = 0; i < nr; i++)
		if (list[i].group == function->group && list[i].blocks_group)
			complain("%s is in the same IOMMU group and bound to "
				 "%s: %s can be opened only when that is "
				 "bound, too",
				 list[i].bdf, list[i].driver, function->bdf);
	peerbar_pci_list_free(list);
}

static int check(const struct peerbar_pci_function *function)
{
	char what[160];

	if (function->class_code >> 16 == BASE_CLASS_BRIDGE)
		return complain(
			"%s is a bridge; only devices behind it can be bound",
			function->bdf);
	if (function->group < 0)
		return complain(
			"%s is in no IOMMU group: the IOMMU is off; enable it "
			"in the firmware and boot with intel_iommu=on (Intel) "
			"or without amd_iommu=off (AMD)",
			function->bdf);
	if (!opts.force && in_use(function->bdf, what))
		return complain(
			"%s is in use: %s (--force takes it away all the same)",
			function->bdf, what);
	return STATUS_GOOD;
}

static int change(const struct peerbar_pci_function *function)
{
	struct record record;

	memcpy(record.driver, function->driver, sizeof(record.driver));
	memcpy(record.override, function->driver_override,
	       sizeof(record.override));
	if (record_write(function->bdf, &record))
		return complain_library();
	if (!set_driver_loading(function->bdf, VFIO_DRIVER, VFIO_DRIVER))
		return STATUS_GOOD;
	record_remove(function->bdf);
	return complain_library();
}

static void report(const struct peerbar_pci_function *function)
{
	json_object *line;

	if (!opts.json) {
		if (function->vfio)
			printf("%s: is bound to %s already\n", function->bdf,
			       function->driver);
		else
			printf("%s: bound to " VFIO_DRIVER
			       ", was bound to %s\n",
			       function->bdf,
			       *function->driver ? function->driver : "none");
		return;
	}
	line = json_object_new_object();
	json_object_object_add(line, "bdf", json_text(function->bdf));
	json_object_object_add(
		line, "driver",
		json_text(function->vfio ? function->driver : VFIO_DRIVER));
	json_object_object_add(line, "was", json_text(function->driver));
	print_json_line(line);
}

static int bind_one(const char *bdf)
{
	struct peerbar_pci_function function;
	int status = STATUS_GOOD;

	if (peerbar_pci_describe(bdf, &function))
		return complain_library();
	if (!function.vfio) {
		status = check(&function);
		if (!status)
			status = change(&function);
	}
	if (status)
		return status;
	report(&function);
	tell_blockers(&function);
	return STATUS_GOOD;
}

static int run(int argc, char **argv)
{
	int status, failed = STATUS_GOOD, i;

	memset(&opts, 0, sizeof(opts));
	if (!command_parse(&command_bind, argc, argv, &i, 1, INT_MAX, &status))
		return status;
	for (; i < argc; i++)
		if (bind_one(argv[i]))
			failed = STATUS_FAILED;
	return failed;
}

const struct command command_bind = {
	.name = "bind",
	.operands = "BDF...",
	.summary = "take devices from their drivers, give them to vfio-pci",
	.about = "Remembers the driver that each device had, for \"peerbar "
		 "unbind\".  Whoever uses\n"
		 "a device loses it: its disks and network interfaces vanish.",
	.options = options,
	.run = run,
};
