/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An owner of a device hands a slice of BAR 2 to each of three workers.  Each of
 * them, without any right to the device, writes its slice with the CPU and by
 * RDMA.  Then the owner takes one slice back, and the others go on.
 *
 *	slices BDF [NIC]
 *
 * The owner sees what they do in the BAR itself: a block begins with the number
 * of the round in which it was written, the rest is the worker's letter.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <peerbar/peerbar.h>
#include <peerbar/verbs.h>

#define WORKERS	   3
#define UNLUCKY	   1 /* who loses its slice */
#define BAR	   2
#define SLICE	   0x40000u
#define BLOCK	   0x2000u
#define RDMA_BLOCK 0x4000u /* where RDMA writes; the CPU does so at 0 */
#define ROUNDS	   20
#define PATIENCE   60 /* seconds that anything may take */

#define TRY(call) ((call) ? errx(1, "%s", peerbar_error_detail()) : (void)0)
#define MUST(condition) ((condition) ? (void)0 : err(1, "%s", #condition))

struct block {
	uint64_t round;
	char letter[BLOCK - 8];
};

/* A NIC with a queue pair that is connected to itself. */
struct nic {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *qp;
};

/*
 * @sock: the owner's end
 * @pid: 0 when it has ended
 */
struct worker {
	int sock;
	pid_t pid;
	struct peerbar_channel *ch;
	struct peerbar_buffer *slice;
};

static void open_nic(struct nic *nic, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	unsigned int i;

	MUST(list);
	for (i = 0; list[i] && name; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			break;
	if (!list[i])
		errx(2, "there is no NIC %s", name ? name : "at all");
	MUST(nic->ctx = ibv_open_device(list[i]));
	ibv_free_device_list(list);
	MUST(nic->pd = ibv_alloc_pd(nic->ctx));
	MUST(nic->cq = ibv_create_cq(nic->ctx, 4, NULL, NULL, 0));
}

/* RoCE version 2 where there is a choice. */
static struct ibv_gid_entry choose_gid(struct nic *nic)
{
	struct ibv_gid_entry entry, first;
	uint32_t i;

	MUST(!ibv_query_gid_ex(nic->ctx, 1, 0, &first, 0));
	for (i = 0; i < 16; i++)
		if (!ibv_query_gid_ex(nic->ctx, 1, i, &entry, 0) &&
		    entry.gid_type == IBV_GID_TYPE_ROCE_V2)
			return entry;
	return first;
}

static void connect_to_itself(struct nic *nic)
{
	struct ibv_qp_init_attr init = {
		.send_cq = nic->cq,
		.recv_cq = nic->cq,
		.qp_type = IBV_QPT_RC,
		.cap = {.max_send_wr = 4, .max_recv_wr = 1, .max_send_sge = 1,
			.max_recv_sge = 1},
	};
	struct ibv_gid_entry gid = choose_gid(nic);
	struct ibv_port_attr port;
	struct ibv_qp_attr attr;

	MUST(!ibv_query_port(nic->ctx, 1, &port));
	MUST(nic->qp = ibv_create_qp(nic->pd, &init));
	attr = (struct ibv_qp_attr){
		.qp_state = IBV_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = IBV_ACCESS_REMOTE_WRITE,
	};
	MUST(!ibv_modify_qp(nic->qp, &attr,
			    IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT |
				    IBV_QP_ACCESS_FLAGS));
	attr.qp_state = IBV_QPS_RTR;
	attr.path_mtu = port.active_mtu;
	attr.dest_qp_num = nic->qp->qp_num;
	attr.ah_attr = (struct ibv_ah_attr){
		.is_global = 1,
		.grh = {.dgid = gid.gid, .sgid_index = gid.gid_index,
			.hop_limit = 1},
		.dlid = port.lid,
		.port_num = 1,
	};
	MUST(!ibv_modify_qp(nic->qp, &attr,
			    IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU |
				    IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
				    IBV_QP_MAX_DEST_RD_ATOMIC |
				    IBV_QP_MIN_RNR_TIMER));
	attr.qp_state = IBV_QPS_RTS;
	attr.timeout = 18;
	attr.retry_cnt = 7;
	attr.rnr_retry = 7;
	MUST(!ibv_modify_qp(nic->qp, &attr,
			    IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT |
				    IBV_QP_RNR_RETRY | IBV_QP_SQ_PSN |
				    IBV_QP_MAX_QP_RD_ATOMIC));
}

/* 0, or -ENODEV when the slice is no longer ours. */
static int rdma_write(struct nic *nic, struct ibv_mr *from, struct ibv_mr *to)
{
	struct ibv_sge sge = {(uintptr_t)from->addr, BLOCK, from->lkey};
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_SIGNALED,
		.wr.rdma = {.remote_addr = RDMA_BLOCK, .rkey = to->rkey},
	};
	struct ibv_send_wr *bad;
	struct ibv_wc wc;
	int nr;

	if (ibv_post_send(nic->qp, &wr, &bad))
		return -ENODEV;
	while (!(nr = ibv_poll_cq(nic->cq, 1, &wc)))
		sched_yield();
	MUST(nr == 1);
	return wc.status == IBV_WC_SUCCESS ? 0 : -ENODEV;
}

