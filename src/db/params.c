/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "db/params.h"

#include <string.h>

#include "db/pgtypes.h"

enum {
    FORMAT_TEXT = 0,
    FORMAT_BINARY = 1
};

/* The array that is being filled: its elements as they travel, each with its length in front. */
typedef struct {
    DbType element;
    int count;
    bool has_null;
    GByteArray *bytes;
} OpenArray;

struct DbParams {
    GArray *types;     /* Oid */
    GPtrArray *values; /* char *, or NULL */
    GArray *lengths;   /* int */
    GArray *formats;   /* int */
    OpenArray *array;  /* NULL unless between begin and end */
};

static const struct {
    unsigned int type;
    unsigned int array_type;
} oids[] = {
    [DB_BOOL] = {PG_BOOL, PG_BOOL_ARRAY},
    [DB_INT4] = {PG_INT4, PG_INT4_ARRAY},
    [DB_INT8] = {PG_INT8, PG_INT8_ARRAY},
    [DB_TEXT] = {PG_TEXT, PG_TEXT_ARRAY},
    [DB_TIMESTAMPTZ] = {PG_TIMESTAMPTZ, PG_TIMESTAMPTZ_ARRAY},
};

/* bytes NULL = SQL's NULL. One byte more is kept, so that text ends with NUL. */
static void
add_parameter(DbParams *self, unsigned int type, int format, const void *bytes, gsize length)
{
    char *value = NULL;
    if (bytes) {
        value = g_malloc(length + 1);
        memcpy(value, bytes, length);
        value[length] = '\0';
    }
    int length_as_int = (int)length;
    g_array_append_val(self->types, type);
    g_ptr_array_add(self->values, value);
    g_array_append_val(self->lengths, length_as_int);
    g_array_append_val(self->formats, format);
}

static void
append_int32(GByteArray *to, int32_t value)
{
    uint32_t big = GUINT32_TO_BE((uint32_t)value);
    g_byte_array_append(to, (const guint8 *)&big, sizeof big);
}

static void
add_element(OpenArray *array, const void *bytes, gsize length)
{
    array->count++;
    if (!bytes) {
        array->has_null = true;
        append_int32(array->bytes, -1);
        return;
    }
    append_int32(array->bytes, (int32_t)length);
    g_byte_array_append(array->bytes, bytes, (guint)length);
}

static void
add_binary(DbParams *self, DbType type, const void *bytes, gsize length)
{
    g_assert_cmpuint(length, <=, G_MAXINT32);
    if (self->array) {
        g_assert_cmpint(self->array->element, ==, type);
        add_element(self->array, bytes, length);
        return;
    }
    add_parameter(self, oids[type].type, FORMAT_BINARY, bytes, length);
}

static void
open_array_free(OpenArray *array)
{
    g_byte_array_unref(array->bytes);
    g_free(array);
}

DbParams *
db_params_new(void)
{
    DbParams *self = g_new0(DbParams, 1);
    self->types = g_array_new(FALSE, FALSE, sizeof(unsigned int));
    self->values = g_ptr_array_new_with_free_func(g_free);
    self->lengths = g_array_new(FALSE, FALSE, sizeof(int));
    self->formats = g_array_new(FALSE, FALSE, sizeof(int));
    return self;
}

void
db_params_free(DbParams *self)
{
    if (!self)
        return;
    g_array_unref(self->types);
    g_ptr_array_unref(self->values);
    g_array_unref(self->lengths);
    g_array_unref(self->formats);
    g_clear_pointer(&self->array, open_array_free);
    g_free(self);
}

void
db_params_add_bool(DbParams *self, bool value)
{
    guint8 byte = value ? 1 : 0;
    add_binary(self, DB_BOOL, &byte, sizeof byte);
}

void
db_params_add_int4(DbParams *self, int32_t value)
{
    uint32_t big = GUINT32_TO_BE((uint32_t)value);
    add_binary(self, DB_INT4, &big, sizeof big);
}

void
db_params_add_int8(DbParams *self, int64_t value)
{
    uint64_t big = GUINT64_TO_BE((uint64_t)value);
    add_binary(self, DB_INT8, &big, sizeof big);
}

void
db_params_add_text(DbParams *self, const char *value)
{
    gsize length = value ? strlen(value) : 0;
    if (self->array) {
        add_binary(self, DB_TEXT, value, length);
        return;
    }
    g_assert_cmpuint(length, <=, G_MAXINT32);
    add_parameter(self, 0, FORMAT_TEXT, value, length);
}

/* What lies below PostgreSQL's range must not wrap round to a date in the far future; the server says
 * "out of range" itself to anything between its own limits and ours. */
static int64_t
to_pg_instant(int64_t at)
{
    if (at == DB_INSTANT_INFINITY || at == DB_INSTANT_NINFINITY)
        return at;
    int64_t result;
    if (__builtin_sub_overflow(at, PG_EPOCH_US, &result) || result == INT64_MIN)
        return INT64_MIN + 1;
    return result;
}

void
db_params_add_instant(DbParams *self, int64_t at)
{
    uint64_t big = GUINT64_TO_BE((uint64_t)to_pg_instant(at));
    add_binary(self, DB_TIMESTAMPTZ, &big, sizeof big);
}

void
db_params_add_null(DbParams *self)
{
    if (self->array) {
        add_element(self->array, NULL, 0);
        return;
    }
    add_parameter(self, 0, FORMAT_TEXT, NULL, 0);
}

void
db_params_begin_array(DbParams *self, DbType element)
{
    g_assert_null(self->array);
    self->array = g_new0(OpenArray, 1);
    self->array->element = element;
    self->array->bytes = g_byte_array_new();
}

/* Dimensions, whether there are NULLs, element type; then of the one dimension its size and lower bound. */
void
db_params_end_array(DbParams *self)
{
    g_assert_nonnull(self->array);
    OpenArray *array = g_steal_pointer(&self->array);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    append_int32(bytes, array->count > 0 ? 1 : 0);
    append_int32(bytes, array->has_null ? 1 : 0);
    append_int32(bytes, (int32_t)oids[array->element].type);
    if (array->count > 0) {
        append_int32(bytes, array->count);
        append_int32(bytes, 1);
        g_byte_array_append(bytes, array->bytes->data, array->bytes->len);
    }
    add_parameter(self, oids[array->element].array_type, FORMAT_BINARY, bytes->data, bytes->len);
    open_array_free(array);
}

int
db_params_count(const DbParams *self)
{
    g_assert_null(self->array);
    return (int)self->values->len;
}

const unsigned int *
db_params_types(const DbParams *self)
{
    return (const unsigned int *)(gconstpointer)self->types->data;
}

const char *const *
db_params_values(DbParams *self)
{
    return (const char *const *)self->values->pdata;
}

const int *
db_params_lengths(const DbParams *self)
{
    return (const int *)(gconstpointer)self->lengths->data;
}

const int *
db_params_formats(const DbParams *self)
{
    return (const int *)(gconstpointer)self->formats->data;
}

int64_t
db_params_size(const DbParams *self)
{
    int64_t size = 0;
    for (guint i = 0; self && i < self->lengths->len; i++)
        size += g_array_index(self->lengths, int, i);
    return size;
}
