/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/sql.h"

#include <gio/gio.h>

#include "sql/sql-resource.h"

static const char *
look_up(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = g_resource_lookup_data(sql_get_resource(), path, 0, &error);

    if (text == NULL)
        g_error("no file %s: %s", path, error->message);
    /* Uncompressed resources are part of the program's image and end with a NUL byte. */
    return g_bytes_get_data(text, NULL);
}

const char *
sql_query(const char *name)
{
    g_autofree char *path = g_strdup_printf("/pgalmanac/sql/query/%s.sql", name);

    return look_up(path);
}

const char *
sql_script(const char *name)
{
    g_autofree char *path = g_strdup_printf("/pgalmanac/sql/%s.sql", name);

    return look_up(path);
}