/* Until the slice is taken back; the exit status. */
static int work(int sock, unsigned int number, const char *nic_name)
{
	struct peerbar_message message;
	struct peerbar_mapping *map;
	struct peerbar_channel *ch;
	static struct block block;
	struct ibv_mr *host, *bar;
	struct nic nic;
	int ret;

	alarm(2 * PATIENCE);
	TRY(peerbar_channel_open(sock, &ch));
	TRY(peerbar_channel_recv(ch, PATIENCE * 1000, &message));
	MUST(message.type == PEERBAR_MESSAGE_BUFFER);
	open_nic(&nic, nic_name);
	connect_to_itself(&nic);
	TRY(peerbar_buffer_map(message.buf, 0, 0, 0, &map));
	TRY(peerbar_verbs_reg_mr(nic.pd, message.buf, 0, SLICE, 0,
				 IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE,
				 &bar));
	peerbar_buffer_close(message.buf); /* mapping and MR hold the memory */
	MUST(host = ibv_reg_mr(nic.pd, &block, sizeof(block), 0));
	memset(block.letter, 'A' + (int)number, sizeof(block.letter));
	do {
		block.round++;
		ret = peerbar_write(map, 0, &block, sizeof(block));
		if (!ret)
			ret = rdma_write(&nic, host, bar);
	} while (!ret);

	/* the memory is gone already; here is why */
	TRY(peerbar_channel_recv(ch, PATIENCE * 1000, &message));
	MUST(message.type == PEERBAR_MESSAGE_STATE);
	MUST(message.state == PEERBAR_REVOKED);
	printf("worker %u: lost its slice in round %llu\n", number,
	       (unsigned long long)block.round);
	ibv_dereg_mr(bar);
	ibv_dereg_mr(host);
	ibv_destroy_qp(nic.qp);
	ibv_destroy_cq(nic.cq);
	ibv_dealloc_pd(nic.pd);
	ibv_close_device(nic.ctx);
	peerbar_mapping_close(map);
	peerbar_channel_close(ch);
	return 0;
}

