// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <peerbar/pci.h>

#include "command.h"
#include "nics.h"
#include "print.h"

#define BASE_CLASS_BRIDGE 0x06

static struct {
	bool json;
	bool all;
} opts;

static const struct option_def options[] = {
	{'a', "all", NULL, "bridges and devices without BAR memory, too",
	 OPTION_FLAG, &opts.all},
	OPTION_JSON(&opts.json),
	OPTION_END,
};

struct machine {
	struct peerbar_pci_function *functions;
	size_t nr;
};

static bool is_wanted(const struct peerbar_pci_function *function)
{
	unsigned int i;

	if (opts.all)
		return true;
	if (function->class_code >> 16 == BASE_CLASS_BRIDGE)
		return false;
	for (i = 0; i < PEERBAR_PCI_BARS; i++)
		if (function->bars[i].exportable)
			return true;
	return false;
}

static const struct peerbar_pci_function *
blocker(const struct machine *machine, const struct peerbar_pci_function *of)
{
	size_t i;

	for (i = 0; i < machine->nr; i++)
		if (machine->functions[i].group == of->group &&
		    machine->functions[i].blocks_group &&
		    strcmp(machine->functions[i].bdf, of->bdf))
			return &machine->functions[i];
	return NULL;
}

/* "" when it can be opened */
static const char *not_ready(const struct machine *machine,
			     const struct peerbar_pci_function *function,
			     char text[160])
{
	const struct peerbar_pci_function *other;

	text[0] = '\0';
	if (function->group < 0) {
		snprintf(text, 160,
			 "in no IOMMU group: enable the IOMMU in the firmware, "
			 "boot with intel_iommu=on (Intel)");
		return text;
	}
	other = blocker(machine, function);
	if (!function->vfio)
		snprintf(text, 160, "not bound to vfio-pci: peerbar bind %s",
			 function->bdf);
	else if (other)
		snprintf(text, 160,
			 "%s of its IOMMU group is bound to %s: bind that, too",
			 other->bdf, other->driver);
	return text;
}

static const char *not_exportable(const struct peerbar_pci_bar *bar)
{
	if (bar->exportable)
		return "";
	if (!bar->memory)
		return "I/O ports";
	if (!bar->assigned)
		return "it has no address";
	return "smaller than a page";
}

static void print_bar(unsigned int index, const struct peerbar_pci_bar *bar)
{
	char size[SIZE_TEXT];

	printf("  BAR %u: %s of %s%s, %s%s%s\n", index,
	       print_size(bar->size, size), bar->memory ? "memory" : "ports",
	       bar->prefetchable ? ", prefetchable" : "",
	       bar->exportable ? "mappable" : "not mappable",
	       bar->exportable ? "" : ": ", not_exportable(bar));
}

static void print_function(const struct machine *machine,
			   const struct peerbar_pci_function *function)
{
	const char *why;
	char text[160];
	unsigned int i;

	printf("%s: %04x:%04x, class %06" PRIx32, function->bdf,
	       function->vendor, function->device, function->class_code);
	if (function->group >= 0)
		printf(", group %d", function->group);
	printf(", driver %s\n", *function->driver ? function->driver : "none");
	why = not_ready(machine, function, text);
	printf("  %s%s\n", *why ? "not ready: " : "ready", why);
	for (i = 0; i < PEERBAR_PCI_BARS; i++)
		if (function->bars[i].size)
			print_bar(i, &function->bars[i]);
}

static json_object *bar_json(unsigned int index, const struct peerbar_pci_bar *bar)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "index", json_object_new_int(index));
	json_object_object_add(object, "address",
			       json_object_new_uint64(bar->address));
	json_object_object_add(object, "size", json_object_new_uint64(bar->size));
	json_object_object_add(object, "memory",
			       json_object_new_boolean(bar->memory));
	json_object_object_add(object, "prefetchable",
			       json_object_new_boolean(bar->prefetchable));
	json_object_object_add(object, "mappable",
			       json_object_new_boolean(bar->exportable));
	json_object_object_add(object, "reason", json_text(not_exportable(bar)));
	return object;
}

static json_object *bars_json(const struct peerbar_pci_function *function)
{
	json_object *bars = json_object_new_array();
	unsigned int i;

	for (i = 0; i < PEERBAR_PCI_BARS; i++)
		if (function->bars[i].size)
			json_object_array_add(bars,
					      bar_json(i, &function->bars[i]));
	return bars;
}

static json_object *function_json(const struct machine *machine,
				  const struct peerbar_pci_function *function)
{
	json_object *object = json_object_new_object();
	const char *why;
	char text[160];

	why = not_ready(machine, function, text);
	json_object_object_add(object, "bdf", json_text(function->bdf));
	json_object_object_add(object, "vendor",
			       json_object_new_int(function->vendor));
	json_object_object_add(object, "device",
			       json_object_new_int(function->device));
	json_object_object_add(object, "class",
			       json_object_new_int(function->class_code));
	json_object_object_add(object, "driver", json_text(function->driver));
	json_object_object_add(object, "driver_override",
			       json_text(function->driver_override));
	json_object_object_add(object, "iommu_group",
			       function->group < 0
				       ? NULL
				       : json_object_new_int(function->group));
	json_object_object_add(object, "ready", json_object_new_boolean(!*why));
	json_object_object_add(object, "reason", json_text(why));
	json_object_object_add(object, "bars", bars_json(function));
	return object;
}

static void list_for_people(const struct machine *machine)
{
	bool any = false;
	size_t i;

	for (i = 0; i < machine->nr; i++) {
		if (!is_wanted(&machine->functions[i]))
			continue;
		print_function(machine, &machine->functions[i]);
		any = true;
	}
	if (!any)
		printf("devices with BAR memory: none\n");
	nics_print(NULL);
}

static void list_for_programs(const struct machine *machine)
{
	json_object *root = json_object_new_object();
	json_object *devices = json_object_new_array();
	size_t i;

	for (i = 0; i < machine->nr; i++)
		if (is_wanted(&machine->functions[i]))
			json_object_array_add(
				devices,
				function_json(machine, &machine->functions[i]));
	json_object_object_add(root, "devices", devices);
	json_object_object_add(root, "nics", nics_json(NULL));
	print_json(root);
}

static int run(int argc, char **argv)
{
	struct machine machine;
	int operands, status;

	memset(&opts, 0, sizeof(opts));
	if (!command_parse(&command_list, argc, argv, &operands, 0, 0, &status))
		return status;
	if (peerbar_pci_list(&machine.functions, &machine.nr))
		return complain_library();
	if (opts.json)
		list_for_programs(&machine);
	else
		list_for_people(&machine);
	peerbar_pci_list_free(machine.functions);
	return STATUS_GOOD;
}

const struct command command_list = {
	.name = "list",
	.operands = "",
	.summary = "devices with BAR memory, and NICs that can register it",
	.about = "Lists PCI devices that have memory in BARs, what keeps them "
		 "from being used,\n"
		 "and RDMA NICs.  Opens no PCI device.",
	.options = options,
	.run = run,
};
