/* SPDX-License-Identifier: PostgreSQL */
/* The options and answers of `pgalmanac doctor`. */
#include "config.h"

#include "base/settings.h"
#include "cli/cli.h"
#include "cli/doctor.h"
#include "cli/options.h"
#include "cli/session.h"

typedef struct {
    CliOptions common;
    gboolean connect;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "doctor",
    .summary =
        "Looks through tables and surroundings for what goes wrong silently. Changes nothing; "
        "also looks at the tables of a pgAgent that were not adopted yet.",
    .description = "Exits with 2 if it found an error or a warning, with 0 if there are only notes "
                   "or nothing.",
};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"connect", 0, 0, G_OPTION_ARG_NONE, &options->connect,
         "try to connect to each place where steps of enabled jobs run", NULL},
        {0},
    };

    return cli_options_read(&options->common, &syntax, entries, argc, argv, error);
}

/* An agent of this machine has what its configuration file says. */
static bool
read_limit(const CliOptions *options, int *limit, GError **error)
{
    char *named[] = {(char *)"pgalmanac", (char *)"--config", options->config_file, NULL};
    char *unnamed[] = {(char *)"pgalmanac", NULL};
    SettingsRequest request;
    bool has_file = options->config_file != NULL;
    g_autoptr(Settings) settings =
        settings_load(has_file ? 3 : 1, has_file ? named : unnamed, &request, error);

    if (settings == NULL)
        return false;
    *limit = settings->max_connections;
    return true;
}

int
cli_doctor(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};
    DoctorOptions wishes = {0};

    if (!parse(argc, argv, &options, &error) ||
        !read_limit(&options.common, &wishes.max_connections, &error))
        return cli_fail(syntax.word, error);
    g_autofree char *conninfo =
        cli_session_choose(options.common.conninfo, options.common.config_file, &error);
    if (conninfo == NULL)
        return cli_fail(syntax.word, error);

    wishes.conninfo = conninfo;
    wishes.connect = options.connect;
    g_autoptr(DoctorReport) report = doctor_run(&wishes, &error);
    if (report == NULL)
        return cli_fail(syntax.word, error);
    (options.common.json ? doctor_print_json : doctor_print)(report, stdout);
    if (!cli_flush(&error))
        return cli_fail(syntax.word, error);
    return report->counts[FINDING_ERROR] + report->counts[FINDING_WARNING] > 0 ? CLI_FINDINGS
                                                                               : CLI_OK;
}
