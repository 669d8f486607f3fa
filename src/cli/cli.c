/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/cli.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/doctor.h"
#include "cli/next.h"
#include "cli/setup.h"

static const CliCommand commands[] = {
    {"setup", cli_setup, "install the tables in a database, or bring them up to date"},
    {"jobs", cli_jobs, "list the jobs: when each runs next, and how it went"},
    {"show", cli_show, "show everything about a job"},
    {"run", cli_run, "run a job once, now or later; wait for it and follow it"},
    {"cancel", cli_cancel, "stop a job's runs, or one run"},
    {"skip", cli_skip, "leave out the next slot of a job"},
    {"pause", cli_pause, "keep all agents from starting anything"},
    {"resume", cli_resume, "end the pause"},
    {"log", cli_log, "show what ran and what was skipped"},
    {"status", cli_status, "show the agents, what goes on, and what is wrong"},
    {"why", cli_why, "say why a job does not run, or when it does"},
    {"doctor", cli_doctor, "look through tables and surroundings for what goes wrong silently"},
    {"next", cli_next, "show when a rule runs: cron text, iCalendar lines, or key=value words"},
};

const CliCommand *
cli_find(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].word, word) == 0)
            return &commands[i];
    return NULL;
}

int
cli_main(int argc, char **argv)
{
    const CliCommand *command = argc > 1 ? cli_find(argv[1]) : NULL;

    if (command == NULL) {
        fprintf(stderr, "pgalmanac: no command \"%s\"\n", argc > 1 ? argv[1] : "");
        return CLI_USAGE;
    }
    return command->run(argc - 1, argv + 1);
}

void
cli_print_commands(FILE *out)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(out, "  %-24s %s\n", commands[i].word, commands[i].help);
}

static CliExit
exit_code(const GError *error)
{
    if (error->domain == G_OPTION_ERROR)
        return CLI_USAGE;
    if (error->domain != ALMANAC_ERROR)
        return CLI_NO_DATABASE;

    switch ((AlmanacError)error->code) {
    case ALMANAC_ERROR_USAGE:
        return CLI_USAGE;
    case ALMANAC_ERROR_INPUT:
    case ALMANAC_ERROR_NOT_FOUND:
        return CLI_INPUT;
    case ALMANAC_ERROR_SYSTEM:
    case ALMANAC_ERROR_CONNECTION:
    case ALMANAC_ERROR_BUSY:
    case ALMANAC_ERROR_REFUSED:
    case ALMANAC_ERROR_QUERY:
    case ALMANAC_ERROR_SCHEMA:
    case ALMANAC_ERROR_FENCED:
    case ALMANAC_ERROR_TIMEOUT:
    case ALMANAC_ERROR_CANCELLED:
    case N_ALMANAC_ERRORS:
        return CLI_NO_DATABASE;
    }
    return CLI_NO_DATABASE;
}

int
cli_fail(const char *word, const GError *error)
{
    fprintf(stderr, "pgalmanac %s: %s\n", word, error->message);
    return (int)exit_code(error);
}

bool
cli_flush(GError **error)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_SYSTEM, "could not write the answer: %s",
                g_strerror(errno));
    return false;
}
