/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac show`: everything about a job. */
#include "config.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job.h"
#include "cli/options.h"

static const CliSyntax syntax = {
    .word = "show",
    .words = "JOB",
    .min_words = 1,
    .max_words = 1,
    .summary = "Shows everything about a job on one page.\nJOB is its id or its name.",
};

static const TableColumn job[] = {
    {"jobid", "Job", TABLE_NUMBER, false},
    {"job", "Name", TABLE_TEXT, false},
    {"comment", "Comment", TABLE_TEXT, false},
    {"class", "Class", TABLE_TEXT, false},
    {"state", "State", TABLE_STATE, false},
    {"host", "Only on", TABLE_TEXT, false},
    {"zone", "Time zone", TABLE_TEXT, false},
    {"timeout", "Time limit", TABLE_TEXT, false},
    {"missed", "If missed", TABLE_TEXT, false},
    {"grace", "Grace", TABLE_TEXT, false},
    {"busy", "If busy", TABLE_TEXT, false},
    {"max_runs", "At once", TABLE_NUMBER, false},
    {"if_agent_dies", "If its agent dies", TABLE_TEXT, false},
    {"keep", "Log kept for", TABLE_TEXT, false},
    {"next_run", "Next run", TABLE_INSTANT, false},
    {"why", "Why", TABLE_TEXT, false},
    {"created", "Created", TABLE_INSTANT, false},
    {"changed", "Changed", TABLE_INSTANT, false},
    {0},
};
static const TableColumn steps[] = {
    {"step", "STEP", TABLE_TEXT, false},         {"kind", "KIND", TABLE_TEXT, false},
    {"runs_in", "RUNS IN", TABLE_TEXT, false},   {"on_error", "ON ERROR", TABLE_TEXT, false},
    {"timeout", "TIME LIMIT", TABLE_TEXT, true}, {"state", "STATE", TABLE_STATE, true},
    {"code", "CODE", TABLE_LINE, false},         {0},
};
static const TableColumn schedules[] = {
    {"schedule", "SCHEDULE", TABLE_TEXT, false},
    {"runs_at", "RUNS AT", TABLE_TEXT, false},
    {"starts", "FROM", TABLE_INSTANT, false},
    {"ends", "TO", TABLE_INSTANT, true},
    {"own_zone", "TIME ZONE", TABLE_TEXT, true},
    {"state", "STATE", TABLE_STATE, true},
    {0},
};
static const TableColumn exceptions[] = {
    {"schedule", "SCHEDULE", TABLE_TEXT, false},
    {"date", "DATE", TABLE_TEXT, false},
    {"time", "TIME", TABLE_TEXT, false},
    {0},
};
static const TableColumn rules[] = {
    {"rulid", "RULE", TABLE_NUMBER, false},
    {"rule", "NAME", TABLE_TEXT, true},
    {"says", "SAYS", TABLE_TEXT, false},
    {"starts", "FROM", TABLE_INSTANT, false},
    {"ends", "TO", TABLE_INSTANT, true},
    {"own_zone", "TIME ZONE", TABLE_TEXT, true},
    {"state", "STATE", TABLE_STATE, true},
    {"problem", "PROBLEM", TABLE_LINE, true},
    {0},
};
static const TableColumn requests[] = {
    {"request", "REQUEST", TABLE_NUMBER, false}, {"kind", "FOR", TABLE_TEXT, false},
    {"run", "RUN", TABLE_NUMBER, true},          {"due", "AT", TABLE_INSTANT, false},
    {"asked_by", "BY", TABLE_TEXT, false},       {0},
};
static const TableColumn runs[] = {
    {"run", "RUN", TABLE_NUMBER, false},       {"at", "AT", TABLE_INSTANT, false},
    {"because", "BECAUSE", TABLE_TEXT, false}, {"result", "RESULT", TABLE_STATE, false},
    {"duration", "TOOK", TABLE_LENGTH, false}, {"failed_step", "STEP", TABLE_TEXT, true},
    {"why", "WHY", TABLE_LINE, true},          {0},
};

static const AnswerSection sections[] = {
    {"job", NULL, {"cli_show_job", job, NULL}, true},
    {"steps", "Steps, in their order", {"cli_show_steps", steps, "none"}, false},
    {"schedules", "Schedules", {"cli_show_schedules", schedules, NULL}, false},
    {"exceptions", "Exceptions", {"cli_show_exceptions", exceptions, NULL}, false},
    {"rules", "Rules", {"cli_show_rules", rules, NULL}, false},
    {"requests", "Asked for", {"cli_show_requests", requests, NULL}, false},
    {"runs", "Newest runs", {"cli_show_log", runs, "none"}, false},
};

static bool
show_job(const CliOptions *options, GError **error)
{
    g_autoptr(CliSession) session = cli_options_open_tables(options, error);
    g_autoptr(CliJob) found =
        session != NULL ? cli_job_find(session, options->words[0], error) : NULL;
    if (found == NULL)
        return false;

    const char *params[] = {found->id, NULL};
    return answer_print_sections(sections, G_N_ELEMENTS(sections), session, params, options->json,
                                 error);
}

int
cli_show(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(CliOptions) options = {0};

    if (!cli_options_read(&options, &syntax, NULL, argc, argv, &error) ||
        !show_job(&options, &error))
        return cli_fail(syntax.word, error);
    return CLI_OK;
}
