/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac log`: what ran and what was skipped. */
#include "config.h"

#include "base/error.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/log.h"
#include "cli/options.h"

#define DEFAULT_COUNT "20"
#define MAX_COUNT     1000000

typedef struct {
    CliOptions common;
    char *count;
    gboolean follow;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
    g_free(self->count);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "log",
    .words = "[JOB]",
    .max_words = 1,
    .summary = "Shows the newest runs of a job, or of all, and the slots that were skipped.\n"
               "JOB is its id or its name.",
};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"lines", 'n', 0, G_OPTION_ARG_FILENAME, &options->count, "how many (default: 20)", "N"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &options->follow,
         "go on and show each run that ends, until Ctrl-C", NULL},
        {0},
    };

    if (!cli_options_read(&options->common, &syntax, entries, argc, argv, error))
        return false;
    if (options->count == NULL ||
        g_ascii_string_to_unsigned(options->count, 10, 0, MAX_COUNT, NULL, NULL))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                "option -n: numbers from 0 to %d are allowed", MAX_COUNT);
    return false;
}

bool
log_print(const LogQuestion *self, CliSession *session, GError **error)
{
    static const Answer answer = {"cli_log", log_columns, "nothing yet"};
    const char *params[] = {self->job, self->count, NULL};

    return answer_print(&answer, session, params, self->json, error);
}

static bool
show_log(const Options *options, GError **error)
{
    const char *word = options->common.words[0];
    g_autoptr(CliSession) session = cli_options_open_tables(&options->common, error);
    g_autoptr(CliJob) job =
        session != NULL && word != NULL ? cli_job_find(session, word, error) : NULL;

    if (session == NULL || (word != NULL && job == NULL))
        return false;
    LogQuestion question = {.job = job != NULL ? job->id : "",
                            .count = options->count != NULL ? options->count : DEFAULT_COUNT,
                            .json = options->common.json};
    return (options->follow ? log_follow : log_print)(&question, session, error);
}

int
cli_log(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};

    if (!parse(argc, argv, &options, &error) || !show_log(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
