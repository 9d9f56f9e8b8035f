// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The registry against a naive model, and under concurrent change. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "test.h"
#include "registry_priv.h"

#define PAGE 4096u
#define BASE UINT64_C(0x100000000)

/* The linker brings the registry's allocations here. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static atomic_bool no_memory;

void *__wrap_malloc(size_t size)
{
	return atomic_load(&no_memory) ? NULL : __real_malloc(size);
}

static void *address(uint64_t page)
{
	return (void *)(uintptr_t)(BASE + page * PAGE);
}

static int find(uint64_t page, size_t len, struct peerbar_hit *hit)
{
	return peerbar_registry_find(address(page), len, hit);
}

static void boundaries(void **state)
{
	struct peerbar_hit hit = {.fd = 77};
	char *middle = address(10);

	assert_int_equal(find(10, 1, &hit), -ENOENT);
	assert_int_equal(registry_add(middle, 4 * PAGE, 5, 0x3000), 0);
	assert_int_equal(peerbar_registry_find(middle - 1, 1, &hit), -ENOENT);
	assert_int_equal(peerbar_registry_find(middle - 1, 2, &hit), -ERANGE);
	assert_int_equal(peerbar_registry_find(middle - 1, 9 * PAGE, &hit),
			 -ERANGE);
	assert_int_equal(peerbar_registry_find(middle, 4 * PAGE + 1, &hit),
			 -ERANGE);
	assert_int_equal(peerbar_registry_find(middle + 4 * PAGE, 1, &hit),
			 -ENOENT);
	assert_int_equal(peerbar_registry_find(middle + 4 * PAGE, 0, &hit),
			 -ENOENT);
	assert_int_equal(peerbar_registry_find(middle + 1, SIZE_MAX, &hit),
			 -ERANGE);
	assert_int_equal(peerbar_registry_find(middle - PAGE, 0, &hit), -ENOENT);
	assert_int_equal(hit.fd, 77);

	assert_int_equal(peerbar_registry_find(middle + 4 * PAGE - 1, 0, &hit),
			 0);
	assert_int_equal(peerbar_registry_find(middle + PAGE, 3 * PAGE, &hit), 0);
	assert_int_equal(hit.fd, 5);
	assert_int_equal(hit.offset, 0x3000 + PAGE);
	assert_ptr_equal(hit.base, middle);
	assert_int_equal(hit.size, 4 * PAGE);
	registry_remove(middle);
	assert_int_equal(find(10, 1, &hit), -ENOENT);
}

static void neighbours(void **state)
{
	struct peerbar_hit hit;

	assert_int_equal(registry_add(address(1), PAGE, 1, 0), 0);
	assert_int_equal(registry_add(address(2), PAGE, 2, 0), 0);
	/* one mapping, not two that happen to touch */
	assert_int_equal(find(1, PAGE + 1, &hit), -ERANGE);
	assert_int_equal(find(2, PAGE, &hit), 0);
	assert_int_equal(hit.fd, 2);
	registry_remove(address(1));
	assert_int_equal(find(1, PAGE, &hit), -ENOENT);
	assert_int_equal(find(1, PAGE + 1, &hit), -ERANGE);
	assert_int_equal(find(2, PAGE, &hit), 0);
	registry_remove(address(2));
}

#define MODEL_PAGES 2048

/* mapping that starts at each page: its length in pages, 0 for none */
static unsigned int model[MODEL_PAGES];

static int model_find(unsigned int page)
{
	unsigned int i;

	for (i = 0; i <= page; i++)
		if (model[i] && i + model[i] > page)
			return i;
	return -1;
}

static void check_model(void)
{
	struct peerbar_hit hit;
	unsigned int page;

	for (page = 0; page < MODEL_PAGES; page++) {
		int start = model_find(page);
		int ret = find(page, PAGE, &hit);

		assert_int_equal(ret, start < 0 ? -ENOENT : 0);
		if (ret)
			continue;
		assert_ptr_equal(hit.base, address(start));
		assert_int_equal(hit.size, model[start] * PAGE);
		assert_int_equal(hit.fd, start);
		assert_int_equal(hit.offset, (page - start) * PAGE);
	}
}

static bool model_free(unsigned int page, unsigned int pages)
{
	unsigned int i;

	for (i = page; i < page + pages; i++)
		if (i >= MODEL_PAGES || model_find(i) >= 0)
			return false;
	return true;
}

