/* SPDX-License-Identifier: PostgreSQL */
/* The words, options and answers of `pgalmanac setup`. */
#include "config.h"

#include <stdio.h>

#include "cli/adopt.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/release.h"
#include "cli/session.h"
#include "cli/setup.h"

typedef struct {
    CliOptions common;
    char *timezone;
    gboolean release;
    gboolean force;
    gboolean accept;
    gboolean dry_run;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
    g_free(self->timezone);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "setup",
    .summary =
        "Installs the tables of pgAlmanac in a database, or brings them up to date. Those of a "
        "pgAgent are taken over.",
};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"timezone", 0, 0, G_OPTION_ARG_STRING, &options->timezone,
         "the zone of schedules that name none (default: as it is, or the server's)", "ZONE"},
        {"release", 0, 0, G_OPTION_ARG_NONE, &options->release,
         "give the tables back to pgAgent: what is ours goes, jobs that it cannot run are disabled",
         NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options->force,
         "take over the tables of a pgAgent that is connected; with --release: also while agents "
         "are at work, whose runs are closed",
         NULL},
        {"accept", 0, 0, G_OPTION_ARG_NONE, &options->accept,
         "the tables are a copy, or were moved: from now on the jobs run here", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
         "change nothing, print the SQL that would run; of a pgAgent: the report", NULL},
        {0},
    };

    if (!cli_options_read(&options->common, &syntax, entries, argc, argv, error))
        return false;
    if (options->release && options->timezone != NULL) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--timezone and --release do not go together: change the time zone first");
        return false;
    }
    if (options->release && options->accept) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--accept and --release do not go together: a pgAgent asks for no home");
        return false;
    }
    return true;
}

static void
print_json(const SetupReport *report)
{
    printf("{\"version\": %d, \"timezone\": \"%s\", \"accepted\": %s, \"installed\": [",
           report->version, report->timezone, report->is_accepted ? "true" : "false");
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
    if (report->is_accepted)
        printf("accepted: from now on the jobs run here\n");
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

    if (!parse(argc, argv, &options, &error))
        return cli_fail("setup", error);

    g_autofree char *conninfo =
        cli_session_choose(options.common.conninfo, options.common.config_file, &error);
    if (conninfo == NULL)
        return cli_fail("setup", error);

    if (options.release) {
        ReleaseOptions how = {.dry_run = options.dry_run, .force = options.force};

        return cli_release(conninfo, &how, options.common.json ? RELEASE_JSON : RELEASE_TEXT);
    }

    SetupOptions wishes = {.timezone = options.timezone,
                           .dry_run = options.dry_run,
                           .force = options.force,
                           .accept = options.accept};
    g_autoptr(SetupReport) report = setup_run(conninfo, &wishes, &error);
    if (report == NULL)
        return cli_fail("setup", error);

    if (report->adoption != NULL && options.common.json)
        adopt_print_json(report, options.dry_run);
    else if (report->adoption != NULL)
        adopt_print_text(report, options.dry_run);
    else if (options.dry_run)
        print_sql(report);
    else if (options.common.json)
        print_json(report);
    else
        print_text(report);
    return CLI_OK;
}