/* Before the device is opened, so that nothing of it is inherited. */
static void start(struct worker *worker, unsigned int number, const char *nic)
{
	int pair[2], status;

	MUST(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	fflush(stdout);
	worker->pid = fork();
	MUST(worker->pid >= 0);
	if (!worker->pid) {
		close(pair[0]);
		status = work(pair[1], number, nic);
		fflush(stdout);
		_exit(status);
	}
	close(pair[1]);
	worker->sock = pair[0];
}

static void hand_out(struct peerbar_device *dev, struct worker *worker,
		     unsigned int number)
{
	const struct peerbar_range range = {number * SLICE, SLICE};
	char name[32];

	snprintf(name, sizeof(name), "slice %u", number);
	TRY(peerbar_buffer_export(dev, BAR, &range, 1, 0, &worker->slice));
	TRY(peerbar_channel_open(worker->sock, &worker->ch));
	TRY(peerbar_channel_send(worker->ch, worker->slice, name, NULL));
}

/* What the BAR holds, by the device's file: not by anybody's mapping. */
static void look(struct peerbar_device *dev, unsigned int number,
		 uint64_t offset, struct block *block)
{
	TRY(peerbar_device_read(dev, BAR, number * SLICE + offset, block,
				sizeof(*block)));
}

static void clear(struct peerbar_device *dev, unsigned int number)
{
	static const struct block nothing;

	TRY(peerbar_device_write(dev, BAR, number * SLICE, &nothing,
				 sizeof(nothing)));
	TRY(peerbar_device_write(dev, BAR, number * SLICE + RDMA_BLOCK, &nothing,
				 sizeof(nothing)));
}

static uint64_t round_of(struct peerbar_device *dev, unsigned int number)
{
	uint64_t round;

	TRY(peerbar_device_read(dev, BAR, number * SLICE + RDMA_BLOCK, &round,
				sizeof(round)));
	return round;
}

static void wait_for_round(struct peerbar_device *dev, unsigned int number,
			   uint64_t round)
{
	time_t until = time(NULL) + PATIENCE;

	while (round_of(dev, number) < round) {
		if (time(NULL) > until)
			errx(1, "worker %u gets nowhere", number);
		sched_yield(); /* to the workers, where CPUs are few */
	}
}

/* Both blocks are all the worker's, and nobody else's. */
static void check(struct peerbar_device *dev, unsigned int number)
{
	static const uint64_t offsets[] = {0, RDMA_BLOCK};
	struct block block;
	unsigned int i, at;

	for (i = 0; i < 2; i++) {
		look(dev, number, offsets[i], &block);
		for (at = 0; at < sizeof(block.letter); at++)
			if (block.letter[at] != 'A' + (int)number)
				errx(1, "slice %u holds '%c' at %u", number,
				     block.letter[at], at);
	}
}

static void join(struct worker *worker, unsigned int number)
{
	int status;

	MUST(waitpid(worker->pid, &status, 0) == worker->pid);
	if (status)
		errx(1, "worker %u: status %d", number, status);
	worker->pid = 0;
}

static void take_one_back(struct peerbar_device *dev, struct worker *workers)
{
	struct block before, after;
	unsigned int i;

	TRY(peerbar_buffer_revoke(workers[UNLUCKY].slice));
	look(dev, UNLUCKY, RDMA_BLOCK, &before);
	for (i = 0; i < WORKERS; i++)
		if (i != UNLUCKY)
			wait_for_round(dev, i, round_of(dev, i) + ROUNDS);
	look(dev, UNLUCKY, RDMA_BLOCK, &after);
	if (memcmp(&before, &after, sizeof(before)))
		errx(1, "slice %d was written to after its revoke", UNLUCKY);
	join(&workers[UNLUCKY], UNLUCKY);
	printf("owner: slice %d is mine again, the others went on for %d rounds\n",
	       UNLUCKY, ROUNDS);
}

int main(int argc, char **argv)
{
	struct worker workers[WORKERS];
	struct peerbar_device *dev;
	unsigned int i;

	if (argc != 2 && argc != 3)
		errx(2, "usage: slices BDF [NIC]");
	for (i = 0; i < WORKERS; i++)
		start(&workers[i], i, argv[2]);
	TRY(peerbar_device_open(argv[1], NULL, &dev));
	for (i = 0; i < WORKERS; i++)
		clear(dev, i);
	for (i = 0; i < WORKERS; i++)
		hand_out(dev, &workers[i], i);
	for (i = 0; i < WORKERS; i++)
		wait_for_round(dev, i, ROUNDS);
	take_one_back(dev, workers);
	for (i = 0; i < WORKERS; i++)
		check(dev, i);
	printf("owner: every slice holds its worker's bytes alone\n");

	peerbar_device_close(dev); /* the other slices are taken back, too */
	for (i = 0; i < WORKERS; i++) {
		if (workers[i].pid)
			join(&workers[i], i);
		peerbar_channel_close(workers[i].ch);
		peerbar_buffer_close(workers[i].slice);
	}
	return 0;
}