static void random_changes(void **state)
{
	unsigned int seed = 12345, i, page;

	for (i = 0; i < 4000; i++) {
		unsigned int pages = rand_r(&seed) % 4 + 1;

		page = rand_r(&seed) % MODEL_PAGES;
		if (model[page]) {
			registry_remove(address(page));
			model[page] = 0;
		} else if (model_free(page, pages)) {
			assert_int_equal(registry_add(address(page),
						      pages * PAGE, page, 0),
					 0);
			model[page] = pages;
		}
		if (i % 500 == 0)
			check_model();
	}
	check_model();
	for (page = 0; page < MODEL_PAGES; page++) {
		if (model[page])
			registry_remove(address(page));
		model[page] = 0;
	}
	check_model();
}

static void no_memory_left(void **state)
{
	struct peerbar_hit hit;
	unsigned int i;

	for (i = 0; i < 8; i++)
		assert_int_equal(registry_add(address(i), PAGE, i, 0), 0);
	atomic_store(&no_memory, true);
	assert_int_equal(registry_add(address(9), PAGE, 9, 0), -ENOMEM);
	for (i = 0; i < 7; i++) {
		registry_remove(address(i));
		assert_int_equal(find(i, 1, &hit), -ENOENT);
		assert_int_equal(find(i + 1, 1, &hit), 0);
	}
	/* dead entries do not hide a new one at their place */
	atomic_store(&no_memory, false);
	assert_int_equal(registry_add(address(0), 3 * PAGE, 42, 0), 0);
	assert_int_equal(find(1, PAGE, &hit), 0);
	assert_int_equal(hit.fd, 42);
	registry_remove(address(0));
	registry_remove(address(7));
	assert_int_equal(find(7, 1, &hit), -ENOENT);
}

#define NR_READERS 3
#define NR_WRITERS 2
#define SLOTS	   32
#define ROUNDS	   3000

static atomic_uint writers_left, hits, wrong;

/* Slot s belongs to one writer; its mapping has fd s and offset s pages. */
static void *writer(void *arg)
{
	unsigned int seed = (uintptr_t)arg, i;
	/* on one processor readers may come late */
	unsigned int rounds = 0;
	bool present[SLOTS] = {false};

	while (rounds++ < ROUNDS || !atomic_load(&hits)) {
		unsigned int slot =
			rand_r(&seed) % (SLOTS / NR_WRITERS) * NR_WRITERS +
			(uintptr_t)arg;

		if (present[slot])
			registry_remove(address(slot * 2));
		else if (registry_add(address(slot * 2), PAGE, slot, slot * PAGE))
			atomic_fetch_add(&wrong, 1);
		present[slot] = !present[slot];
	}
	for (i = 0; i < SLOTS; i++)
		if (present[i])
			registry_remove(address(i * 2));
	atomic_fetch_sub(&writers_left, 1);
	return NULL;
}

static void *reader(void *arg)
{
	unsigned int seed = 100 + (uintptr_t)arg;
	struct peerbar_hit hit;

	while (atomic_load(&writers_left)) {
		unsigned int slot = rand_r(&seed) % SLOTS;
		int ret = find(slot * 2, PAGE, &hit);

		if (!ret)
			atomic_fetch_add(&hits, 1);
		if (ret ? ret != -ENOENT
			: hit.fd != (int)slot || hit.offset != slot * PAGE ||
				    hit.base != address(slot * 2))
			atomic_fetch_add(&wrong, 1);
		if (find(slot * 2 + 1, PAGE, &hit) != -ENOENT)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void concurrent(void **state)
{
	pthread_t thread[NR_READERS + NR_WRITERS];
	struct peerbar_hit hit;
	unsigned int i;

	atomic_store(&writers_left, NR_WRITERS);
	for (i = 0; i < NR(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL,
						i < NR_WRITERS ? writer : reader,
						(void *)(uintptr_t)i),
				 0);
	for (i = 0; i < NR(thread); i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&hits) > 0);
	for (i = 0; i < 2 * SLOTS; i++)
		assert_int_equal(find(i, 1, &hit), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boundaries),
		cmocka_unit_test(neighbours),
		cmocka_unit_test(random_changes),
		cmocka_unit_test(no_memory_left),
		cmocka_unit_test(concurrent),
	};

	return RUN(tests);
}
