// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every call of the library with every system call and allocation below it
 * failing in turn: nothing may stay open, mapped or written to, and the detail
 * text says what failed.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "test.h"
#include "fake_kernel.h"
#include "fake_priv.h"

#define PAGE 4096u

static const struct peerbar_range ranges[] = {
	{2 * PAGE, PAGE},
	{0, 2 * PAGE},
};

static struct peerbar_device *dev;
static struct peerbar_buffer *buf;
static struct peerbar_mapping *map;
static struct peerbar_channel *ends[2];
static struct peerbar_buffer *received;
static struct peerbar_events *events;
static uint64_t id;
static int foreign;
static enum peerbar_backend backend;

/* The linker brings the library's allocations here. */
void *__real_calloc(size_t nr, size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_calloc(size_t nr, size_t size)
{
	return fake_fails("memory") ? NULL : __real_calloc(nr, size);
}

void *__wrap_malloc(size_t size)
{
	return fake_fails("memory") ? NULL : __real_malloc(size);
}

static int open_device(void)
{
	struct peerbar_device_opts opts = {
		.size = sizeof(opts),
		.backend = backend,
	};

	return peerbar_device_open(FAKE_BDF, &opts, &dev);
}

static void close_device(void)
{
	peerbar_device_close(dev);
	dev = NULL;
}

static int export(void)
{
	return peerbar_buffer_export(dev, FAKE_BAR, ranges, NR(ranges), 0, &buf);
}

static int import(void)
{
	return peerbar_buffer_import(foreign, &buf);
}

static void close_buffer(void)
{
	peerbar_buffer_close(buf);
	buf = NULL;
}

static int map_buffer(void)
{
	return peerbar_buffer_map(buf, 0, 0, 0, &map);
}

static int map_populated(void)
{
	return peerbar_buffer_map(buf, 0, 0, PEERBAR_MAP_POPULATE, &map);
}

static int map_fallback(void)
{
	return peerbar_buffer_map(buf, PAGE, 0, 0, &map);
}

static void close_mapping(void)
{
	peerbar_mapping_close(map);
	map = NULL;
}

static int state(void)
{
	enum peerbar_state out;

	return peerbar_buffer_state(buf, &out);
}

static int info(void)
{
	struct peerbar_buffer_info out;

	return peerbar_buffer_info(buf, &out);
}

static int revoke(void)
{
	return peerbar_buffer_revoke(buf);
}

static int reset(void)
{
	return peerbar_device_reset(dev);
}

static int memory(void)
{
	return peerbar_device_set_memory(dev, true);
}

static int io(void)
{
	char bytes[4];
	int ret = peerbar_device_read(dev, FAKE_BAR, 0, bytes, sizeof(bytes));

	return ret ? ret
		   : peerbar_device_write(dev, FAKE_BAR, 0, bytes, sizeof(bytes));
}

static int probe(void)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];

	return peerbar_probe(dev, caps);
}

static int export_combined(void)
{
	return peerbar_buffer_export(dev, FAKE_BAR, ranges, NR(ranges),
				     PEERBAR_EXPORT_WRITE_COMBINING, &buf);
}

static int export_text(void)
{
	struct peerbar_spec spec;
	int ret = peerbar_spec_parse(FAKE_BDF "/2@8K+4K,0+8K", &spec);

	return ret ? ret : peerbar_spec_export(dev, &spec, 0, &buf);
}

static int open_channel(void)
{
	int fds[2], ret;

	fake_socketpair(SOCK_SEQPACKET, fds);
	fake_close(fds[1]);
	ret = peerbar_channel_open(fds[0], &ends[0]);
	if (ret)
		fake_close(fds[0]);
	return ret;
}

static void close_channels(void)
{
	peerbar_channel_close(ends[0]);
	peerbar_channel_close(ends[1]);
	ends[0] = ends[1] = NULL;
}

/* Of an imported buffer nobody is told anything. */
static void forget(void)
{
	struct peerbar_buffer_attr attr;

	peerbar_buffer_attr(buf, &attr);
	if (attr.exported)
		assert_int_equal(peerbar_channel_forget(ends[0], id), 0);
}

