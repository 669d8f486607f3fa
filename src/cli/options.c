/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/options.h"

#include <string.h>

#include "base/error.h"
#include "db/conninfo.h"

static GOptionContext *
make_context(CliOptions *self, const CliSyntax *syntax, const GOptionEntry *more)
{
    const GOptionEntry common[] = {
        {"dbname", 'd', 0, G_OPTION_ARG_FILENAME, &self->conninfo,
         "where to connect: keyword=value words, a URI, or a database (default: that of the "
         "configuration file, else libpq's PG* environment)",
         "CONNINFO"},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &self->config_file, "the configuration file",
         "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &self->json, "print the answer as JSON", NULL},
        {0},
    };
    GOptionContext *context = g_option_context_new(syntax->words);

    g_option_context_set_summary(context, syntax->summary);
    g_option_context_set_description(context, syntax->description);
    if (more != NULL)
        g_option_context_add_main_entries(context, more, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    return context;
}

static bool
check_words(const CliSyntax *syntax, char **words, GError **error)
{
    int count = (int)g_strv_length(words);

    if (count > syntax->max_words) {
        /* It may be a part of a connection string. */
        g_autofree char *shown = db_conninfo_shown(words[syntax->max_words]);
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "there is a word too many: \"%s\" (a connection string stands in one piece "
                    "after -d)",
                    shown);
    } else if (count < syntax->min_words) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "there is no %s; pgalmanac %s --help tells more", syntax->words, syntax->word);
    }
    return count >= syntax->min_words && count <= syntax->max_words;
}

bool
cli_options_read(CliOptions *self, const CliSyntax *syntax, const GOptionEntry *more, int argc,
                 char **argv, GError **error)
{
    g_autoptr(GOptionContext) context = make_context(self, syntax, more);
    g_autofree char *program = g_strdup_printf("pgalmanac %s", syntax->word);
    g_autofree char **words = g_new0(char *, argc + 1);

    memcpy(words, argv, sizeof(char *) * (size_t)argc);
    words[0] = program; /* as --help shows it */
    char **left = words;
    if (!g_option_context_parse(context, &argc, &left, error))
        return false;
    left += left[1] != NULL && strcmp(left[1], "--") == 0 ? 2 : 1;
    if (!check_words(syntax, left, error))
        return false;
    self->words = g_strdupv(left);
    return true;
}

void
cli_options_clear(CliOptions *self)
{
    g_free(self->conninfo);
    g_free(self->config_file);
    g_strfreev(self->words);
}

CliSession *
cli_options_open(const CliOptions *self, GError **error)
{
    g_autofree char *conninfo = cli_session_choose(self->conninfo, self->config_file, error);

    return conninfo != NULL ? cli_session_open(conninfo, error) : NULL;
}

CliSession *
cli_options_open_tables(const CliOptions *self, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open(self, error);

    if (session == NULL || !cli_session_check_tables(session, error))
        return NULL;
    return g_steal_pointer(&session);
}
