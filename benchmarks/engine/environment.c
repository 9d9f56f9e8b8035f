// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "environment.h"
#include "json.h"

/* the first line of a small file; false when there is none */
static bool read_line(const char *path, char *line, size_t len)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(line, (int)len, f);
	fclose(f);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static const char *const modules[] = {"vfio_pci_core", "vfio_pci", "rdma_rxe"};
static const char *const module_facts[] = {"version", "srcversion", "taint"};

static struct json_object *describe_module(const char *name)
{
	struct json_object *obj = json_object_new_object();
	char path[128], line[128];
	size_t i;

	for (i = 0; i < sizeof(module_facts) / sizeof(*module_facts); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s/%s", name,
			 module_facts[i]);
		if (read_line(path, line, sizeof(line)))
			bench_put_text(obj, module_facts[i], line);
	}
	return obj;
}

static struct json_object *describe_modules(void)
{
	struct json_object *obj = json_object_new_object();
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(*modules); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", modules[i]);
		if (!access(path, F_OK))
			json_object_object_add(obj, modules[i],
					       describe_module(modules[i]));
	}
	return obj;
}

/* what the CPU says about who emulates it; "none" on hardware */
static void hypervisor(char name[13])
{
	strcpy(name, "none");
#ifdef __x86_64__
	unsigned int a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 31)))
		return;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(name, &b, 4);
	memcpy(name + 4, &c, 4);
	memcpy(name + 8, &d, 4);
	name[12] = '\0';
#endif
}

static struct json_object *describe_nic(const char *nic)
{
	static const char *const facts[] = {
		"node_desc", "node_type", "ports/1/link_layer", "ports/1/rate"};
	struct json_object *obj = json_object_new_object();
	char path[256], line[128];
	size_t i;

	bench_put_text(obj, "device", nic);
	for (i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		snprintf(path, sizeof(path), "/sys/class/infiniband/%s/%s", nic,
			 facts[i]);
		if (read_line(path, line, sizeof(line)))
			bench_put_text(obj, facts[i], line);
	}
	return obj;
}

struct json_object *bench_environment(const char *nic)
{
	struct json_object *obj = json_object_new_object();
	struct utsname uts;
	char virt[13];

	uname(&uts);
	hypervisor(virt);
	bench_put_text(obj, "kernel", uts.release);
	bench_put_text(obj, "kernel_build", uts.version);
	bench_put_text(obj, "machine", uts.machine);
	bench_put_text(obj, "hypervisor", virt);
	json_object_object_add(
		obj, "emulated",
		json_object_new_boolean(!strcmp(virt, "TCGTCGTCGTCG")));
	json_object_object_add(
		obj, "cpus",
		json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_object_add(obj, "modules", describe_modules());
	if (nic)
		json_object_object_add(obj, "nic", describe_nic(nic));
	return obj;
}

void bench_environment_print(FILE *to, struct json_object *env)
{
	struct json_object *nic = json_object_object_get(env, "nic");
	const char *taint;

	fprintf(to, "  kernel %s, %s CPUs, hypervisor %s%s\n",
		bench_get_text(env, "kernel"), bench_get_text(env, "cpus"),
		bench_get_text(env, "hypervisor"),
		json_object_get_boolean(json_object_object_get(env, "emulated"))
			? " (software emulation: no hardware claim)"
			: "");
	json_object_object_foreach(json_object_object_get(env, "modules"), name,
				   module)
	{
		taint = bench_get_text(module, "taint");
		fprintf(to, "  module %s, %s\n", name,
			taint && strchr(taint, 'O') ? "built out of tree"
						    : "the kernel's own");
	}
	if (nic)
		fprintf(to, "  NIC %s, %s\n", bench_get_text(nic, "device"),
			bench_get_text(nic, "node_desc") ?: "");
}
