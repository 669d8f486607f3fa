/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "tzif-maker.h"

#include <string.h>

static void
put(GByteArray *file, uint64_t value, int size)
{
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
        guint8 byte = (guint8)(value >> shift);
        g_byte_array_append(file, &byte, 1);
    }
}

/* Each change has a time type of its own; the first type is that before all changes. */
static void
put_block(GByteArray *file, char version, int time_size, int32_t first_offset, const int64_t *at,
          const int32_t *offset, size_t n)
{
    guint8 version_and_rest[16] = {(guint8)version};
    g_byte_array_append(file, (const guint8 *)"TZif", 4);
    g_byte_array_append(file, version_and_rest, sizeof(version_and_rest));
    const size_t counts[] = {0, 0, 0, n, n + 1, 4};
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        put(file, counts[i], 4);
    for (size_t i = 0; i < n; i++)
        put(file, (uint64_t)at[i], time_size);
    for (size_t i = 0; i < n; i++)
        put(file, i + 1, 1);
    for (size_t i = 0; i <= n; i++) {
        put(file, (uint32_t)(i == 0 ? first_offset : offset[i - 1]), 4);
        put(file, 0, 2);
    }
    g_byte_array_append(file, (const guint8 *)"ABC", 4);
}

GByteArray *
tzif_make(char version, int32_t first_offset, const int64_t *at, const int32_t *offset, size_t n,
          const char *footer)
{
    GByteArray *file = g_byte_array_new();
    if (version == '\0') {
        put_block(file, version, 4, first_offset, at, offset, n);
        return file;
    }
    put_block(file, version, 4, 0, NULL, NULL, 0);
    put_block(file, version, 8, first_offset, at, offset, n);
    put(file, '\n', 1);
    g_byte_array_append(file, (const guint8 *)footer, (guint)strlen(footer));
    put(file, '\n', 1);
    return file;
}
