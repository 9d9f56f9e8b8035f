// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* peerbar_revoke - take BAR memory back under load and report what all saw */
#include <errno.h>
#include <stdlib.h>

#include <json-c/json.h>

#include "engine/error.h"
#include "engine/program.h"
#include "engine/table.h"
#include "revoke/print.h"
#include "revoke/scale.h"

static int run_phases(struct revoke_stage *stage, struct json_object *doc,
		      unsigned int *violated)
{
	struct revoke_verdict verdict;
	struct revoke_phase phase;
	int i, rc;

	for (i = 0; i < REVOKE_PHASES; i++) {
		rc = revoke_phase_run(stage, i, &phase);
		if (rc)
			return rc;
		revoke_expect(stage, i, &phase, &verdict);
		revoke_print_phase(stdout, stage, i, &phase, &verdict);
		revoke_json_phase(doc, stage, &phase, &verdict);
		*violated += verdict.violated;
	}
	return 0;
}

static int run(const struct revoke_opts *opts, struct revoke_stage *stage,
	       unsigned int *violated)
{
	struct json_object *doc;
	int rc;

	rc = revoke_stage_open(stage, opts);
	if (rc)
		return rc;
	revoke_print_stage(stdout, stage);
	doc = revoke_json_stage(stage);
	rc = revoke_stage_start(stage);
	if (!rc)
		rc = run_phases(stage, doc, violated);
	if (!rc)
		rc = bench_doc_save(doc, opts->json);
	json_object_put(doc);
	return rc;
}

static int run_under_load(const struct revoke_opts *opts)
{
	struct revoke_stage *stage = calloc(1, sizeof(*stage));
	unsigned int violated = 0;
	int rc;

	if (!stage)
		return bench_fail(-ENOMEM, "out of memory");
	rc = run(opts, stage, &violated);
	revoke_stage_close(stage);
	free(stage);
	if (violated) {
		fflush(stdout);
		fprintf(stderr, "peerbar_revoke: %u expectations violated\n",
			violated);
	}
	return rc ? rc : violated > 0;
}

int revoke_run(const void *data)
{
	const struct revoke_opts *opts = data;

	return opts->scale ? revoke_scale_run(opts) : run_under_load(opts);
}

int main(int argc, char **argv)
{
	return bench_program_main(&revoke_program, argc, argv);
}
