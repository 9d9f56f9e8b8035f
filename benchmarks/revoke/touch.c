// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdatomic.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "pattern.h"
#include "touch.h"

#define PAGE	  4096
#define OWN_PAGES 8
/* a breath now and then, so that two CPUs carry all workers */
#define BATCH_PAGES 64
#define BREATH_NS   BENCH_NSEC_PER_MSEC

static bool is_own(const struct revoke_touch *touch, uint64_t offset)
{
	uint64_t in_unit = offset % touch->unit, from = touch->unit / 4;

	return in_unit >= from && in_unit < from + OWN_PAGES * PAGE;
}

/* guarded: 0, or -ENODEV when the memory was taken back */
static int bracket(struct revoke_touch *touch, bool store, uint64_t offset,
		   uint64_t *value)
{
	const struct bench_mem_ops *ops = touch->mem->ops;
	struct revoke_access access;
	int rc;

	revoke_access_begin(&access, touch->gate);
	rc = store ? ops->write(touch->mem, offset, value, sizeof(*value))
		   : ops->read(touch->mem, offset, value, sizeof(*value));
	if (rc)
		revoke_access_refused(&access, &touch->tally, 0);
	else
		revoke_access_ok(&access, touch->gate, &touch->tally);
	return rc;
}

static int touch_page(struct revoke_touch *touch, uint64_t offset, uint64_t lap)
{
	uint64_t want = bench_pattern_seed(lap, offset), got;
	bool own = is_own(touch, offset);
	int rc = 0;

	if (own)
		rc = bracket(touch, true, offset, &want);
	if (!rc)
		rc = bracket(touch, false, offset, &got);
	if (!rc && own && got != want)
		revoke_tally_wrong(
			&touch->tally,
			touch->gate, "CPU at offset 0x%llx stored 0x%016llx and loaded 0x%016llx",
			(unsigned long long)offset, (unsigned long long)want,
			(unsigned long long)got);
	return rc;
}

static void *touch_main(void *arg)
{
	struct revoke_touch *touch = arg;
	uint64_t offset = 0, lap = 0;
	unsigned int batch = 0;

	while (!atomic_load(&touch->stop)) {
		if (touch_page(touch, offset, lap) || ++batch % BATCH_PAGES == 0)
			bench_sleep(BREATH_NS);
		offset += PAGE;
		if (offset >= touch->mem->size) {
			offset = 0;
			lap++;
		}
	}
	return NULL;
}

int revoke_touch_start(struct revoke_touch *touch)
{
	int rc;

	revoke_tally_init(&touch->tally);
	rc = pthread_create(&touch->thread, NULL, touch_main, touch);
	if (rc)
		return bench_fail(-rc, "thread: %s", strerror(rc));
	touch->running = true;
	return 0;
}

void revoke_touch_stop(struct revoke_touch *touch)
{
	if (!touch->running)
		return;
	atomic_store(&touch->stop, true);
	pthread_join(touch->thread, NULL);
	touch->running = false;
}
