/* SPDX-License-Identifier: PostgreSQL */
/* The parameters of one statement, $1 first. Numbers, booleans and instants travel in binary form with
 * their type; texts travel as text of unknown type, so the statement decides ($1::uuid, $2::interval). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct DbParams DbParams;

/* The element types of arrays. */
typedef enum {
    DB_BOOL,
    DB_INT4,
    DB_INT8,
    DB_TEXT,
    DB_TIMESTAMPTZ,
} DbType;

/* An instant (microseconds since 1970) that means infinity, both ways. */
#define DB_INSTANT_INFINITY  INT64_MAX
#define DB_INSTANT_NINFINITY INT64_MIN

DbParams *db_params_new(void);
void db_params_free(DbParams *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbParams, db_params_free)

void db_params_add_bool(DbParams *self, bool value);
void db_params_add_int4(DbParams *self, int32_t value);
void db_params_add_int8(DbParams *self, int64_t value);
/* NULL is SQL's NULL. Bytes that are not UTF-8 are the caller's mistake. */
void db_params_add_text(DbParams *self, const char *value);
void db_params_add_instant(DbParams *self, int64_t at);
void db_params_add_null(DbParams *self);

/* Between these two, the adders above add elements (of that type, or NULL) to one array parameter. */
void db_params_begin_array(DbParams *self, DbType element);
void db_params_end_array(DbParams *self);

/* For the connection: parallel arrays as PQsendQueryParams takes them; owned by self. */
int db_params_count(const DbParams *self);
const unsigned int *db_params_types(const DbParams *self);
const char *const *db_params_values(DbParams *self);
const int *db_params_lengths(const DbParams *self);
const int *db_params_formats(const DbParams *self);
/* Bytes of all values. self may be NULL. */
int64_t db_params_size(const DbParams *self);
