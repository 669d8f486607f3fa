/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/passfile.h"

#include <string.h>
#include <sys/stat.h>

char *
passfile_default(void)
{
    const char *named = g_getenv("PGPASSFILE");

    return named != NULL && *named != '\0' ? g_strdup(named)
                                           : g_build_filename(g_get_home_dir(), ".pgpass", NULL);
}

/* The field that begins here is the value, or a star: what follows its colon; else NULL. */
static const char *
match_field(const char *line, const char *value)
{
    if (line == NULL)
        return NULL;
    if (line[0] == '*' && line[1] == ':')
        return line + 2;
    for (; *line != '\0'; line++, value++) {
        if (*line == ':' && *value == '\0')
            return line + 1;
        if (*line == '\\' && line[1] != '\0')
            line++;
        if (*line != *value || *value == '\0')
            return NULL;
    }
    return NULL;
}

static bool
line_serves(const char *line, const PassfileWish *wish)
{
    if (*line == '#')
        return false;
    const char *rest = match_field(line, wish->host);
    rest = match_field(rest, wish->port);
    rest = match_field(rest, wish->database);
    rest = match_field(rest, wish->user);
    return rest != NULL && *rest != '\0';
}

/* A socket in libpq's default directory is written localhost. */
static const char *
name_host(const char *host)
{
    static const char *const defaults[] = {"", "/tmp", "/var/run/postgresql", "/run/postgresql",
                                           NULL};

    return g_strv_contains(defaults, host) ? "localhost" : host;
}

PassfileOutcome
passfile_find(const char *path, const PassfileWish *wish)
{
    struct stat status;
    g_autofree char *text = NULL;
    PassfileWish named = *wish;

    if (stat(path, &status) != 0)
        return PASSFILE_NO_FILE;
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        !g_file_get_contents(path, &text, NULL, NULL))
        return PASSFILE_IGNORED;

    named.host = name_host(wish->host);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_strdelimit(*line, "\r", '\0');
        if (line_serves(*line, &named))
            return PASSFILE_FOUND;
    }
    return PASSFILE_NO_ENTRY;
}
