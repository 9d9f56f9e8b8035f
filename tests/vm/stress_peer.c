// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Another process: it gets descriptors of dma-bufs, does RDMA with them, and
 * resets a device that it has not opened.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "config.h"
#include "importer.h"
#include "stress.h"

#define THREADS 2
#define HEAR_MS 5

static const struct act acts[] = {
	{"touch", 36, do_touch},
	{"fork", 12, do_fork},
	{"register", 10, do_register},
	{"map for DMA", 6, do_dma_map},
	{0},
};

/**
 * struct peer
 * @main: the thread that hears of descriptors, and no worker
 * @racer: the others
 * @pair: of QPs that try for a few milliseconds
 * @host: a page
 */
struct peer {
	struct racer main;
	struct racer racer[THREADS];
	struct fx *fx;
	struct arena arena;
	struct fx_pair *pair;
	struct ibv_mr *host;
};

/* What was read is written back, so that the BAR is as it was. */
static enum ibv_wc_status read_and_write_back(struct peer *peer, struct ibv_mr *mr)
{
	enum ibv_wc_status status;

	memset(peer->host->addr, 0, PAGE);
	status = fx_rdma(peer->pair, IBV_WR_RDMA_READ, peer->host, 0, mr, 0,
			 PAGE);
	if (status)
		return status;
	if (!is_of_the_bar(peer->host->addr))
		arena_wrong(&peer->arena, "RDMA saw what is not in the BAR",
			    *(int64_t *)peer->host->addr);
	return fx_rdma(peer->pair, IBV_WR_RDMA_WRITE, peer->host, 0, mr, 0, PAGE);
}

static bool is_of_a_revoke(enum ibv_wc_status status)
{
	return status == IBV_WC_REM_ACCESS_ERR ||
	       status == IBV_WC_RNR_RETRY_EXC_ERR ||
	       status == IBV_WC_RETRY_EXC_ERR;
}

static enum fx_count do_rdma(struct racer *main, uint64_t random)
{
	struct peer *peer = (struct peer *)main;
	struct peerbar_buffer *buf = arena_buffer(&peer->arena, random);
	enum ibv_wc_status status = IBV_WC_REM_ACCESS_ERR;
	struct ibv_mr *mr;

	if (!buf)
		return FX_REFUSED;
	if (!peerbar_verbs_reg_mr(peer->arena.nic->pd, buf, random % PAGES * PAGE,
				  PAGE, 0, FX_ACCESS, &mr)) {
		status = read_and_write_back(peer, mr);
		if (status)
			fx_pair_again(peer->pair);
		ibv_dereg_mr(mr);
	}
	if (status && !is_of_a_revoke(status))
		arena_wrong(&peer->arena, "RDMA failed in a new way",
			    (int)status);
	peerbar_buffer_close(buf);
	return status ? FX_REFUSED : FX_GOOD;
}

/* Whether the device is open, being opened, or closed. */
static enum fx_count do_reset_behind(struct racer *main, uint64_t random)
{
	int ret = fx_sysfs_write(fx_bdf(), "reset", "1");

	if (ret)
		arena_wrong(main->arena, "a reset through sysfs failed", ret);
	return FX_GOOD;
}

static const struct act main_acts[] = {
	{"RDMA", 15, do_rdma},
	{"sysfs reset", 1, do_reset_behind},
	{0},
};

static void peer_start(struct peer *peer, uint64_t *seed)
{
	int i;

	arena_open(&peer->arena, fx_nic(peer->fx));
	peer->pair = fx_pair(peer->fx, peer->arena.nic, &fx_hasty);
	peer->host = fx_host(peer->fx, peer->arena.nic, PAGE);
	racer_init(peer->fx, &peer->main, &peer->arena, main_acts, seed);
	for (i = 0; i < THREADS; i++) {
		racer_init(peer->fx, &peer->racer[i], &peer->arena, acts, seed);
		fx_worker_start(peer->fx, &peer->racer[i].worker, racer_run);
	}
}

static int peer_stop(struct peer *peer)
{
	struct racer sum = {0};
	int i, never;

	for (i = 0; i < THREADS; i++) {
		fx_worker_stop(&peer->racer[i].worker);
		racer_add(&sum, &peer->racer[i]);
	}
	never = racer_report("the other process", &sum) +
		racer_report("the other process", &peer->main);
	if (peer->arena.wrong)
		printf("# the other process: %s (%" PRId64 ")\n",
		       peer->arena.wrong, peer->arena.code);
	fflush(stdout);
	return peer->arena.wrong ? 1 : never ? 3 : 0;
}

/*
 * Until the socket is shut, so that who sends never waits for long.  Exit status
 * 3: some act was never done.
 */
int stress_peer(int sock, void *arg)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	uint64_t seed = *(uint64_t *)arg;
	int fd;

	if (!peer || fx_setup((void **)&peer->fx))
		return 2;
	peer_start(peer, &seed);
	do {
		fd = fx_recv_fd(sock, HEAR_MS);
		if (fd >= 0)
			arena_put(&peer->arena, fx_random(&seed), fd);
		if (!peer->arena.wrong)
			racer_act(&peer->main);
	} while (fd >= 0 || fd == -ETIMEDOUT);
	return peer_stop(peer);
}
