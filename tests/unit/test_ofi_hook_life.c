// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hooked fabrics and domains come and go. */
#include <pthread.h>

#include "hook_scene.h"

static void close_in_any_order(void **state)
{
	struct fid_fabric *fabric[2];
	struct fake_domain *d[4];
	unsigned int i, order;

	for (order = 0; order < 24; order++) {
		unsigned int left[4] = {0, 1, 2, 3}, n = 4, pick = order;

		fabric[0] = open_fabric("verbs", NEWEST);
		fabric[1] = open_fabric("tcp", FI_VERSION(1, 4));
		for (i = 0; i < 4; i++)
			d[i] = open_domain(fabric[i % 2], 0);
		/* permutation number @order; fabrics before, between and after */
		for (; n; pick /= n + 1) {
			i = pick % n;
			assert_int_equal(fi_close(&d[left[i]]->domain.fid), 0);
			left[i] = left[--n];
			for (i = 0; i < n; i++) {
				assert_int_equal(reg(d[left[i]], bar, PAGE, 0),
						 0);
				assert_int_equal(d[left[i]]->call,
						 left[i] % 2 ? FAKE_REG
							     : FAKE_REGATTR);
			}
			if (n == order % 4)
				assert_int_equal(fi_close(&fabric[0]->fid), 0);
		}
		assert_int_equal(fi_close(&fabric[1]->fid), 0);
		assert_int_equal(fake_domains, 0);
	}
}

static void refused_close(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, 0);

	d->busy = true;
	assert_int_equal(fi_close(&d->domain.fid), -FI_EBUSY);
	assert_int_equal(reg(d, bar, PAGE, 0), 0);
	is_dmabuf(d, 0, bar, PAGE);
	d->busy = false;
	fake_fabric_busy(fabric, true);
	assert_int_equal(fi_close(&fabric->fid), -FI_EBUSY);
	assert_int_equal(fi_close(&d->domain.fid), 0);
	d = open_domain(fabric, 0);
	assert_int_equal(reg(d, bar, PAGE, 0), 0);
	is_dmabuf(d, 0, bar, PAGE);
	fake_fabric_busy(fabric, false);
	close_both(d, fabric);
}

static void hooked_once(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fi_info info = {0};
	struct fid_domain *domain;
	struct fake_domain *d;
	unsigned int nests;

	assert_int_equal(install(fabric, "verbs"), -FI_EALREADY);
	for (nests = 0; nests < 2; nests++) {
		fake_domain2_nests(nests);
		assert_int_equal(fi_domain2(fabric, &info, &domain, 1, NULL), 0);
		d = (struct fake_domain *)domain;
		lookups = 0;
		assert_int_equal(reg(d, bar, PAGE, 0), 0);
		is_dmabuf(d, 0, bar, PAGE);
		assert_int_equal(lookups, 1);
		assert_int_equal(fi_close(&domain->fid), 0);
	}
	assert_int_equal(fi_close(&fabric->fid), 0);
}

static void later_operations_stay(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, 0);

	assert_int_equal(fake_later_fabric(fabric), FAKE_LATER);
	assert_int_equal(fake_later_mr(&d->domain), FAKE_LATER);
	close_both(d, fabric);
}

static void out_of_memory(void **state)
{
	struct fid_fabric *fabric = fake_fabric(NEWEST);
	struct fake_domain *d;
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		copies_left = i;
		assert_int_equal(install(fabric, "verbs"), -FI_ENOMEM);
	}
	copies_left = 0;
	assert_int_equal(install(fabric, "verbs"), 0);
	for (i = 1; i <= 2; i++) {
		copies_left = i;
		d = open_domain(fabric, 0);
		copies_left = 0;
		assert_int_equal(reg(d, bar, PAGE, 0), 0);
		assert_int_equal(d->call, FAKE_REG);
		assert_int_equal(fi_close(&d->domain.fid), 0);
	}
	assert_int_equal(fi_close(&fabric->fid), 0);
}

#define THREADS 4
#define ROUNDS	200

/* domains of one fabric come and go in all threads */
static void *worker(void *arg)
{
	struct fid_fabric *fabric = arg;
	struct fake_domain *own;
	struct fi_info info = {0};
	struct fid_domain *domain;
	struct fid_mr *mr;
	uintptr_t bad = 0;
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		if (fi_domain(fabric, &info, &domain, NULL))
			return (void *)1;
		own = (struct fake_domain *)domain;
		bad += !!fi_mr_reg(domain, bar, PAGE, ACCESS, 0, KEY, 0, &mr,
				   NULL);
		bad += own->call != FAKE_REGATTR;
		bad += !!fi_mr_reg(domain, heap, PAGE, ACCESS, 0, KEY, 0, &mr,
				   NULL);
		bad += own->call != FAKE_REG;
		bad += !!fi_close(&domain->fid);
	}
	return (void *)bad;
}

static void threads(void **state)
{
	struct fid_fabric *fabric = open_fabric("verbs", NEWEST);
	struct fake_domain *d = open_domain(fabric, 0);
	struct peerbar_mapping *other;
	pthread_t thread[THREADS];
	void *bad;
	unsigned int i;

	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&thread[i], NULL, worker, fabric), 0);
	for (i = 0; i < ROUNDS; i++) {
		assert_int_equal(peerbar_buffer_map(buf, 0, PAGE, 0, &other), 0);
		peerbar_mapping_close(other);
	}
	for (i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(thread[i], &bad), 0);
		assert_null(bad);
	}
	close_both(d, fabric);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(close_in_any_order), TEST(refused_close),
		TEST(hooked_once),	  TEST(later_operations_stay),
		TEST(out_of_memory),	  TEST(threads),
	};

	return cmocka_run_group_tests(tests, load, NULL) ? 1 : 0;
}
