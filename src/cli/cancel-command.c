/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac cancel`: stops what runs of a job, and takes back what was asked for. */
#include "config.h"

#include "base/error.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/options.h"
#include "store/sql.h"

typedef struct {
    CliOptions common;
    char *run;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
    g_free(self->run);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "cancel",
    .words = "JOB | --run ID",
    .max_words = 1,
    .summary = "Stops the runs of a job and takes back the requests to run it, or stops one run.\n"
               "JOB is its id or its name. The schedules of the job stay as they are.",
};

static bool
check_run(const Options *options, GError **error)
{
    bool has_job = options->common.words[0] != NULL;

    if (has_job == (options->run != NULL)) {
        g_set_error(
            error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "%s; pgalmanac cancel --help tells more",
            has_job ? "a job and --run do not go together" : "there is no JOB and no --run");
        return false;
    }
    if (has_job || g_ascii_string_to_unsigned(options->run, 10, 0, G_MAXINT64, NULL, NULL))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                "option --run: \"%s\" is no number of a run", options->run);
    return false;
}

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_FILENAME, &options->run,
         "stop only this run (see pgalmanac log)", "ID"},
        {0},
    };

    return cli_options_read(&options->common, &syntax, entries, argc, argv, error) &&
           check_run(options, error);
}

static void
print_job(const CliJob *job, const PGresult *result)
{
    const char *count = cli_result_text(result, 0, 2);

    if (g_strcmp0(count, "0") == 0)
        printf("%s: nothing to cancel: it does not run and nobody asks for it, or it is being "
               "stopped already\n",
               job->shown);
    else
        printf("%s: cancelled what runs or was asked for (%s)\n", job->shown, count);
}

static void
print_run(const char *run, const PGresult *result)
{
    bool is_new = cli_result_text(result, 0, 1)[0] == 't';

    printf("run %s: %s\n", run,
           is_new ? "asked its agent to stop it" : "its agent has been asked to stop it before");
}

static bool
cancel(const Options *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(&options->common, error);
    if (session == NULL)
        return false;

    bool is_run = options->run != NULL;
    g_autoptr(CliJob) job = is_run ? NULL : cli_job_find(session, options->common.words[0], error);
    if (!is_run && job == NULL)
        return false;
    const char *query = is_run ? "cli_cancel_run" : "cli_cancel_job";
    const char *params[] = {is_run ? options->run : job->id, NULL};
    if (options->common.json)
        return answer_print_object(session, query, params, error);

    g_autoptr(PGresult) result = cli_session_query(session, sql_query(query), params, error);
    if (result == NULL)
        return false;
    if (is_run)
        print_run(options->run, result);
    else if (PQntuples(result) > 0)
        print_job(job, result);
    return cli_flush(error);
}

int
cli_cancel(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};

    if (!parse(argc, argv, &options, &error) || !cancel(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
