/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac status`: what goes on, and what is wrong. */
#include "config.h"

#include <stdio.h>

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/options.h"

static const CliSyntax syntax = {
    .word = "status",
    .summary =
        "Shows the agents, what runs, what is due, what comes next, what was skipped in the\n"
        "last day, how long the history is kept, and what is wrong.",
};

static const TableColumn agents[] = {
    {"agent", "AGENT", TABLE_TEXT, false},
    {"host", "HOST", TABLE_TEXT, false},
    {"state", "STATE", TABLE_STATE, false},
    {"runs", "RUNS", TABLE_NUMBER, false},
    {"alive_until", "ALIVE UNTIL", TABLE_INSTANT, true},
    {"lease_left", "LEASE ENDS", TABLE_UNTIL, true},
    {"version", "VERSION", TABLE_TEXT, true},
    {"epoch", "EPOCH", TABLE_NUMBER, true},
    {"clock_ahead", "CLOCK AHEAD (S)", TABLE_NUMBER, true},
    {"runs_as", "USER", TABLE_TEXT, true},
    {"batch", "BATCH", TABLE_TEXT, true},
    {0},
};
static const TableColumn pause_columns[] = {
    {"state", "STATE", TABLE_STATE, false},
    {"paused_until", "UNTIL", TABLE_INSTANT, false},
    {"paused_by", "BY", TABLE_TEXT, true},
    {0},
};
static const TableColumn running[] = {
    {"run", "RUN", TABLE_NUMBER, false},          {"job", "JOB", TABLE_TEXT, false},
    {"since", "SINCE", TABLE_INSTANT, false},     {"duration", "FOR", TABLE_LENGTH, false},
    {"step", "STEP", TABLE_TEXT, false},          {"agent", "AGENT", TABLE_TEXT, false},
    {"waits_for", "WAITS FOR", TABLE_TEXT, true}, {0},
};
static const TableColumn late[] = {
    {"jobid", "ID", TABLE_NUMBER, false},      {"job", "JOB", TABLE_TEXT, false},
    {"due", "DUE", TABLE_INSTANT, false},      {"late_by", "LATE BY", TABLE_LENGTH, false},
    {"because", "BECAUSE", TABLE_TEXT, false}, {0},
};
static const TableColumn next[] = {
    {"jobid", "ID", TABLE_NUMBER, false},           {"job", "JOB", TABLE_TEXT, false},
    {"next_run", "NEXT RUN", TABLE_INSTANT, false}, {"next_in", "", TABLE_UNTIL, true},
    {"because", "BECAUSE", TABLE_TEXT, false},      {0},
};
static const TableColumn skipped[] = {
    {"reason", "REASON", TABLE_TEXT, false},
    {"slots", "SLOTS", TABLE_NUMBER, false},
    {"jobs", "JOBS", TABLE_NUMBER, false},
    {0},
};
static const TableColumn history[] = {
    {"runs", "Runs in the log", TABLE_NUMBER, false},
    {"oldest_run", "Oldest", TABLE_INSTANT, false},
    {"keeps", "Kept for", TABLE_TEXT, false},
    {"newest_kept", "Newest of a job kept", TABLE_NUMBER, false},
    {"jobs_with_own", "Jobs with their own age", TABLE_NUMBER, false},
    {"removed_runs", "Removed in the last day", TABLE_NUMBER, false},
    {"removed_skipped", "Skipped slots removed", TABLE_NUMBER, false},
    {"removed_messages", "Messages removed", TABLE_NUMBER, false},
    {"jobs_to_prune", "Jobs with more to remove", TABLE_NUMBER, false},
    {0},
};
static const TableColumn problems[] = {
    {"kind", "ABOUT", TABLE_TEXT, false},
    {"name", "NAME", TABLE_TEXT, false},
    {"state", "STATE", TABLE_STATE, false},
    {"detail", "PARTICULARS", TABLE_TEXT, false},
    {0},
};

static const AnswerSection sections[] = {
    {"agents", "Agents", {"cli_status_agents", agents, "none"}, false},
    {"pause", "Pause", {"cli_status_pause", pause_columns, NULL}, false},
    {"running", "Running", {"cli_status_running", running, "nothing"}, false},
    {"late", "Due", {"cli_status_late", late, NULL}, false},
    {"next", "Next", {"cli_status_next", next, "nothing"}, false},
    {"skipped", "Skipped in the last day", {"cli_status_skipped", skipped, NULL}, false},
    {"history", "History", {"cli_status_retention", history, NULL}, true},
    {"problems", "Problems", {"cli_status_problems", problems, "none"}, false},
};

/* Beside the answer, so that programs read on: it is not in the tables, but about them. */
static void
warn_of_copy(CliSession *session)
{
    g_autoptr(GError) error = NULL;

    if (!cli_home_check(session, &error))
        fprintf(stderr, "pgalmanac status: %s\n", error->message);
}

static bool
show_status(const CliOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(options, error);

    if (session != NULL)
        warn_of_copy(session);
    return session != NULL && answer_print_sections(sections, G_N_ELEMENTS(sections), session, NULL,
                                                    options->json, error);
}

int
cli_status(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(CliOptions) options = {0};

    if (!cli_options_read(&options, &syntax, NULL, argc, argv, &error) ||
        !show_status(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
