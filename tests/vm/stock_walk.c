// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every function of the library on the distribution's modules: it works, if need
 * be by the fall-back, or returns the error that its header names.  A function
 * that no step covers fails the test.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bar.h"
#include "raw.h"
#include "verbs.h"

static const struct peerbar_range one = {KIB(64), KIB(16)};
static const struct peerbar_range two[] = {
	{MIB(1), KIB(8)},
	{KIB(16), KIB(4)},
};

/* What most steps need; made anew for each. */
struct walk {
	struct fx *fx;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_buffer *pieces;
	struct peerbar_buffer *twin;
};

static void texts(struct walk *w)
{
	struct peerbar_spec spec;
	uint64_t size;

	assert_int_equal(peerbar_version(), PEERBAR_VERSION);
	assert_true(*peerbar_version_text());
	assert_true(peerbar_has("group"));
	assert_int_equal(peerbar_error_set(-EBUSY, "walk"), -EBUSY);
	assert_string_equal(peerbar_error_detail(), "walk");
	ok(peerbar_spec_parse("01:00.0/2@64K+16K", &spec));
	assert_memory_equal(spec.ranges, &one, sizeof(one));
	ok(peerbar_size_parse("64M", &size));
	assert_int_equal(size, FX_BAR_SIZE);
}

static void functions(struct walk *w)
{
	struct peerbar_pci_function function, *list;
	size_t nr;

	ok(peerbar_pci_describe(fx_bdf(), &function));
	assert_true(function.vfio && function.bars[FX_BAR].exportable);
	ok(peerbar_pci_list(&list, &nr));
	assert_true(nr > 2);
	peerbar_pci_list_free(list);
	ok(peerbar_pci_set_driver(fx_bdf(), "vfio-pci", "vfio-pci"));
	refused(peerbar_pci_set_driver(fx_bdf(), "", ""), -EBUSY);
}

static void device(struct walk *w)
{
	struct peerbar_region region;
	char bytes[8];

	assert_string_equal(peerbar_device_bdf(w->dev), fx_bdf());
	assert_true(peerbar_device_fd(w->dev) >= 0);
	assert_int_not_equal(peerbar_device_backend(w->dev),
			     PEERBAR_BACKEND_AUTO);
	ok(peerbar_device_region(w->dev, FX_BAR, &region));
	assert_int_equal(region.size, FX_BAR_SIZE);
	ok(peerbar_device_write(w->dev, FX_BAR, one.offset, "stock", 6));
	ok(peerbar_device_read(w->dev, FX_BAR, one.offset, bytes, 6));
	assert_string_equal(bytes, "stock");
	ok(peerbar_device_reset(w->dev));
	ok(peerbar_device_set_memory(w->dev, false));
	refused(peerbar_device_read(w->dev, FX_BAR, 0, bytes, 1), -EIO);
	ok(peerbar_device_set_memory(w->dev, true));
}

static void probe(struct walk *w)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];

	ok(peerbar_probe(w->dev, caps));
	assert_true(caps[PEERBAR_CAP_EXPORT].present);
	assert_false(caps[PEERBAR_CAP_MMAP].present);
	assert_false(caps[PEERBAR_CAP_REVOKE].present);
	assert_false(caps[PEERBAR_CAP_INFO].present);
	assert_non_null(strstr(caps[PEERBAR_CAP_MMAP].reason, "modules"));
	assert_string_equal(peerbar_cap_name(PEERBAR_CAP_MMAP), "mmap");
}

static void buffers(struct walk *w)
{
	struct peerbar_buffer_attr attr;
	struct peerbar_buffer *buf;
	struct peerbar_spec spec;

	assert_true(peerbar_buffer_fd(w->buf) >= 0);
	assert_int_equal(peerbar_buffer_size(w->pieces), KIB(12));
	peerbar_buffer_attr(w->pieces, &attr);
	assert_int_equal(attr.nr_ranges, 2);
	assert_true(attr.exported);
	ok(peerbar_spec_parse("01:00.0/2@0+4K", &spec));
	ok(peerbar_spec_export(w->dev, &spec, PEERBAR_EXPORT_READ_ONLY, &buf));
	peerbar_buffer_close(buf);
	ok(peerbar_buffer_import(peerbar_buffer_fd(w->pieces), &buf));
	peerbar_buffer_close(buf);
}

