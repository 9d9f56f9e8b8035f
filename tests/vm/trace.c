// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Trace events of buffers say what the counters of the INFO feature say. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bar.h"
#include "child.h"
#include "verbs.h"

#define TRACEFS	 "/sys/kernel/tracing"
#define INSTANCE TRACEFS "/instances/peerbar-test"
#define EVENT	 "vfio_pci_dma_buf_"
#define PMD	 MIB(2)

/* Two pieces, the second of which starts a huge page; one page between them. */
static const struct peerbar_range pieces[] = {
	{PMD - 2 * PAGE, 2 * PAGE},
	{2 * PMD, PMD},
};

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fx_die("%s: cannot write", path);
	close(fd);
}

static void trace_stop(void *unused)
{
	rmdir(INSTANCE);
}

/* In an instance of our own, so that nobody else's tracing is disturbed. */
static void trace_start(struct fx *fx)
{
	if (access(TRACEFS "/instances", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		fx_die("tracefs cannot be mounted");
	if (mkdir(INSTANCE, 0700))
		fx_die(INSTANCE " cannot be made");
	fx_keep(fx, (void *)INSTANCE, trace_stop);
	write_file(INSTANCE "/events/vfio_pci/enable", "1");
}

static uint64_t buffer_ino(struct peerbar_buffer *buf)
{
	struct stat st;

	assert_int_equal(fstat(peerbar_buffer_fd(buf), &st), 0);
	return st.st_ino;
}

/* Events of a buffer whose line has @word; the last of them to @line. */
static uint64_t count(struct peerbar_buffer *buf, const char *event,
		      const char *word, char *line, size_t size)
{
	char name[64], ino[32], text[512];
	uint64_t found = 0;
	FILE *trace;

	snprintf(name, sizeof(name), " " EVENT "%s: ", event);
	snprintf(ino, sizeof(ino), ": ino=%" PRIu64 " ", buffer_ino(buf));
	trace = fopen(INSTANCE "/trace", "r");
	assert_non_null(trace);
	while (fgets(text, sizeof(text), trace)) {
		if (!strstr(text, name) || !strstr(text, ino) ||
		    !strstr(text, word))
			continue;
		found++;
		if (line)
			snprintf(line, size, "%s", text);
	}
	fclose(trace);
	return found;
}

static uint64_t events(struct peerbar_buffer *buf, const char *event,
		       const char *word)
{
	return count(buf, event, word, NULL, 0);
}

/* The number behind @key of the only event. */
static uint64_t value(struct peerbar_buffer *buf, const char *event,
		      const char *key)
{
	char line[512], *at;

	assert_int_equal(count(buf, event, "", line, sizeof(line)), 1);
	at = strstr(line, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 0);
}

static void test_export(void **state)
{
	struct fx *fx = *state;
	struct peerbar_buffer *buf;
	char device[32];

	trace_start(fx);
	buf = fx_export(fx, fx_device(fx, fx_bdf()), pieces, 2);
	snprintf(device, sizeof(device), " device=%s ", fx_bdf());
	assert_int_equal(events(buf, "export", device), 1);
	assert_int_equal(events(buf, "export", " state=ok\n"), 1);
	assert_int_equal(value(buf, "export", " region="), FX_BAR);
	assert_int_equal(value(buf, "export", " ranges="), 2);
	assert_int_equal(value(buf, "export", " size="), PMD + 2 * PAGE);
}

static void test_faults(void **state)
{
	struct fx *fx = *state;
	struct peerbar_buffer_info info;
	struct peerbar_buffer *buf;
	char *addr;

	trace_start(fx);
	buf = fx_export(fx, fx_device(fx, fx_bdf()), pieces, 2);
	addr = peerbar_mapping_addr(fx_map(fx, buf));
	assert_int_equal(events(buf, "fault", ""), 0);
	fx_touch(addr, PMD + 2 * PAGE);
	ok(peerbar_buffer_revoke(buf));
	assert_int_equal(fx_load_signal(fx, addr), SIGBUS);
	assert_int_equal(fx_load_signal(fx, addr + PAGE), SIGBUS);

	info = fx_info(buf);
	assert_true(info.faults_4k > 0 && info.faults_2m > 0);
	assert_int_equal(events(buf, "fault", " order=0 result=NOPAGE\n"),
			 info.faults_4k);
	assert_int_equal(events(buf, "fault", " order=9 result=NOPAGE\n"),
			 info.faults_2m);
	assert_int_equal(events(buf, "fault", " result=SIGBUS\n"),
			 info.faults_refused);
	assert_int_equal(
		events(buf, "fault", " offset=0x1000 order=0 result=NOPAGE\n"),
		1);
	assert_true(events(buf, "fault",
			   " offset=0x1000 order=0 result=SIGBUS\n") > 0);
}

static void test_revoke(void **state)
{
	struct fx *fx = *state;
	struct peerbar_buffer *buf;

	trace_start(fx);
	buf = fx_export(fx, fx_device(fx, fx_bdf()), pieces, 2);
	fx_reg(fx, fx_nic(fx), buf);
	assert_int_equal(fx_info(buf).importers, 1);
	ok(peerbar_buffer_revoke(buf));
	assert_int_equal(events(buf, "revoke_begin", " old=ok state=permanent "),
			 1);
	assert_int_equal(value(buf, "revoke_begin", " importers="), 1);
	assert_int_equal(value(buf, "revoke_begin", " size="), PMD + 2 * PAGE);
	assert_int_equal(events(buf, "revoke_zapped", ""), 1);
	assert_int_equal(events(buf, "revoke_invalidated", ""), 1);
	assert_int_equal(value(buf, "revoke_end", " importers="), 0);
	assert_int_equal(value(buf, "revoke_end", " ns="),
			 fx_info(buf).revoke_ns);
	refused(peerbar_buffer_revoke(buf), -EBADFD);
	assert_int_equal(events(buf, "revoke_begin", ""), 1);
	assert_int_equal(events(buf, "restore", ""), 0);
}

static void test_reset(void **state)
{
	struct fx *fx = *state;
	struct peerbar_buffer *buf;
	struct peerbar_device *dev;

	trace_start(fx);
	dev = fx_device(fx, fx_bdf());
	buf = fx_export(fx, dev, pieces, 2);
	ok(peerbar_device_reset(dev));
	assert_int_equal(events(buf, "revoke_begin", " old=ok state=temporary "),
			 1);
	assert_int_equal(events(buf, "restore", ""), 1);
	ok(peerbar_device_reset(dev));
	assert_int_equal(events(buf, "revoke_begin", ""), 2);
	assert_int_equal(events(buf, "revoke_end", ""), fx_info(buf).revokes);
	assert_int_equal(events(buf, "restore", ""), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_export),
		FX_TEST(test_faults),
		FX_TEST(test_revoke),
		FX_TEST(test_reset),
	};

	return FX_RUN(tests);
}
