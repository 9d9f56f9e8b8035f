// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * insns - a plug-in of QEMU that counts the instructions of the guest
 *
 *	-plugin insns.so,counts=FILE
 *
 * All of them, on all CPUs, in kernel and user space; a CPU that is idle executes
 * none.  The guest marks a moment by a no-op that nobody else has a use for,
 * nopl 0x7065656N(%rax), with N from 0 to 3.  FILE then has, in line N, how many
 * were executed before the last mark but one with this N, and before the last; and
 * how many nanoseconds of CPU time QEMU had used by then, and by then, which tells
 * what instructions cost without what else the host was busy with.
 *
 * The declarations are those of the interface's version 1 (QEMU 4.2 to 8.2):
 * distributions do not ship its header.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;

typedef void (*on_tb_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*on_exec_fn)(unsigned int cpu, void *data);

/* the last argument but one: which registers the callback uses, none */
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, on_tb_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  on_exec_fn fn, int registers,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    on_exec_fn fn, int registers,
					    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc,
			       char **argv);

#define CPUS_MAX 64
#define MARKS	 4
#define LINE	 84

/* a cache line each: every CPU has a thread of its own */
static struct {
	_Alignas(64) uint64_t n;
} executed[CPUS_MAX];

/* at the last mark of each */
static struct {
	uint64_t insns;
	uint64_t cpu_ns;
} last[MARKS];
static int file = -1;

static void on_tb_exec(unsigned int cpu, void *data)
{
	executed[cpu % CPUS_MAX].n += (uintptr_t)data;
}

static uint64_t cpu_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void on_mark(unsigned int cpu, void *data)
{
	uintptr_t n = (uintptr_t)data;
	uint64_t insns = 0, cpu_ns = cpu_now();
	char line[LINE + 1];
	int i;

	for (i = 0; i < CPUS_MAX; i++)
		insns += executed[i].n;
	snprintf(line, sizeof(line),
		 "%20" PRIu64 " %20" PRIu64 " %20" PRIu64 " %20" PRIu64,
		 last[n].insns, insns, last[n].cpu_ns, cpu_ns);
	line[LINE - 1] = '\n';
	last[n].insns = insns;
	last[n].cpu_ns = cpu_ns;
	if (pwrite(file, line, LINE, (off_t)(n * LINE)) != LINE)
		close(file);
}

static bool is_mark(const struct qemu_plugin_insn *insn, uintptr_t *n)
{
	static const uint8_t nopl[] = {0x0f, 0x1f, 0x80};
	const uint8_t *data = qemu_plugin_insn_data(insn);
	uint32_t magic;

	if (qemu_plugin_insn_size(insn) != sizeof(nopl) + sizeof(magic) ||
	    memcmp(data, nopl, sizeof(nopl)))
		return false;
	memcpy(&magic, data + sizeof(nopl), sizeof(magic));
	*n = magic & 0xf;
	return magic >> 4 == 0x7065656 && *n < MARKS;
}

static void on_tb(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;
	uintptr_t mark;

	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_tb_exec, 0, (void *)n);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		if (is_mark(insn, &mark))
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, on_mark, 0, (void *)mark);
	}
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "counts=", 7)) {
		fprintf(stderr, "insns: counts=FILE is wanted\n");
		return -1;
	}
	file = open(argv[0] + 7, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0) {
		perror(argv[0] + 7);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb);
	return 0;
}
