// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <peerbar/error.h>
#include <peerbar/pci.h>

#include "pci_sysfs.h"
#include "sys.h"

/* the kernel's, from include/linux/ioport.h; they are shown in "resource" */
#define IORESOURCE_MEM	    0x00000200u
#define IORESOURCE_PREFETCH 0x00002000u
#define IORESOURCE_UNSET    0x20000000u

/* names of some hundred functions; doubled until they fit */
#define LIST_SIZE  8192
#define LIST_LIMIT (64u << 20)

static void read_bar(const char *line, struct peerbar_pci_bar *bar)
{
	uint64_t start, end, flags;

	if (sscanf(line, "%" SCNx64 " %" SCNx64 " %" SCNx64, &start, &end,
		   &flags) != 3 ||
	    !flags || end < start)
		return;
	bar->address = start;
	bar->size = end - start + 1;
	bar->memory = flags & IORESOURCE_MEM;
	bar->prefetchable = flags & IORESOURCE_PREFETCH;
	bar->assigned = !(flags & IORESOURCE_UNSET);
	bar->exportable =
		bar->memory && bar->assigned && bar->size >= sys_page_size();
}

static int read_bars(struct peerbar_pci_function *function)
{
	char text[2048];
	const char *line = text;
	unsigned int i;
	int ret;

	ret = pci_read_attr(function->bdf, "resource", text, sizeof(text));
	if (ret)
		return ret;
	for (i = 0; i < PEERBAR_PCI_BARS && line; i++) {
		read_bar(line, &function->bars[i]);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return 0;
}

static int read_number(const char *bdf, const char *attr, unsigned int *value)
{
	char text[32];
	int ret = pci_read_attr(bdf, attr, text, sizeof(text));

	if (!ret)
		*value = strtoul(text, NULL, 0);
	return ret;
}

static int read_ids(struct peerbar_pci_function *function)
{
	unsigned int vendor, device, class_code;
	int ret;

	ret = read_number(function->bdf, "vendor", &vendor);
	if (!ret)
		ret = read_number(function->bdf, "device", &device);
	if (!ret)
		ret = read_number(function->bdf, "class", &class_code);
	if (ret)
		return ret;
	function->vendor = vendor;
	function->device = device;
	function->class_code = class_code;
	return 0;
}

static int read_group(const char *bdf, int *group)
{
	unsigned int number;
	int ret = pci_iommu_group(bdf, &number);

	*group = ret ? -1 : (int)number;
	return ret == -ENOENT ? 0 : ret;
}

/* @bdf: canonical, of a function that was there a moment ago */
static int describe(const char *bdf, struct peerbar_pci_function *out)
{
	int ret;

	memset(out, 0, sizeof(*out));
	snprintf(out->bdf, sizeof(out->bdf), "%s", bdf);
	ret = read_ids(out);
	if (!ret)
		ret = read_bars(out);
	if (!ret)
		ret = pci_driver(bdf, out->driver);
	if (!ret)
		ret = pci_driver_override(bdf, out->driver_override);
	if (!ret)
		ret = read_group(bdf, &out->group);
	if (ret)
		return ret;
	out->vfio = pci_driver_is_vfio(out->driver);
	out->blocks_group = pci_driver_blocks_group(out->driver);
	return 0;
}

int peerbar_pci_describe(const char *bdf, struct peerbar_pci_function *out)
{
	struct peerbar_pci_function function;
	char full[PCI_BDF_SIZE];
	int ret;

	ret = pci_bdf_parse(bdf, full);
	if (!ret)
		ret = pci_check_present(full);
	if (!ret)
		ret = describe(full, &function);
	if (!ret)
		*out = function;
	return ret;
}

/* Every name, followed by a blank. */
static int list_names(char **out)
{
	size_t size = LIST_SIZE;
	char *names;
	int ret;

	for (;; size *= 2) {
		names = malloc(size);
		if (!names)
			return peerbar_error_set(-ENOMEM,
						 "no memory for a list");
		ret = pci_list(names, size);
		/* what does not fit is left out without a word */
		if (ret || strlen(names) + PCI_BDF_SIZE < size ||
		    size >= LIST_LIMIT)
			break;
		free(names);
	}
	if (ret) {
		free(names);
		return ret;
	}
	*out = names;
	return 0;
}

static size_t count_words(const char *text)
{
	size_t nr = 0;

	for (; *text; text++)
		nr += *text == ' ';
	return nr;
}

static int by_address(const void *a, const void *b)
{
	const struct peerbar_pci_function *one = a, *other = b;
	size_t len = strlen(one->bdf), other_len = strlen(other->bdf);

	/* only the domain varies in length */
	if (len != other_len)
		return len < other_len ? -1 : 1;
	return strcmp(one->bdf, other->bdf);
}

int peerbar_pci_list(struct peerbar_pci_function **out, size_t *nr)
{
	struct peerbar_pci_function *list;
	char *names = NULL, *bdf, *next;
	size_t used = 0;
	int ret;

	ret = list_names(&names);
	if (ret)
		return ret;
	list = calloc(count_words(names) + 1, sizeof(*list));
	if (!list)
		ret = peerbar_error_set(-ENOMEM, "no memory for a list");
	for (bdf = strtok_r(names, " ", &next); bdf && !ret;
	     bdf = strtok_r(NULL, " ", &next)) {
		ret = describe(bdf, &list[used]);
		if (!ret)
			used++;
		else if (ret == -ENOENT && pci_check_present(bdf) == -ENODEV)
			ret = 0;
	}
	free(names);
	if (ret) {
		free(list);
		return ret;
	}
	qsort(list, used, sizeof(*list), by_address);
	*out = list;
	*nr = used;
	return 0;
}

void peerbar_pci_list_free(struct peerbar_pci_function *list)
{
	free(list);
}
