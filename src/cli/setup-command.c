/* SPDX-License-Identifier: PostgreSQL */
/* The words, options and answers of `pgalmanac setup`. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/session.h"
#include "cli/setup.h"
#include "db/target.h"

typedef struct {
    char *conninfo;
    char *config_file;
    char *timezone;
    gboolean dry_run;
    gboolean json;
} Options;

static void
options_clear(Options *self)
{
    g_free(self->conninfo);
    g_free(self->config_file);
    g_free(self->timezone);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"dbname", 'd', 0, G_OPTION_ARG_STRING, &options->conninfo,
         "where to connect: keyword=value words, a URI, or a database (default: that of the "
         "configuration file, else libpq's PG* environment)",
         "CONNINFO"},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &options->config_file, "the configuration file",
         "FILE"},
        {"timezone", 0, 0, G_OPTION_ARG_STRING, &options->timezone,
         "the zone of schedules that name none (default: as it is, or the server's)", "ZONE"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
         "print the SQL that would run, change nothing", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "print the outcome as JSON", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, "Installs the tables of pgAlmanac in a database, or brings them up to date.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "there is a word too many: give the connection string in one piece after -d");
        return false;
    }
    return true;
}

static void
print_json(const SetupReport *report)
{
    printf("{\"version\": %d, \"timezone\": \"%s\", \"installed\": [", report->version,
           report->timezone);
    for (guint i = 0; i < report->files->len; i++)
        printf("%s\"%s\"", i > 0 ? ", " : "", (char *)g_ptr_array_index(report->files, i));
    printf("]}\n");
}

static void
print_text(const SetupReport *report)
{
    printf("%s\n", report->place);
    for (guint i = 0; i < report->files->len; i++)
        printf("installed %s\n", (char *)g_ptr_array_index(report->files, i));
    printf("time zone %s (%s)\n", report->timezone, report->timezone_from);
    printf("tables are of version %d%s\n", report->version,
           report->files->len == 0 ? ", nothing to install" : "");
}

static void
print_sql(const SetupReport *report)
{
    printf("-- %s\n-- time zone %s (%s)\n%s", report->place, report->timezone,
           report->timezone_from, report->sql->str);
    if (report->sql->len == 0)
        printf("-- nothing to do: tables are of version %d\n", report->version);
}

int
cli_setup(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};
    /* The original words are masked so that ps shows no password; GOption takes its own copies. */
    g_auto(GStrv) kept = g_strdupv(argv);
    g_autofree char **words = g_new0(char *, argc + 1);

    memcpy(words, kept, sizeof(char *) * (size_t)argc);
    words[0] = (char *)"pgalmanac setup"; /* as --help shows it */
    for (int i = 1; i < argc; i++)
        db_conninfo_mask(argv[i]);
    if (!parse(argc, words, &options, &error))
        return cli_fail("setup", error);

    g_autofree char *conninfo = cli_session_choose(options.conninfo, options.config_file, &error);
    if (conninfo == NULL)
        return cli_fail("setup", error);

    SetupOptions wishes = {.timezone = options.timezone, .dry_run = options.dry_run};
    g_autoptr(SetupReport) report = setup_run(conninfo, &wishes, &error);
    if (report == NULL)
        return cli_fail("setup", error);

    if (options.dry_run)
        print_sql(report);
    else if (options.json)
        print_json(report);
    else
        print_text(report);
    return CLI_OK;
}
