// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <peerbar/peerbar.h>
#include <peerbar/spec.h>

#include "pool.h"

/**
 * struct ucx_piece - bytes [start, start + len) of the pool's mapping
 * @next: the one behind it; gaps between pieces are what is free
 */
struct ucx_piece {
	struct ucx_piece *next;
	struct ucx_pool *pool;
	size_t start;
	size_t len;
};

/**
 * struct ucx_pool - a BAR, or ranges of it
 * @users: those who got it
 * @map: NULL until the first piece is cut; @dev and @buf likewise
 * @pieces: in order of @start
 */
struct ucx_pool {
	struct ucx_pool *next;
	unsigned int users;
	struct peerbar_spec spec;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct ucx_piece *pieces;
	char text[];
};

static struct ucx_pool *pools;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct ucx_pool *find(const char *text)
{
	struct ucx_pool *pool = pools;

	while (pool && strcmp(pool->text, text))
		pool = pool->next;
	return pool;
}

static int create(const char *text, struct ucx_pool **out)
{
	struct ucx_pool *pool;
	int ret;

	pool = calloc(1, sizeof(*pool) + strlen(text) + 1);
	if (!pool)
		return peerbar_error_set(-ENOMEM, "out of memory");
	ret = peerbar_spec_parse(text, &pool->spec);
	if (ret) {
		free(pool);
		return ret;
	}
	strcpy(pool->text, text);
	pool->next = pools;
	pools = pool;
	*out = pool;
	return 0;
}

int ucx_pool_get(const char *text, struct ucx_pool **out)
{
	struct ucx_pool *pool;
	int ret = 0;

	pthread_mutex_lock(&mutex);
	pool = find(text);
	if (!pool)
		ret = create(text, &pool);
	if (!ret) {
		pool->users++;
		*out = pool;
	}
	pthread_mutex_unlock(&mutex);
	return ret;
}

static void destroy(struct ucx_pool *pool)
{
	struct ucx_pool **link = &pools;

	while (*link != pool)
		link = &(*link)->next;
	*link = pool->next;
	if (pool->map) {
		peerbar_mapping_close(pool->map);
		peerbar_buffer_close(pool->buf);
		peerbar_device_close(pool->dev);
	}
	free(pool);
}

void ucx_pool_put(struct ucx_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&mutex);
	if (!--pool->users)
		destroy(pool);
	pthread_mutex_unlock(&mutex);
}

static int open_bar(struct ucx_pool *pool)
{
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	int ret;

	ret = peerbar_device_open(pool->spec.bdf, NULL, &dev);
	if (ret)
		return ret;
	ret = peerbar_spec_export(dev, &pool->spec, 0, &buf);
	if (ret)
		goto err_device;
	ret = peerbar_buffer_map(buf, 0, 0, 0, &pool->map);
	if (ret)
		goto err_buffer;
	pool->dev = dev;
	pool->buf = buf;
	return 0;

err_buffer:
	peerbar_buffer_close(buf);
err_device:
	peerbar_device_close(dev);
	return ret;
}

static int check_alive(struct ucx_pool *pool)
{
	enum peerbar_state state;
	int ret;

	if (!pool->map)
		return open_bar(pool);
	ret = peerbar_buffer_state(pool->buf, &state);
	if (ret == -EOPNOTSUPP)
		return 0;
	if (!ret && state == PEERBAR_REVOKED)
		ret = peerbar_error_set(-ENODEV, "%s was taken back", pool->text);
	return ret;
}

/* the first gap that is large enough; before *@link */
static int find_gap(struct ucx_pool *pool, size_t len, size_t *start,
		    struct ucx_piece ***link)
{
	size_t end = peerbar_mapping_size(pool->map);
	struct ucx_piece *piece;

	*start = 0;
	for (*link = &pool->pieces; (piece = **link); *link = &piece->next) {
		if (piece->start - *start >= len)
			return 0;
		*start = piece->start + piece->len;
	}
	if (end - *start >= len)
		return 0;
	return peerbar_error_set(-ENOSPC,
				 "%s has no gap of %zu bytes left in its %zu",
				 pool->text, len, end);
}

static int cut(struct ucx_pool *pool, size_t len, struct ucx_piece **out)
{
	struct ucx_piece *piece, **link;
	size_t start;
	int ret;

	ret = check_alive(pool);
	if (!ret)
		ret = find_gap(pool, len, &start, &link);
	if (ret)
		return ret;
	piece = malloc(sizeof(*piece));
	if (!piece)
		return peerbar_error_set(-ENOMEM, "out of memory");
	*piece = (struct ucx_piece){
		.next = *link,
		.pool = pool,
		.start = start,
		.len = len,
	};
	*link = piece;
	*out = piece;
	return 0;
}

int ucx_piece_cut(struct ucx_pool *pool, size_t len, struct ucx_piece **out)
{
	size_t mask = sysconf(_SC_PAGESIZE) - 1;
	int ret;

	if (!len || len > SIZE_MAX - mask)
		return peerbar_error_set(-EINVAL, "a piece of %zu bytes", len);
	pthread_mutex_lock(&mutex);
	ret = cut(pool, (len + mask) & ~mask, out);
	pthread_mutex_unlock(&mutex);
	return ret;
}

void ucx_piece_return(struct ucx_piece *piece)
{
	struct ucx_piece **link;

	pthread_mutex_lock(&mutex);
	link = &piece->pool->pieces;
	while (*link != piece)
		link = &(*link)->next;
	*link = piece->next;
	pthread_mutex_unlock(&mutex);
	free(piece);
}

void *ucx_piece_addr(const struct ucx_piece *piece)
{
	return (char *)peerbar_mapping_addr(piece->pool->map) + piece->start;
}

size_t ucx_piece_len(const struct ucx_piece *piece)
{
	return piece->len;
}