static void what_is_missing(struct walk *w)
{
	struct peerbar_buffer *bufs[] = {w->buf, w->pieces, w->twin};
	struct peerbar_buffer_info info;
	enum peerbar_state found;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(bufs); i++) {
		refused_saying(peerbar_buffer_state(bufs[i], &found),
			       -EOPNOTSUPP, "modules");
		refused(peerbar_buffer_info(bufs[i], &info), -EOPNOTSUPP);
		refused(peerbar_buffer_revoke(bufs[i]), -EOPNOTSUPP);
	}
}

static void mappings(struct walk *w)
{
	struct peerbar_mapping *map;
	struct peerbar_hit hit;
	char *addr;

	refused_saying(peerbar_buffer_map(w->pieces, 0, 0, 0, &map), -EOPNOTSUPP,
		       "one range");
	refused_saying(peerbar_buffer_map(w->twin, 0, 0, 0, &map), -EOPNOTSUPP,
		       "modules");
	ok(peerbar_buffer_map(w->buf, 0, 0, PEERBAR_MAP_POPULATE, &map));
	assert_true(peerbar_mapping_is_fallback(map));
	assert_int_equal(peerbar_mapping_size(map), one.length);
	addr = peerbar_mapping_addr(map);
	ok(peerbar_registry_find(addr + 5, 1, &hit));
	assert_int_equal(hit.offset, 5);
	peerbar_mapping_close(map);
	refused(peerbar_registry_find(addr, 1, &hit), -ENOENT);
}

static void store(void *arg)
{
	*(volatile uint32_t *)arg = 7;
}

static int store_in_scope(struct peerbar_mapping *map)
{
	PEERBAR_GUARD(guard);

	if (peerbar_guard_begin(&guard, map))
		return -ENODEV;
	store(peerbar_mapping_addr(map));
	peerbar_guard_end(&guard);
	return 0;
}

static void guarded(struct walk *w)
{
	struct peerbar_mapping *map = fx_map(w->fx, w->buf);
	void *addr = peerbar_mapping_addr(map);
	char bytes[8];

	ok(peerbar_write(map, 3, "stock", 6));
	ok(peerbar_read(map, 3, bytes, 6));
	assert_string_equal(bytes, "stock");
	ok(peerbar_guard_run(map, store, addr));
	ok(store_in_scope(map));
	ok(peerbar_device_set_memory(w->dev, false));
	refused(peerbar_write(map, 3, "stock", 6), -ENODEV);
	refused(peerbar_read(map, 3, bytes, 6), -ENODEV);
	refused(peerbar_guard_run(map, store, addr), -ENODEV);
	refused(store_in_scope(map), -ENODEV);
	ok(peerbar_device_set_memory(w->dev, true));
	ok(peerbar_read(map, 3, bytes, 6));
	fx_drop(w->fx, map);
}

/* The library knows of its own calls. */
static void events(struct walk *w)
{
	struct peerbar_events *events;
	struct peerbar_event event;

	refused_saying(peerbar_buffer_watch(w->twin, 0, &events), -EOPNOTSUPP,
		       "modules");
	ok(peerbar_buffer_watch(w->buf, 0, &events));
	assert_true(peerbar_events_fd(events) >= 0);
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_STATE));
	assert_int_equal(peerbar_events_source(events), PEERBAR_SOURCE_CALLS);
	ok(peerbar_device_reset(w->dev));
	ok(peerbar_events_next(events, &event));
	assert_int_equal(event.state, PEERBAR_LIVE);
	assert_int_equal(event.revokes, 1);
	refused(peerbar_events_next(events, &event), -EAGAIN);
	peerbar_events_close(events);
	ok(peerbar_device_watch(w->dev, 0, &events));
	assert_true(peerbar_events_has(events, PEERBAR_EVENT_REQUEST));
	peerbar_events_close(events);
}

static void channels(struct walk *w)
{
	struct peerbar_channel *ends[2];
	struct peerbar_message message;
	struct peerbar_mapping *map;
	uint64_t id;
	int fds[2];

	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	ok(peerbar_channel_open(fds[0], &ends[0]));
	ok(peerbar_channel_open(fds[1], &ends[1]));
	assert_int_equal(peerbar_channel_fd(ends[1]), fds[1]);
	ok(peerbar_channel_send(ends[0], w->pieces, "pieces", &id));
	ok(peerbar_channel_recv(ends[1], 1000, &message));
	assert_int_equal(peerbar_buffer_size(message.buf), KIB(12));
	refused(peerbar_buffer_map(message.buf, 0, 0, 0, &map), -EOPNOTSUPP);
	peerbar_buffer_close(message.buf);
	ok(peerbar_device_reset(w->dev));
	ok(peerbar_channel_recv(ends[1], 1000, &message));
	assert_int_equal(message.state, PEERBAR_LIVE);
	assert_int_equal(message.revokes, 1);
	ok(peerbar_channel_flush(ends[0]));
	refused(peerbar_channel_recv(ends[1], 0, &message), -EAGAIN);
	ok(peerbar_channel_forget(ends[0], id));
	peerbar_channel_close(ends[0]);
	refused(peerbar_channel_recv(ends[1], 1000, &message), -EPIPE);
	peerbar_channel_close(ends[1]);
}