static int hand_over(void)
{
	struct peerbar_message message;
	int ret;

	ret = peerbar_channel_send(ends[0], buf, "name", &id);
	if (ret)
		return ret;
	ret = peerbar_channel_recv(ends[1], 0, &message);
	if (ret)
		forget();
	else
		received = message.buf;
	return ret;
}

static void give_back(void)
{
	peerbar_buffer_close(received);
	received = NULL;
	forget();
}

static int tell(void)
{
	fake_foreign_reset();
	return peerbar_channel_flush(ends[0]);
}

static int watch_buffer(void)
{
	return peerbar_buffer_watch(buf, 1000, &events);
}

static int watch_device(void)
{
	return peerbar_device_watch(dev, 1000, &events);
}

static void close_events(void)
{
	peerbar_events_close(events);
	events = NULL;
}

static int next_event(void)
{
	struct peerbar_event event;

	return peerbar_events_next(events, &event);
}

static int list_functions(void)
{
	struct peerbar_pci_function *list;
	size_t nr;
	int ret = peerbar_pci_list(&list, &nr);

	if (!ret)
		peerbar_pci_list_free(list);
	return ret;
}

static int change_driver(void)
{
	return peerbar_pci_set_driver(FAKE_BDF, "nvme", "");
}

static int change_driver_back(void)
{
	return peerbar_pci_set_driver(FAKE_BDF, NULL, "vfio-pci");
}

static void nothing(void)
{
}

/*
 * @needs: what has to exist before
 * @hints: looks at things without which it succeeds, too
 * @calls: fewest calls that can fail; guards against a sweep over nothing
 */
struct operation {
	const char *name;
	int (*run)(void);
	void (*undo)(void);
	enum { NOTHING, DEVICE, EXPORTED, IMPORTED, SENT, WATCHED } needs;
	bool stock;
	bool hints;
	unsigned int calls;
};

static const struct operation operations[] = {
	{"open", open_device, close_device, NOTHING, false, true, 17},
	{"export", export, close_buffer, DEVICE, false, false, 3},
	{"export combined", export_combined, close_buffer, DEVICE, false, false, 5},
	{"export text", export_text, close_buffer, DEVICE, false, false, 3},
	{"import", import, close_buffer, DEVICE, false, false, 6},
	{"map", map_buffer, close_mapping, EXPORTED, false, false, 4},
	{"map populated", map_populated, close_mapping, EXPORTED, false, false, 4},
	{"map import", map_buffer, close_mapping, IMPORTED, false, false, 5},
	{"map stock", map_fallback, close_mapping, EXPORTED, true, false, 5},
	{"state", state, nothing, EXPORTED, false, false, 2},
	{"state import", state, nothing, IMPORTED, false, false, 1},
	{"info", info, nothing, EXPORTED, false, false, 2},
	{"revoke", revoke, nothing, EXPORTED, false, false, 2},
	{"reset", reset, nothing, DEVICE, false, false, 1},
	{"memory", memory, nothing, DEVICE, false, false, 2},
	{"io", io, nothing, DEVICE, false, false, 2},
	{"probe", probe, nothing, DEVICE, false, false, 6},
	{"open channel", open_channel, close_channels, NOTHING, false, false, 3},
	{"hand over", hand_over, give_back, EXPORTED, false, true, 12},
	{"hand on", hand_over, give_back, IMPORTED, false, false, 9},
	{"tell", tell, nothing, SENT, false, false, 2},
	{"watch buffer", watch_buffer, close_events, EXPORTED, false, false, 8},
	{"watch import", watch_buffer, close_events, IMPORTED, false, false, 8},
	{"watch device", watch_device, close_events, DEVICE, false, false, 16},
	{"list functions", list_functions, nothing, NOTHING, false, false, 27},
	{"change driver", change_driver, nothing, NOTHING, false, false, 12},
	{"choose driver", change_driver_back, nothing, NOTHING, false, false, 9},
	{"next event", next_event, nothing, WATCHED, false, true, 3},
};

