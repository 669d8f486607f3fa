/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac skip`: leaves out the next slot of a job. */
#include "config.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "store/sql.h"

static const CliSyntax syntax = {
    .word = "skip",
    .words = "JOB",
    .min_words = 1,
    .max_words = 1,
    .summary =
        "Leaves out the next slot of a job's schedules and rules; done twice, the next two.\n"
        "JOB is its id or its name. Requests to run the job stay.",
};

static bool
skip(const CliOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(options, error);
    g_autoptr(CliJob) job =
        session != NULL ? cli_job_find(session, options->words[0], error) : NULL;
    if (job == NULL)
        return false;

    const char *params[] = {job->id, NULL};
    if (options->json)
        return answer_print_object(session, "cli_skip", params, error);
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("cli_skip"), params, error);
    g_autoptr(PGresult) next =
        result != NULL ? cli_session_query(session, sql_query("cli_next_run"), params, error)
                       : NULL;
    if (next == NULL)
        return false;
    if (PQntuples(result) > 0 && PQntuples(next) > 0) {
        g_autofree char *skipped = plain_instant(PQgetvalue(result, 0, 2));
        g_autofree char *then = plain_instant(PQgetvalue(next, 0, 0));
        printf("%s: left out %s; next run: %s\n", job->shown, skipped, then);
    }
    return cli_flush(error);
}

int
cli_skip(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(CliOptions) options = {0};

    if (!cli_options_read(&options, &syntax, NULL, argc, argv, &error) || !skip(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
