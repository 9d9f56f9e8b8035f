// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "environment.h"
#include "error.h"
#include "json.h"
#include "table.h"

void bench_table_open(struct bench_table *table, FILE *to,
		      const struct bench_column *column, unsigned int n,
		      struct json_object *doc, const char *key)
{
	unsigned int i;

	*table = (struct bench_table){
		.to = to,
		.column = column,
		.n = n,
		.rows = json_object_new_array(),
	};
	json_object_object_add(doc, key, table->rows);
	for (i = 0; i < n; i++)
		fprintf(to, " %-*s", column[i].width, column[i].head);
	fputc('\n', to);
}

static struct json_object *to_json(const struct bench_column *column,
				   const struct bench_cell *cell)
{
	if (column->decimals == BENCH_TEXT)
		return json_object_new_string(cell->text);
	if (column->decimals == BENCH_INTEGER)
		return json_object_new_uint64((uint64_t)cell->number);
	return json_object_new_double(cell->number);
}

void bench_table_row(struct bench_table *table, const struct bench_cell *cell)
{
	struct json_object *row = json_object_new_object();
	const struct bench_column *column = table->column;
	unsigned int i;

	for (i = 0; i < table->n; i++) {
		json_object_object_add(row, column[i].key,
				       to_json(&column[i], &cell[i]));
		if (column[i].decimals == BENCH_TEXT)
			fprintf(table->to, " %-*s", column[i].width,
				cell[i].text);
		else
			fprintf(table->to, " %-*.*f", column[i].width,
				column[i].decimals, cell[i].number);
	}
	json_object_array_add(table->rows, row);
	fputc('\n', table->to);
	fflush(table->to);
}

struct json_object *bench_doc_new(const char *schema, unsigned int version,
				  const char *nic)
{
	struct json_object *doc = json_object_new_object();

	bench_put_text(doc, "schema", schema);
	bench_put_u64(doc, "version", version);
	json_object_object_add(doc, "environment", bench_environment(nic));
	return doc;
}

int bench_doc_save(struct json_object *doc, const char *file)
{
	if (!file)
		return 0;
	if (json_object_to_file_ext(file, doc, JSON_C_TO_STRING_PRETTY))
		return bench_fail(-EIO, "%s: %s", file, json_util_get_last_err());
	return 0;
}