/* Only hints come from there; without them the call succeeds. */
static bool may_fail_unnoticed(void)
{
	return strstr(fake.failed_path, "/resource") ||
	       !strcmp(fake.failed_path, "read");
}

static void open_ends(void)
{
	int fds[2];

	fake_socketpair(SOCK_SEQPACKET, fds);
	assert_int_equal(peerbar_channel_open(fds[0], &ends[0]), 0);
	assert_int_equal(peerbar_channel_open(fds[1], &ends[1]), 0);
}

static void prepare(const struct operation *op)
{
	fake_reset();
	fake.has_cdev = true;
	if (op->needs == NOTHING)
		return;
	assert_int_equal(open_device(), 0);
	open_ends();
	foreign = fake_foreign_dma_buf(4u << 20, false);
	if (op->needs >= EXPORTED && op->needs != IMPORTED)
		assert_int_equal(export(), 0);
	if (op->needs == IMPORTED)
		assert_int_equal(import(), 0);
	if (op->needs == SENT)
		assert_int_equal(hand_over(), 0);
	if (op->needs == WATCHED) {
		assert_int_equal(watch_buffer(), 0);
		fake_foreign_reset();
	}
	fake.has_modules = !op->stock;
}

static void clean_up(const struct operation *op)
{
	if (op->needs == SENT)
		give_back();
	close_events();
	close_channels();
	close_buffer();
	if (op->needs != NOTHING)
		fake_close(foreign);
	close_device();
	assert_int_equal(fake_fds(), 0);
	assert_int_equal(fake_mappings(), 0);
}

static void check_failure(const struct operation *op, int ret)
{
	bool memory_failed = !strcmp(fake.failed_path, "memory");
	const char *cause = strerror(-ret);

	if (ret != (memory_failed ? -ENOMEM : -EIO))
		fail_msg("%s with \"%s\" failing returned %d", op->name,
			 fake.failed_path, ret);
	if (!strstr(peerbar_error_detail(), cause) &&
	    !(memory_failed && strstr(peerbar_error_detail(), "no memory")))
		fail_msg("%s with \"%s\" failing says \"%s\"", op->name,
			 fake.failed_path, peerbar_error_detail());
}

/* false once @n is beyond the last call of the operation */
static bool fail_nth(const struct operation *op, unsigned int n)
{
	unsigned int fds, mappings;
	bool triggered;
	int ret;

	prepare(op);
	fds = fake_fds();
	mappings = fake_mappings();
	peerbar_error_set(0, "stale");
	fake.failed_path[0] = '\0';
	fake.fail_at = fake.calls + n;
	ret = op->run();
	triggered = fake.failed_path[0];
	fake.fail_at = 0;
	if (ret) {
		assert_true(triggered);
		check_failure(op, ret);
		assert_int_equal(fake_fds(), fds);
		assert_int_equal(fake_mappings(), mappings);
		/* and it works once the cause is gone */
		assert_int_equal(op->run(), 0);
	} else if (triggered && !(op->hints && may_fail_unnoticed())) {
		fail_msg("%s with \"%s\" failing succeeded", op->name,
			 fake.failed_path);
	}
	op->undo();
	clean_up(op);
	return triggered;
}

static void sweep(void **cmocka_state)
{
	unsigned int i, n;

	for (i = 0; i < NR(operations); i++) {
		for (n = 1; fail_nth(&operations[i], n); n++)
			;
		if (n - 1 < operations[i].calls)
			fail_msg("%s: only %u calls could fail",
				 operations[i].name, n - 1);
	}
}

static void sweep_group(void **cmocka_state)
{
	backend = PEERBAR_BACKEND_GROUP;
	sweep(cmocka_state);
}

static void sweep_cdev(void **cmocka_state)
{
	backend = PEERBAR_BACKEND_CDEV;
	sweep(cmocka_state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sweep_group),
		cmocka_unit_test(sweep_cdev),
	};

	return RUN(tests);
}
