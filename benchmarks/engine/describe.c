// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "describe.h"
#include "json.h"

struct json_object *bench_describe_ranges(const struct peerbar_range *range,
					  unsigned int n)
{
	struct json_object *list = json_object_new_array(), *one;
	unsigned int i;

	for (i = 0; i < n; i++) {
		one = json_object_new_object();
		bench_put_u64(one, "offset", range[i].offset);
		bench_put_u64(one, "length", range[i].length);
		json_object_array_add(list, one);
	}
	return list;
}

static const char *state_name(enum peerbar_state state)
{
	switch (state) {
	case PEERBAR_LIVE:
		return "live";
	case PEERBAR_SUSPENDED:
		return "suspended";
	case PEERBAR_REVOKED:
		return "revoked";
	}
	return "unknown";
}

struct json_object *bench_describe_buffer(struct peerbar_buffer *buf)
{
	struct peerbar_buffer_info info;
	struct json_object *obj;

	if (peerbar_buffer_info(buf, &info))
		return NULL;
	obj = json_object_new_object();
	bench_put_text(obj, "state", state_name(info.state));
	bench_put_text(obj, "memattr",
		       info.memattr == PEERBAR_WRITE_COMBINING
			       ? "write-combining"
			       : "uncached");
	bench_put_u64(obj, "nr_ranges", info.nr_ranges);
	bench_put_u64(obj, "importers", info.importers);
	bench_put_u64(obj, "faults_4k", info.faults_4k);
	bench_put_u64(obj, "faults_2m", info.faults_2m);
	bench_put_u64(obj, "faults_1g", info.faults_1g);
	bench_put_u64(obj, "faults_refused", info.faults_refused);
	bench_put_u64(obj, "revokes", info.revokes);
	bench_put_u64(obj, "revoke_ns", info.revoke_ns);
	return obj;
}

const char *bench_describe_size(char *text, size_t len, uint64_t bytes)
{
	static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t i = 0;

	while (value >= 1024 && i + 1 < sizeof(unit) / sizeof(*unit)) {
		value /= 1024;
		i++;
	}
	snprintf(text, len,
		 value == (double)(uint64_t)value ? "%.0f %s" : "%.1f %s",
		 value, unit[i]);
	return text;
}

static void print_ranges(FILE *to, struct json_object *list)
{
	size_t i, n = json_object_array_length(list);
	struct json_object *one;
	char length[32];

	fprintf(to, "    exported   %zu range%s, in this order:", n,
		n == 1 ? "" : "s");
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		fprintf(to, "%s %s at 0x%llx", i ? "," : "",
			bench_describe_size(length, sizeof(length),
					    bench_get_u64(one, "length")),
			(unsigned long long)bench_get_u64(one, "offset"));
	}
	fputc('\n', to);
}

static void print_info(FILE *to, const char *by, struct json_object *info)
{
	if (info)
		fprintf(to, "    mapped     through the %s, %s\n", by,
			bench_get_text(info, "memattr"));
	else
		fprintf(to,
			"    mapped     through the %s; the kernel's modules "
			"are not ours: no attribute, no counts\n",
			by);
}

void bench_describe_counts(FILE *to, const char *label, struct json_object *mem)
{
	struct json_object *info = json_object_object_get(mem, "info");

	if (!info)
		return;
	fprintf(to, "  %s: page faults %llu of 4 KiB, %llu of 2 MiB, %llu of 1 GiB; %llu importers\n",
		label, (unsigned long long)bench_get_u64(info, "faults_4k"),
		(unsigned long long)bench_get_u64(info, "faults_2m"),
		(unsigned long long)bench_get_u64(info, "faults_1g"),
		(unsigned long long)bench_get_u64(info, "importers"));
}

void bench_describe_print(FILE *to, const char *label, struct json_object *mem)
{
	struct json_object *mr = json_object_object_get(mem, "mr");
	char size[32];

	fprintf(to, "  %s: %s, %s\n", label, bench_get_text(mem, "spec"),
		bench_describe_size(size, sizeof(size),
				    bench_get_u64(mem, "size")));
	if (json_object_object_get(mem, "ranges")) {
		print_ranges(to, json_object_object_get(mem, "ranges"));
		print_info(to, bench_get_text(mem, "mapped_by"),
			   json_object_object_get(mem, "info"));
	}
	if (mr)
		fprintf(to, "    registered lkey 0x%08llx rkey 0x%08llx at 0x%llx\n",
			(unsigned long long)bench_get_u64(mr, "lkey"),
			(unsigned long long)bench_get_u64(mr, "rkey"),
			(unsigned long long)bench_get_u64(mr, "addr"));
}
