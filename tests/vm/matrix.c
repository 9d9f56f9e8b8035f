// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every way to hold on to a BAR, by every way to take it away.
 *
 * For each cause all parties hold on at the same time, once: the test "cause:
 * everybody" takes the memory and gives it back, and writes down how each party
 * fared; the cells "party × cause" tell.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cause.h"
#include "party.h"

/**
 * struct column - one cause
 * @impossible: why no device of the guest can do it
 * @ended: all parties were looked at, to the end
 * @without: why a party was not there
 * @trouble: of a party, NULL for none
 */
struct column {
	const struct fx_cause *cause;
	const char *impossible;
	bool ended;
	const char *without[FX_PARTIES];
	const char *trouble[FX_PARTIES];
};

struct cell {
	struct column *column;
	int party;
};

/* The first device that can; what is pulled out is one that nobody misses. */
static bool find_site(struct fx *fx, struct column *column, struct fx_site *site)
{
	const char *bdfs[] = {fx_bdf(), fx_bdf_pair(), fx_bdf_nvme()};
	unsigned int i;

	if (column->cause->once) {
		bdfs[0] = fx_bdf2();
		bdfs[1] = bdfs[2] = NULL;
	}
	*site = (struct fx_site){.fx = fx, .dmabuf_fd = -1};
	for (i = 0; i < ARRAY_LEN(bdfs); i++) {
		if (!bdfs[i])
			continue;
		site->dev = fx_device(fx, bdfs[i]);
		column->impossible = fx_cause_impossible(column->cause, site);
		if (!column->impossible)
			return true;
		fx_drop(fx, site->dev);
	}
	return false;
}

/* It depends on how the guest was booted, and one skip tells as much as ten. */
static bool never_here(struct column *column)
{
	struct fx_site site = {.dmabuf_fd = -1};

	if (!column->cause->lab)
		return false;
	snprintf(site.bdf, sizeof(site.bdf), "%s", fx_bdf2());
	column->impossible = fx_cause_impossible(column->cause, &site);
	return column->impossible;
}

typedef const char *(*look_fn)(struct fx_party *party);

/* What went wrong first is what is told. */
static void look(struct column *column, struct fx_stage *stage, look_fn how)
{
	int i;

	for (i = 0; i < FX_PARTIES; i++)
		if (!stage->party[i].impossible && !column->trouble[i])
			column->trouble[i] = how(&stage->party[i]);
}

static void begin(struct column *column, struct fx_stage *stage)
{
	int i;

	fx_parties_start(stage);
	for (i = 0; i < FX_PARTIES; i++)
		column->without[i] = stage->party[i].impossible;
	look(column, stage, fx_party_goes_on);
}

static void take_and_give(struct column *column, struct fx_stage *stage,
			  struct fx_site *site)
{
	const struct fx_cause *cause = column->cause;
	uint64_t revokes = fx_info(stage->buf).revokes;

	stage->loose = cause->late;
	ok(fx_cause_take(cause, site));
	/* one that was pulled out is open, but says nothing any more */
	stage->dev = cause->once ? NULL : site->dev;
	fx_parties_mark(stage);
	if (stage->dev)
		assert_in_range(fx_info(stage->buf).revokes, revokes + 1,
				UINT64_MAX);
	switch (cause->duration) {
	case FX_MOMENT:
		look(column, stage, fx_party_unharmed);
		break;
	case FX_WHILE:
		look(column, stage, fx_party_is_away);
		ok(fx_cause_give_back(cause, site));
		look(column, stage, fx_party_goes_on);
		break;
	case FX_FOR_GOOD:
		look(column, stage, fx_party_is_dead);
		ok(fx_cause_give_back(cause, site));
		break;
	}
}

static void test_everybody(void **state)
{
	struct fx *fx = *state;
	struct column *column = (struct column *)fx->variant;
	struct fx_stage stage;
	struct fx_site site;

	if (never_here(column) || !find_site(fx, column, &site)) {
		print_message("%s: %s\n", column->cause->name,
			      column->impossible);
		skip();
	}
	fx_stage(fx, &stage, site.dev);
	site.dmabuf_fd = peerbar_buffer_fd(stage.buf);
	begin(column, &stage);
	take_and_give(column, &stage, &site);
	if (stage.dev)
		fx_parties_stop(&stage);
	column->ended = true;
}

static void test_cell(void **state)
{
	struct fx *fx = *state;
	const struct cell *cell = fx->variant;
	struct column *column = cell->column;
	const char *without = column->impossible ? column->impossible
						 : column->without[cell->party];

	if (without) {
		print_message("%s\n", without);
		skip();
	}
	if (column->trouble[cell->party])
		fx_die("%s", column->trouble[cell->party]);
	if (!column->ended)
		fx_die("it did not come to the end");
}

static const char *title(const char *first, const char *between,
			 const char *second)
{
	char *text;

	if (asprintf(&text, "%s%s%s", first, between, second) < 0)
		abort();
	return text;
}

/* one test of a column, and its cells */
static struct CMUnitTest *add(struct CMUnitTest *tests, struct column *column)
{
	static struct CMUnitTest any = FX_TEST(test_cell);
	struct cell *cell;
	int i;

	*tests = any;
	tests->name = title(column->cause->name, ": ", "everybody");
	tests->test_func = test_everybody;
	tests++->initial_state = column;
	for (i = 0; i < FX_PARTIES && !never_here(column); i++) {
		cell = calloc(1, sizeof(*cell));
		if (!cell)
			abort();
		*cell = (struct cell){.column = column, .party = i};
		*tests = any;
		tests->name = title(fx_party_kinds[i]->name, " × ",
				    column->cause->name);
		tests++->initial_state = cell;
	}
	return tests;
}

/* PEERBAR_TEST_CAUSE is the name of the only one */
int main(void)
{
	struct column *columns = calloc(fx_nr_causes, sizeof(*columns));
	struct CMUnitTest *tests =
		calloc(fx_nr_causes * (1 + FX_PARTIES), sizeof(*tests));
	struct CMUnitTest *end = tests;
	const char *only = getenv("PEERBAR_TEST_CAUSE");
	unsigned int i;

	if (!columns || !tests)
		return 1;
	for (i = 0; i < fx_nr_causes; i++) {
		columns[i].cause = fx_causes[i];
		if (!only || fx_causes[i] == fx_cause(only))
			end = add(end, &columns[i]);
	}
	return _cmocka_run_group_tests("matrix", tests, (size_t)(end - tests),
				       NULL, NULL);
}
