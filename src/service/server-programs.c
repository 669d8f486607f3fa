/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "service/server-programs.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Debian and its kin, Red Hat and its kin; each as prefix and suffix of the version. */
static const char *const layouts[][2] = {
    {"/usr/lib/postgresql/", "/bin"},
    {"/usr/pgsql-", "/bin"},
};

static bool
holds_programs(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "pg_ctl", NULL);

    return g_file_test(path, G_FILE_TEST_IS_EXECUTABLE);
}

static char *
find_version(const char *version)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        g_autofree char *folder = g_strconcat(layouts[i][0], version, layouts[i][1], NULL);

        if (holds_programs(folder))
            return g_steal_pointer(&folder);
    }
    return NULL;
}

static char *
find_newest_of(const char *prefix, const char *suffix)
{
    g_autofree char *pattern = g_strconcat(prefix, "*", suffix, NULL);
    g_autofree char *newest = NULL;
    double newest_version = 0;
    glob_t found = {0};

    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            double version = g_ascii_strtod(found.gl_pathv[i] + strlen(prefix), NULL);

            if (version > newest_version && holds_programs(found.gl_pathv[i])) {
                newest_version = version;
                g_free(newest);
                newest = g_strdup(found.gl_pathv[i]);
            }
        }
    }
    globfree(&found);
    return g_steal_pointer(&newest);
}

static char *
find_newest(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++) {
        char *folder = find_newest_of(layouts[i][0], layouts[i][1]);

        if (folder != NULL)
            return folder;
    }
    return NULL;
}

char *
server_programs_find(const char *version, GError **error)
{
    if (g_getenv("PG_BINDIR") != NULL)
        return g_strdup(g_getenv("PG_BINDIR"));

    char *folder = version != NULL ? find_version(version) : find_newest();
    if (folder != NULL)
        return folder;

    /* Perhaps of another version: pg_ctl itself then says so clearly. */
    g_autofree char *program = g_find_program_in_path("pg_ctl");
    if (program != NULL)
        return g_path_get_dirname(program);
    g_set_error(
        error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND,
        "cannot find a PostgreSQL server%s%s: install one, or name the folder of initdb and "
        "pg_ctl in PG_BINDIR",
        version != NULL ? " of version " : "", version != NULL ? version : "");
    return NULL;
}

bool
server_programs_run(const char *const *argv, const char *directory, GError **error)
{
    g_autofree char *said = NULL;
    g_autofree char *complained = NULL;
    g_autoptr(GError) reason = NULL;
    g_autofree char *name = g_path_get_basename(argv[0]);
    int status = 0;

    if (!g_spawn_sync(directory, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &said,
                      &complained, &status, &reason)) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not run %s: %s", name,
                    reason->message);
        return false;
    }
    if (status == 0)
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "%s failed: %s%s", name,
                g_strstrip(complained), g_strstrip(said));
    return false;
}