static void verbs(struct walk *w)
{
	struct fx_nic *nic = fx_nic(w->fx);
	enum peerbar_verbs_support support;
	struct ibv_mr *mr;

	ok(peerbar_verbs_probe(nic->pd, w->buf, &support));
	assert_int_equal(support, PEERBAR_VERBS_NO_DRIVER);
	assert_true(*peerbar_verbs_support_text(support));
	refused_saying(peerbar_verbs_reg_mr(nic->pd, w->buf, 0, KIB(4), 0,
					    FX_ACCESS, &mr),
		       -EOPNOTSUPP, "kernel driver");
}

/* Every constructor's counterpart takes NULL. */
static void nothing_closed(struct walk *w)
{
	peerbar_device_close(NULL);
	peerbar_buffer_close(NULL);
	peerbar_mapping_close(NULL);
	peerbar_channel_close(NULL);
	peerbar_events_close(NULL);
	peerbar_pci_list_free(NULL);
}

/* @covers: functions without their "peerbar_", with blanks around */
static const struct step {
	void (*run)(struct walk *w);
	const char *covers;
} steps[] = {
	{texts, " version version_text has error_detail error_set spec_parse "
		"size_parse "},
	{functions, " pci_describe pci_list pci_list_free pci_set_driver "},
	{device, " device_open device_bdf device_fd device_backend "
		 "device_region device_read device_write device_reset "
		 "device_set_memory "},
	{probe, " probe cap_name "},
	{buffers, " buffer_export buffer_import buffer_fd buffer_size "
		  "buffer_attr spec_export "},
	{what_is_missing, " buffer_state buffer_info buffer_revoke "},
	{mappings, " buffer_map mapping_addr mapping_size mapping_is_fallback "
		   "registry_find "},
	{guarded, " read write guard_run guard_arm guard_broken guard_end "},
	{events, " buffer_watch device_watch events_fd events_has "
		 "events_next events_source "},
	{channels, " channel_open channel_fd channel_send channel_recv "
		   "channel_flush channel_forget "},
	{verbs, " verbs_probe verbs_support_text verbs_reg_mr "},
	{nothing_closed, " device_close buffer_close mapping_close "
			 "channel_close events_close "},
};

static void take_step(void **state)
{
	struct fx *fx = *state;
	const struct step *step = fx->variant;
	struct walk w = {.fx = fx};

	w.dev = fx_device(fx, fx_bdf());
	w.buf = fx_export_one(fx, w.dev, one.offset, one.length);
	w.pieces = fx_export(fx, w.dev, two, 2);
	w.twin = fx_import(fx, peerbar_buffer_fd(w.buf));
	step->run(&w);
}

static bool covered(const char *function)
{
	char word[80];
	unsigned int i;

	snprintf(word, sizeof(word), " %s ", function);
	for (i = 0; i < ARRAY_LEN(steps); i++)
		if (strstr(steps[i].covers, word))
			return true;
	return false;
}

static void test_no_function_is_left_out(void **state)
{
	static const char *const maps[] = {
		"providers/vfio/peerbar.map",
		"providers/verbs/peerbar-verbs.map",
	};
	char line[128], name[64];
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_LEN(maps); i++) {
		FILE *file = fopen(maps[i], "r");

		if (!file)
			fx_die("%s: %s", maps[i], strerror(errno));
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, " peerbar_%63[a-z_0-9];", name) != 1)
				continue;
			if (!covered(name))
				fx_die("no step covers peerbar_%s", name);
			nr++;
		}
		fclose(file);
	}
	assert_true(nr > 60);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(steps) + 1] = {
		FX_TEST(test_no_function_is_left_out),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(steps); i++)
		tests[i + 1] = (struct CMUnitTest)FX_VARIANT(
			take_step, steps[i].covers + 1, &steps[i]);
	return FX_RUN(tests);
}
