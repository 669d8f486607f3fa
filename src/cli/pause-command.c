/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac pause` and `pgalmanac resume`: hold all agents back, and let them go on. */
#include "config.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "store/sql.h"

typedef struct {
    CliOptions common;
    char *until;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
    g_free(self->until);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax pause_syntax = {
    .word = "pause",
    .summary = "Keeps all agents from starting anything; what runs goes on. What becomes due\n"
               "meanwhile runs afterwards, once for each job.",
};
static const CliSyntax resume_syntax = {
    .word = "resume",
    .summary = "Ends the pause of all agents.",
};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"until", 0, 0, G_OPTION_ARG_FILENAME, &options->until,
         "go on by themselves at this instant, 2026-01-31T09:00, in the time zone of the setting "
         "\"timezone\" unless an offset follows (default: when somebody says pgalmanac resume)",
         "INSTANT"},
        {0},
    };

    return cli_options_read(&options->common, &pause_syntax, entries, argc, argv, error);
}

static char *
read_until(CliSession *session, const char *until, GError **error)
{
    if (until == NULL)
        return g_strdup("infinity");
    g_autoptr(PGresult) zone = cli_session_query(session, sql_query("cli_zone"), NULL, error);

    return zone != NULL ? cli_read_instant("until", until, cli_result_text(zone, 0, 0), error)
                        : NULL;
}

static bool
pause_agents(const Options *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(&options->common, error);
    g_autofree char *until = session != NULL ? read_until(session, options->until, error) : NULL;
    const char *params[] = {until, NULL};

    if (until == NULL)
        return false;
    if (options->common.json)
        return answer_print_object(session, "cli_pause", params, error);
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("cli_pause"), params, error);
    if (result == NULL)
        return false;
    g_autofree char *shown = plain_instant(cli_result_text(result, 0, 0));
    printf("paused until %s; what runs goes on\n",
           options->until != NULL ? shown : "somebody says pgalmanac resume");
    return cli_flush(error);
}

int
cli_pause(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};

    if (!parse(argc, argv, &options, &error) || !pause_agents(&options, &error))
        return cli_fail(pause_syntax.word, error);
    return CLI_OK;
}

static bool
resume_agents(const CliOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(options, error);

    if (session == NULL)
        return false;
    if (options->json)
        return answer_print_object(session, "cli_resume", NULL, error);
    g_autoptr(PGresult) result = cli_session_query(session, sql_query("cli_resume"), NULL, error);
    if (result == NULL)
        return false;
    printf("%s\n",
           cli_result_text(result, 0, 0)[0] == 't' ? "the agents go on" : "there was no pause");
    return cli_flush(error);
}

int
cli_resume(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(CliOptions) options = {0};

    if (!cli_options_read(&options, &resume_syntax, NULL, argc, argv, &error) ||
        !resume_agents(&options, &error))
        return cli_fail(resume_syntax.word, error);
    return CLI_OK;
}
