/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Tables, on paper and as JSON
 *
 * A program names its columns once; a row goes to both.
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include <stdio.h>

struct json_object;

/** most columns of a table */
#define BENCH_COLUMNS_MAX 16

/**
 * struct bench_column - a column
 * @head: its header
 * @key: of the member in JSON
 * @width: characters
 * @decimals: digits after the point; BENCH_INTEGER; BENCH_TEXT
 */
struct bench_column {
	const char *head;
	const char *key;
	int width;
	int decimals;
};

#define BENCH_INTEGER 0
#define BENCH_TEXT    (-1)

/**
 * struct bench_cell - a value; which member counts is its column's to say
 */
struct bench_cell {
	double number;
	const char *text;
};

/**
 * struct bench_table - a table under way
 * @to: where the text goes
 * @column: @n columns
 * @rows: JSON
 */
struct bench_table {
	FILE *to;
	const struct bench_column *column;
	unsigned int n;
	struct json_object *rows;
};

/**
 * bench_table_open - print the headers
 * @doc: gets the rows as the member @key
 */
void bench_table_open(struct bench_table *table, FILE *to,
		      const struct bench_column *column, unsigned int n,
		      struct json_object *doc, const char *key);

/** bench_table_row - as many cells as there are columns */
void bench_table_row(struct bench_table *table, const struct bench_cell *cell);

/**
 * bench_doc_new - the document of a program: schema, version, environment
 * @nic: RDMA device, or NULL
 */
struct json_object *bench_doc_new(const char *schema, unsigned int version,
				  const char *nic);

/** bench_doc_save - to @file, unless that is NULL; 0 or -errno */
int bench_doc_save(struct json_object *doc, const char *file);

#endif /* BENCH_TABLE_H */
