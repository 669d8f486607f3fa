/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac why`: what keeps a job from running. */
#include "config.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "store/sql.h"

static const CliSyntax syntax = {
    .word = "why",
    .words = "JOB",
    .min_words = 1,
    .max_words = 1,
    .summary = "Says in a sentence why a job runs when it does, or why it does not.\n"
               "JOB is its id or its name. The same as SELECT pgagent.why('JOB').",
};

static bool
tell_why(const CliOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(options, error);
    const char *params[] = {options->words[0], NULL};

    if (session == NULL)
        return false;
    if (options->json)
        return answer_print_object(session, "cli_why", params, error);
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("cli_why"), params, error);
    if (result == NULL)
        return false;
    g_autofree char *why = plain_text(PQgetvalue(result, 0, 2));
    printf("%s\n", why);
    return cli_flush(error);
}

int
cli_why(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(CliOptions) options = {0};

    if (!cli_options_read(&options, &syntax, NULL, argc, argv, &error) ||
        !tell_why(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
