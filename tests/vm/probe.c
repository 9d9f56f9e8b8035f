// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a kernel and a provider can do, found by asking.  libibverbs chooses its
 * providers once in a process, so that each question gets a process of its own.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "bar.h"
#include "verbs.h"

#define CHILD_MS 60000

/* exit statuses: an answer, or a failure of the question */
#define NO_ANSWER 100

static struct ibv_pd *open_pd(void)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *ctx;

	for (; list && *list; list++) {
		if (strcmp(ibv_get_device_name(*list), fx_rdma_name()))
			continue;
		ctx = ibv_open_device(*list);
		return ctx ? ibv_alloc_pd(ctx) : NULL;
	}
	return NULL;
}

static int ask(bool with_buffer)
{
	const struct peerbar_range range = {0, PAGE};
	struct peerbar_buffer *buf = NULL;
	enum peerbar_verbs_support found;
	struct peerbar_device *dev;
	struct ibv_pd *pd = open_pd();

	if (!pd)
		return NO_ANSWER;
	if (with_buffer &&
	    (peerbar_device_open(fx_bdf(), NULL, &dev) ||
	     peerbar_buffer_export(dev, FX_BAR, &range, 1, 0, &buf)))
		return NO_ANSWER;
	return peerbar_verbs_probe(pd, buf, &found) ? NO_ANSWER : (int)found;
}

struct question {
	bool distribution;
	const char *word;
};

static int run_question(int sock, void *arg)
{
	const struct question *question = arg;

	if (question->distribution)
		unsetenv("IBV_DRIVERS");
	execl("/proc/self/exe", "probe", question->word, NULL);
	return NO_ANSWER;
}

static enum peerbar_verbs_support answer(struct fx *fx, bool distribution,
					 const char *word)
{
	struct question question = {distribution, word};
	struct fx_child *child = fx_fork(fx, run_question, &question);

	return (enum peerbar_verbs_support)fx_wait_child(child, CHILD_MS);
}

static void test_our_provider(void **state)
{
	if (!getenv("IBV_DRIVERS"))
		fx_die("IBV_DRIVERS does not name our provider");
	if (!fx_patched()) {
		assert_int_equal(answer(*state, false, "nic"),
				 PEERBAR_VERBS_NO_DRIVER);
		return;
	}
	assert_int_equal(answer(*state, false, "nic"), PEERBAR_VERBS_OK);
	assert_int_equal(answer(*state, false, "buffer"), PEERBAR_VERBS_OK);
}

/* Where both are missing, the kernel is what has to be replaced first. */
static void test_the_distributions_provider(void **state)
{
	assert_int_equal(answer(*state, true, "nic"),
			 fx_patched() ? PEERBAR_VERBS_NO_PROVIDER
				      : PEERBAR_VERBS_NO_DRIVER);
}

static void test_every_cause_has_a_text(void **state)
{
	const char *texts[] = {
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_PROVIDER),
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_DRIVER),
		peerbar_verbs_support_text(PEERBAR_VERBS_NO_REVOKE),
	};

	assert_non_null(strstr(texts[0], "provider"));
	assert_non_null(strstr(texts[1], "kernel"));
	assert_non_null(strstr(texts[2], "revoke"));
	assert_string_not_equal(texts[0], texts[1]);
	assert_string_not_equal(texts[1], texts[2]);
}

static void test_capabilities(void **state)
{
	struct peerbar_cap_report caps[PEERBAR_CAP_NR];
	struct peerbar_device *dev = fx_device(*state, fx_bdf());
	unsigned int cap;

	ok(peerbar_probe(dev, caps));
	for (cap = 0; cap < PEERBAR_CAP_NR; cap++) {
		assert_int_equal(caps[cap].present, !*caps[cap].reason);
		if (cap == PEERBAR_CAP_EXPORT || cap == PEERBAR_CAP_RESET)
			assert_true(caps[cap].present);
		else
			assert_int_equal(caps[cap].present, fx_patched());
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(test_our_provider),
		FX_TEST(test_the_distributions_provider),
		FX_TEST(test_every_cause_has_a_text),
		FX_TEST(test_capabilities),
	};

	if (argc == 2)
		return ask(!strcmp(argv[1], "buffer"));
	return FX_RUN(tests);
}
