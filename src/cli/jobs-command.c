/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac jobs`: a line for each job. */
#include "config.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"

typedef struct {
    CliOptions common;
    gboolean failed;
    gboolean running;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "jobs",
    .words = "[NAME]",
    .max_words = 1,
    .summary = "Lists the jobs, or those whose name contains NAME.",
};

static const TableColumn columns[] = {
    {"jobid", "ID", TABLE_NUMBER, false},
    {"job", "NAME", TABLE_TEXT, false},
    {"state", "STATE", TABLE_STATE, false},
    {"next_run", "NEXT RUN", TABLE_INSTANT, false},
    {"next_in", "", TABLE_UNTIL, true},
    {"last_result", "LAST RUN", TABLE_STATE, false},
    {"last_ago", "", TABLE_SINCE, true},
    {"running_since", "RUNNING SINCE", TABLE_INSTANT, true},
    {"why_none", "WHY NOT", TABLE_TEXT, true},
    {0},
};
static const Answer answer = {"cli_jobs", columns, "no jobs"};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"failed", 0, 0, G_OPTION_ARG_NONE, &options->failed,
         "only jobs whose last run failed or was stopped", NULL},
        {"running", 0, 0, G_OPTION_ARG_NONE, &options->running, "only jobs that are running", NULL},
        {0},
    };

    return cli_options_read(&options->common, &syntax, entries, argc, argv, error);
}

static bool
list_jobs(const Options *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(&options->common, error);
    const char *params[] = {options->common.words[0] != NULL ? options->common.words[0] : "",
                            options->failed ? "true" : "false", options->running ? "true" : "false",
                            NULL};

    return session != NULL && answer_print(&answer, session, params, options->common.json, error);
}

int
cli_jobs(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};

    if (!parse(argc, argv, &options, &error) || !list_jobs(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
