// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/buffer.h>
#include <peerbar/error.h>
#include <peerbar/pci.h>
#include <peerbar/probe.h>

#include "command.h"
#include "nics.h"
#include "print.h"

static struct {
	bool json;
} opts;

static const struct option_def options[] = {
	OPTION_JSON(&opts.json),
	OPTION_END,
};

/* What there is to tell of an open device. */
struct findings {
	struct peerbar_device *dev;
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];
	struct peerbar_region regions[PEERBAR_PCI_BARS];
	struct peerbar_buffer *page;
};

static const char *backend_name(const struct peerbar_device *dev)
{
	return peerbar_device_backend(dev) == PEERBAR_BACKEND_CDEV ? "cdev"
								   : "group";
}

/* For NICs to try; none where nothing can be exported. */
static struct peerbar_buffer *export_page(struct findings *found)
{
	const struct peerbar_range range = {.length = sysconf(_SC_PAGESIZE)};
	struct peerbar_buffer *page;
	unsigned int i;

	if (!found->caps[PEERBAR_CAP_EXPORT].present)
		return NULL;
	for (i = 0; i < PEERBAR_PCI_BARS; i++)
		if (found->regions[i].mappable &&
		    found->regions[i].size >= range.length)
			return peerbar_buffer_export(found->dev, i, &range, 1,
						     0, &page)
				       ? NULL
				       : page;
	return NULL;
}

static int look(const char *bdf, struct findings *found)
{
	unsigned int i;
	int ret;

	ret = peerbar_device_open(bdf, NULL, &found->dev);
	if (ret)
		return ret;
	ret = peerbar_probe(found->dev, found->caps);
	for (i = 0; i < PEERBAR_PCI_BARS && !ret; i++)
		ret = peerbar_device_region(found->dev, i, &found->regions[i]);
	if (ret)
		peerbar_device_close(found->dev);
	else
		found->page = export_page(found);
	return ret;
}

static void print_findings(const struct findings *found)
{
	char size[SIZE_TEXT];
	unsigned int i;

	printf("%s: opened by %s\n", peerbar_device_bdf(found->dev),
	       backend_name(found->dev));
	for (i = 0; i < PEERBAR_CAP_NR; i++)
		printf("  %-7s %s%s%s\n", peerbar_cap_name(i),
		       found->caps[i].present ? "yes" : "no",
		       found->caps[i].present ? "" : ": ", found->caps[i].reason);
	for (i = 0; i < PEERBAR_PCI_BARS; i++)
		if (found->regions[i].size)
			printf("  BAR %u: %s, %s\n", i,
			       print_size(found->regions[i].size, size),
			       found->regions[i].mappable ? "mappable"
							  : "not mappable");
	nics_print(found->page);
}

static json_object *caps_json(const struct findings *found)
{
	json_object *caps = json_object_new_object();
	unsigned int i;

	for (i = 0; i < PEERBAR_CAP_NR; i++) {
		json_object *cap = json_object_new_object();

		json_object_object_add(
			cap, "present",
			json_object_new_boolean(found->caps[i].present));
		json_object_object_add(cap, "reason",
				       json_text(found->caps[i].reason));
		json_object_object_add(caps, peerbar_cap_name(i), cap);
	}
	return caps;
}

static json_object *regions_json(const struct findings *found)
{
	json_object *bars = json_object_new_array();
	unsigned int i;

	for (i = 0; i < PEERBAR_PCI_BARS; i++) {
		json_object *bar;

		if (!found->regions[i].size)
			continue;
		bar = json_object_new_object();
		json_object_object_add(bar, "index", json_object_new_int(i));
		json_object_object_add(
			bar, "size",
			json_object_new_uint64(found->regions[i].size));
		json_object_object_add(
			bar, "mappable",
			json_object_new_boolean(found->regions[i].mappable));
		json_object_array_add(bars, bar);
	}
	return bars;
}

static void print_findings_json(const struct findings *found)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "bdf",
			       json_text(peerbar_device_bdf(found->dev)));
	json_object_object_add(root, "backend",
			       json_text(backend_name(found->dev)));
	json_object_object_add(root, "capabilities", caps_json(found));
	json_object_object_add(root, "bars", regions_json(found));
	json_object_object_add(root, "nics", nics_json(found->page));
	print_json(root);
}

static int run(int argc, char **argv)
{
	struct findings found;
	int operand, status;

	memset(&opts, 0, sizeof(opts));
	if (!command_parse(&command_probe, argc, argv, &operand, 1, 1, &status))
		return status;
	if (look(argv[operand], &found))
		return complain_library();
	if (opts.json)
		print_findings_json(&found);
	else
		print_findings(&found);
	peerbar_buffer_close(found.page);
	peerbar_device_close(found.dev);
	return STATUS_GOOD;
}

const struct command command_probe = {
	.name = "probe",
	.operands = "BDF",
	.summary = "what this kernel can do with one device",
	.about = "Opens the device and asks the kernel, and every NIC, what "
		 "works and why not.\n"
		 "Opening a device that nobody has open resets it.",
	.options = options,
	.run = run,
};
