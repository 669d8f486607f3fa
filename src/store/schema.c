/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/schema.h"

#include <gio/gio.h>
#include <stdlib.h>

#include "base/error.h"
#include "sql/sql-resource.h"

#define SCHEMA_FOLDER "/pgalmanac/sql/schema/"

/* The names come in no particular order; each begins with its number. */
static char **
list_names(void)
{
    g_autoptr(GError) error = NULL;
    char **names = g_resource_enumerate_children(sql_get_resource(), SCHEMA_FOLDER, 0, &error);

    if (names == NULL)
        g_error("no files of sql/schema: %s", error->message);
    return names;
}

int
schema_latest(void)
{
    g_auto(GStrv) names = list_names();
    int latest = 0;

    for (char **name = names; *name != NULL; name++)
        latest = MAX(latest, atoi(*name));
    return latest;
}

static const char *
find_name(int version)
{
    g_auto(GStrv) names = list_names();

    for (char **name = names; *name != NULL; name++)
        if (atoi(*name) == version)
            return g_intern_string(*name);
    g_error("no file of sql/schema has number %d", version);
}

const char *
schema_file(int version, const char **name)
{
    const char *found = find_name(version);
    g_autofree char *path = g_strconcat(SCHEMA_FOLDER, found, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) text = g_resource_lookup_data(sql_get_resource(), path, 0, &error);

    if (text == NULL)
        g_error("cannot read %s: %s", path, error->message);
    if (name != NULL)
        *name = found;
    /* Uncompressed resources are part of the program's image and end with a NUL byte. */
    return g_bytes_get_data(text, NULL);
}

bool
schema_read_version(const char *setting, int *version, GError **error)
{
    if (setting == NULL) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    "the tables in schema pgagent do not say their version (setting "
                    "\"schema_version\" is missing)");
        return false;
    }

    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(setting, 10, 1, G_MAXINT, &number, NULL)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    "the tables in schema pgagent are of an unknown version \"%s\"", setting);
        return false;
    }
    if (number > (guint64)schema_latest()) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                    "the tables in schema pgagent are of version %s, newer than version %d of this "
                    "program: install a newer pgalmanac",
                    setting, schema_latest());
        return false;
    }
    *version = (int)number;
    return true;
}

bool
schema_is_current(const char *setting, GError **error)
{
    int version = 0;

    if (!schema_read_version(setting, &version, error))
        return false;
    if (version == schema_latest())
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
                "the tables in schema pgagent are of version %d, older than version %d of this "
                "program: run pgalmanac setup",
                version, schema_latest());
    return false;
}
