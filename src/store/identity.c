/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/identity.h"

#include <string.h>

#include "base/error.h"

enum {
    SYSTEM,
    NUMBER,
    NAME,
    N_PARTS
};

static const char unknown[] = "?";

/* NULL if it is none. The name, which comes last, may have slashes. */
static char **
split(const char *identity)
{
    char **parts = g_strsplit(identity, "/", N_PARTS);

    if (g_strv_length(parts) == N_PARTS)
        return parts;
    g_strfreev(parts);
    return NULL;
}

static bool
is_known(const char *system)
{
    return strcmp(system, unknown) != 0;
}

bool
identity_is_same(const char *kept, const char *here)
{
    g_auto(GStrv) one = split(kept);
    g_auto(GStrv) other = split(here);

    if (one == NULL || other == NULL || strcmp(one[NUMBER], other[NUMBER]) != 0)
        return false;
    if (is_known(one[SYSTEM]) && is_known(other[SYSTEM]))
        return strcmp(one[SYSTEM], other[SYSTEM]) == 0;
    return strcmp(one[NAME], other[NAME]) == 0;
}

bool
identity_is_better(const char *kept, const char *here)
{
    if (kept == NULL || !identity_is_same(kept, here))
        return true;
    g_autofree char *system = identity_system(here);
    return system != NULL && strcmp(kept, here) != 0;
}

char *
identity_system(const char *identity)
{
    g_auto(GStrv) parts = split(identity);

    return parts != NULL && is_known(parts[SYSTEM]) ? g_strdup(parts[SYSTEM]) : NULL;
}

/* Where they were set up, seen from here. */
static char *
describe_home(const char *kept, const char *here)
{
    g_auto(GStrv) home = split(kept);
    g_auto(GStrv) now = split(here);

    if (home == NULL)
        return g_strdup_printf("a place that cannot be read (setting \"identity\": \"%s\")", kept);
    bool is_elsewhere = now != NULL && is_known(home[SYSTEM]) && is_known(now[SYSTEM]) &&
                        strcmp(home[SYSTEM], now[SYSTEM]) != 0;
    return g_strdup_printf("database \"%s\" (number %s) of %s", home[NAME], home[NUMBER],
                           is_elsewhere ? "another server" : "this or another server");
}

GError *
identity_refusal(const char *kept, const char *here, const char *place)
{
    g_autofree char *home = describe_home(kept, here);

    return g_error_new(
        ALMANAC_ERROR, ALMANAC_ERROR_SCHEMA,
        "the tables in %s are a copy, or were moved (a restored dump, a database made from a "
        "template, pg_upgrade): they belong to %s, and no job runs here; if the jobs are to run "
        "here from now on, and no longer there, say so with \"pgalmanac setup --accept\"",
        place, home);
}
