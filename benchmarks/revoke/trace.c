// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <peerbar/buffer.h>

#include "error.h"
#include "trace.h"

#define TRACEFS "/sys/kernel/tracing"
#define EVENTS	"events/vfio_pci"
#define USEC	1e6

static int write_file(const struct revoke_trace *trace, const char *name,
		      const char *text)
{
	char path[128];
	int fd, rc = 0;

	snprintf(path, sizeof(path), "%s/%s", trace->path, name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return bench_fail(-errno, "%s: %s", path, strerror(errno));
	if (*text && write(fd, text, strlen(text)) < 0)
		rc = bench_fail(-errno, "%s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

int revoke_trace_open(struct revoke_trace *trace)
{
	int rc;

	if (access(TRACEFS "/instances", F_OK) &&
	    mount("tracefs", TRACEFS, "tracefs", 0, NULL))
		return bench_fail(-errno, TRACEFS ": %s", strerror(errno));
	snprintf(trace->path, sizeof(trace->path),
		 TRACEFS "/instances/peerbar-%d", (int)getpid());
	if (mkdir(trace->path, 0700)) {
		rc = bench_fail(-errno, "%s: %s", trace->path, strerror(errno));
		trace->path[0] = '\0';
		return rc;
	}
	rc = write_file(trace, EVENTS "/enable", "1");
	if (rc)
		revoke_trace_close(trace);
	return rc;
}

void revoke_trace_close(struct revoke_trace *trace)
{
	if (trace->path[0])
		rmdir(trace->path);
	trace->path[0] = '\0';
}

int revoke_trace_clear(struct revoke_trace *trace)
{
	return write_file(trace, "trace", "");
}

static const char *const steps[] = {
	" vfio_pci_dma_buf_revoke_begin: ",
	" vfio_pci_dma_buf_revoke_zapped: ",
	" vfio_pci_dma_buf_revoke_invalidated: ",
	" vfio_pci_dma_buf_revoke_end: ",
};

#define STEPS (sizeof(steps) / sizeof(*steps))

/* "... 123.456789: EVENT: ino=7 ..." */
static void note_line(const char *line, const char *ino, double *at)
{
	const char *event, *stamp;
	size_t i;

	if (!strstr(line, ino))
		return;
	for (i = 0; i < STEPS; i++) {
		event = strstr(line, steps[i]);
		if (!event)
			continue;
		for (stamp = event; stamp > line && stamp[-1] != ' '; stamp--)
			;
		at[i] = strtod(stamp, NULL) * USEC;
	}
}

int revoke_trace_stages(struct revoke_trace *trace, struct peerbar_buffer *buf,
			struct revoke_stages *out)
{
	char path[128], line[512], ino[40];
	double at[STEPS] = {0};
	struct stat st;
	size_t i;
	FILE *f;

	if (fstat(peerbar_buffer_fd(buf), &st))
		return bench_fail(-errno, "dma-buf: %s", strerror(errno));
	snprintf(ino, sizeof(ino), ": ino=%llu ", (unsigned long long)st.st_ino);
	snprintf(path, sizeof(path), "%s/trace", trace->path);
	f = fopen(path, "re");
	if (!f)
		return bench_fail(-errno, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		note_line(line, ino, at);
	fclose(f);
	for (i = 0; i < STEPS; i++)
		if (at[i] <= 0)
			return bench_fail(-ENODATA, "the revoke left no%sevent",
					  steps[i]);
	out->zap = at[1] - at[0];
	out->invalidate = at[2] - at[1];
	out->drain = at[3] - at[2];
	return 0;
}
