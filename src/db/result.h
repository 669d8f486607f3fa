/* SPDX-License-Identifier: PostgreSQL */
/* Rows that a statement returned (in binary form), read by row and column from 0. Reading a NULL gives 0,
 * false, NULL; ask db_result_is_null where that matters. A column of another type is a programming error. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct DbResult DbResult;

/* Takes over a PGresult with binary columns. */
DbResult *db_result_new(void *pg_result);
void db_result_free(DbResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DbResult, db_result_free)

int db_result_rows(const DbResult *self);
int db_result_columns(const DbResult *self);
/* Rows affected by an INSERT, UPDATE or DELETE; rows returned by a SELECT; 0 for what counts none. */
int64_t db_result_affected(const DbResult *self);
/* Whether a column is of a type that db_result_text or db_result_int reads. */
bool db_result_is_text(const DbResult *self, int column);
bool db_result_is_int(const DbResult *self, int column);
bool db_result_is_null(const DbResult *self, int row, int column);
bool db_result_bool(const DbResult *self, int row, int column);
/* int2, int4, int8, oid and xid. */
int64_t db_result_int(const DbResult *self, int row, int column);
double db_result_double(const DbResult *self, int row, int column);
/* text, varchar, name, bpchar, "char", json, unknown; valid as long as the result. */
const char *db_result_text(const DbResult *self, int row, int column);
/* timestamptz; DB_INSTANT_INFINITY and DB_INSTANT_NINFINITY as in params.h. The last years that PostgreSQL
 * knows (from 294247 on) read as infinity. */
int64_t db_result_instant(const DbResult *self, int row, int column);
/* date as days since 1970-01-01 (INT64_MAX, INT64_MIN = infinity); time as microseconds of the day. */
int64_t db_result_date(const DbResult *self, int row, int column);
int64_t db_result_time(const DbResult *self, int row, int column);
/* bool[]: element i is bit i, NULL counts as false; *length gets the number of elements (at most 64 are read). */
uint64_t db_result_bits(const DbResult *self, int row, int column, size_t *length);
