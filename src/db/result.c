/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/result.h"

#include <libpq-fe.h>
#include <string.h>

#include "db/params.h"
#include "db/pgtypes.h"

struct DbResult {
    PGresult *pg;
};

DbResult *
db_result_new(void *pg_result)
{
    DbResult *self = g_new0(DbResult, 1);
    self->pg = pg_result;
    return self;
}

void
db_result_free(DbResult *self)
{
    if (!self)
        return;
    PQclear(self->pg);
    g_free(self);
}

int
db_result_rows(const DbResult *self)
{
    return PQntuples(self->pg);
}

int
db_result_columns(const DbResult *self)
{
    return PQnfields(self->pg);
}

int64_t
db_result_affected(const DbResult *self)
{
    return g_ascii_strtoll(PQcmdTuples(self->pg), NULL, 10);
}

bool
db_result_is_text(const DbResult *self, int column)
{
    switch (PQftype(self->pg, column)) {
    case PG_TEXT:
    case PG_VARCHAR:
    case PG_NAME:
    case PG_BPCHAR:
    case PG_CHAR:
    case PG_UNKNOWN:
    case PG_JSON:
        return true;
    }
    return false;
}

bool
db_result_is_int(const DbResult *self, int column)
{
    switch (PQftype(self->pg, column)) {
    case PG_INT2:
    case PG_INT4:
    case PG_INT8:
    case PG_OID:
    case PG_XID:
        return true;
    }
    return false;
}

bool
db_result_is_null(const DbResult *self, int row, int column)
{
    g_assert_cmpint(row, <, PQntuples(self->pg));
    g_assert_cmpint(column, <, PQnfields(self->pg));
    return PQgetisnull(self->pg, row, column) != 0;
}

/* The bytes of a field, NULL for SQL's NULL. */
static const guint8 *
field(const DbResult *self, int row, int column)
{
    if (db_result_is_null(self, row, column))
        return NULL;
    g_assert_cmpint(PQfformat(self->pg, column), ==, 1);
    return (const guint8 *)PQgetvalue(self->pg, row, column);
}

static const guint8 *
field_of_type(const DbResult *self, int row, int column, unsigned int type)
{
    const guint8 *bytes = field(self, row, column);
    if (bytes)
        g_assert_cmpuint(PQftype(self->pg, column), ==, type);
    return bytes;
}

static int16_t
read_int16(const guint8 *bytes)
{
    uint16_t big;
    memcpy(&big, bytes, sizeof big);
    return (int16_t)GUINT16_FROM_BE(big);
}

static uint32_t
read_uint32(const guint8 *bytes)
{
    uint32_t big;
    memcpy(&big, bytes, sizeof big);
    return GUINT32_FROM_BE(big);
}

static int64_t
read_int64(const guint8 *bytes)
{
    uint64_t big;
    memcpy(&big, bytes, sizeof big);
    return (int64_t)GUINT64_FROM_BE(big);
}

bool
db_result_bool(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field_of_type(self, row, column, PG_BOOL);
    return bytes && bytes[0] != 0;
}

int64_t
db_result_int(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field(self, row, column);
    if (!bytes)
        return 0;
    switch (PQftype(self->pg, column)) {
    case PG_INT2:
        return read_int16(bytes);
    case PG_INT4:
        return (int32_t)read_uint32(bytes);
    case PG_INT8:
        return read_int64(bytes);
    case PG_OID:
    case PG_XID:
        return read_uint32(bytes);
    }
    g_error("column %d is of type %u, not an integer", column, PQftype(self->pg, column));
}

double
db_result_double(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field(self, row, column);
    if (!bytes)
        return 0;
    if (PQftype(self->pg, column) == PG_FLOAT4) {
        uint32_t bits = read_uint32(bytes);
        float value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    g_assert_cmpuint(PQftype(self->pg, column), ==, PG_FLOAT8);
    int64_t bits = read_int64(bytes);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const char *
db_result_text(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field(self, row, column);
    if (!bytes)
        return NULL;
    if (!db_result_is_text(self, column))
        g_error("column %d is of type %u, not text", column, PQftype(self->pg, column));
    return (const char *)bytes;
}

int64_t
db_result_instant(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field_of_type(self, row, column, PG_TIMESTAMPTZ);
    if (!bytes)
        return 0;
    int64_t value = read_int64(bytes);
    if (value == INT64_MAX)
        return DB_INSTANT_INFINITY;
    if (value == INT64_MIN)
        return DB_INSTANT_NINFINITY;
    int64_t at;
    /* PostgreSQL's last 30 years (from 294247 on) do not fit when counted from 1970. */
    if (__builtin_add_overflow(value, PG_EPOCH_US, &at))
        return DB_INSTANT_INFINITY;
    return at;
}

int64_t
db_result_date(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field_of_type(self, row, column, PG_DATE);
    if (!bytes)
        return 0;
    int32_t days = (int32_t)read_uint32(bytes);
    if (days == INT32_MAX)
        return INT64_MAX;
    if (days == INT32_MIN)
        return INT64_MIN;
    return days + PG_EPOCH_DAYS;
}

int64_t
db_result_time(const DbResult *self, int row, int column)
{
    const guint8 *bytes = field_of_type(self, row, column, PG_TIME);
    return bytes ? read_int64(bytes) : 0;
}

uint64_t
db_result_bits(const DbResult *self, int row, int column, size_t *length)
{
    *length = 0;
    const guint8 *bytes = field_of_type(self, row, column, PG_BOOL_ARRAY);
    if (!bytes)
        return 0;

    const guint8 *end = bytes + PQgetlength(self->pg, row, column);
    g_assert_cmpint(end - bytes, >=, 12);
    uint32_t dimensions = read_uint32(bytes);
    bytes += 12;
    if (dimensions == 0)
        return 0;
    size_t elements = 1;
    for (uint32_t i = 0; i < dimensions; i++, bytes += 8) {
        g_assert_cmpint(end - bytes, >=, 8);
        elements *= read_uint32(bytes);
    }

    uint64_t bits = 0;
    for (size_t i = 0; i < MIN(elements, 64); i++) {
        g_assert_cmpint(end - bytes, >=, 4);
        int32_t size = (int32_t)read_uint32(bytes);
        bytes += 4;
        if (size < 0)
            continue;
        g_assert_cmpint(end - bytes, >=, size);
        if (size > 0 && bytes[0])
            bits |= UINT64_C(1) << i;
        bytes += size;
    }
    *length = elements;
    return bits;
}
