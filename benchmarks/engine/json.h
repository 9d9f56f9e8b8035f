/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/**
 * DOC: Members of JSON objects
 */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

static inline void bench_put_u64(struct json_object *obj, const char *key,
				 uint64_t value)
{
	json_object_object_add(obj, key, json_object_new_uint64(value));
}

static inline void bench_put_double(struct json_object *obj, const char *key,
				    double value)
{
	json_object_object_add(obj, key, json_object_new_double(value));
}

static inline void bench_put_bool(struct json_object *obj, const char *key,
				  bool value)
{
	json_object_object_add(obj, key, json_object_new_boolean(value));
}

static inline void bench_put_text(struct json_object *obj, const char *key,
				  const char *value)
{
	json_object_object_add(obj, key, json_object_new_string(value));
}

/** bench_put_u64s - an array of @n numbers */
static inline void bench_put_u64s(struct json_object *obj, const char *key,
				  const uint64_t *value, uint32_t n)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_uint64(value[i]));
	json_object_object_add(obj, key, list);
}

/** bench_put_doubles - an array of @n numbers, each divided by @unit */
static inline void bench_put_doubles(struct json_object *obj, const char *key,
				     const double *value, uint32_t n, double unit)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list,
				      json_object_new_double(value[i] / unit));
	json_object_object_add(obj, key, list);
}

/* of what is not there: 0, NULL */
static inline uint64_t bench_get_u64(struct json_object *obj, const char *key)
{
	return json_object_get_uint64(json_object_object_get(obj, key));
}

static inline double bench_get_double(struct json_object *obj, const char *key)
{
	return json_object_get_double(json_object_object_get(obj, key));
}

static inline const char *bench_get_text(struct json_object *obj, const char *key)
{
	return json_object_get_string(json_object_object_get(obj, key));
}

static inline void bench_get_u64s(struct json_object *obj, const char *key,
				  uint64_t *value, uint32_t n)
{
	struct json_object *list = json_object_object_get(obj, key);
	uint32_t i;

	for (i = 0; i < n; i++)
		value[i] = json_object_get_uint64(
			json_object_array_get_idx(list, i));
}

#endif /* BENCH_JSON_H */
