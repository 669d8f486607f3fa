/* SPDX-License-Identifier: PostgreSQL */
/* `pgalmanac run`: asks for a run of a job, and waits for it if it is told to. */
#include "config.h"

#include "base/error.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/job.h"
#include "cli/options.h"
#include "cli/plain.h"
#include "cli/run-watch.h"
#include "store/sql.h"

typedef struct {
    CliOptions common;
    char *at;
    gboolean wait;
    gboolean follow;
} Options;

static void
options_clear(Options *self)
{
    cli_options_clear(&self->common);
    g_free(self->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const CliSyntax syntax = {
    .word = "run",
    .words = "JOB",
    .min_words = 1,
    .max_words = 1,
    .summary = "Asks for one run of a job, beside its schedules and also if it is disabled.\n"
               "JOB is its id or its name.",
    .description = "Ctrl-C ends only the waiting. The exit code of --wait and --follow is 0 if the "
                   "run\nsucceeded and 4 if it did not.\n",
};

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"at", 0, 0, G_OPTION_ARG_FILENAME, &options->at,
         "run it at this instant, 2026-01-31T09:00, in the job's time zone unless an offset "
         "follows (default: now)",
         "INSTANT"},
        {"wait", 0, 0, G_OPTION_ARG_NONE, &options->wait, "wait for the end of the run", NULL},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &options->follow,
         "wait, and show each step as it begins and ends", NULL},
        {0},
    };

    return cli_options_read(&options->common, &syntax, entries, argc, argv, error);
}

/* The columns of cli_run. */
enum {
    REQUEST,
    JOB_ID,
    JOB,
    DUE,
    HAS_AGENT,
    PAUSED_UNTIL
};

/* What was asked for, and what will keep it from happening. */
static void
tell_request(const CliJob *job, const char *at, const PGresult *request)
{
    g_autofree char *due = plain_instant(PQgetvalue(request, 0, DUE));
    g_autofree char *until = plain_instant(PQgetvalue(request, 0, PAUSED_UNTIL));

    printf("%s: asked for a run %s%s (request %s)\n", job->shown, at != NULL ? "at " : "now",
           at != NULL ? due : "", PQgetvalue(request, 0, REQUEST));
    fflush(stdout);
    if (PQgetvalue(request, 0, HAS_AGENT)[0] != 't')
        fprintf(stderr, "pgalmanac run: no agent is alive; the job runs when one is started\n");
    if (g_str_equal(until, "infinity"))
        fprintf(stderr,
                "pgalmanac run: all agents are paused until somebody says pgalmanac resume\n");
    else if (*until != '\0')
        fprintf(stderr, "pgalmanac run: all agents are paused until %s\n", until);
}

static const AnswerSection outcome[] = {
    {.name = "run", .answer = {.query = "cli_run_state"}, .is_record = true},
    {.name = "steps", .answer = {.query = "cli_run_outcome"}},
};

/* Nothing is asked for twice: the program's exit code tells what became of it. */
static int
tell_end(CliSession *session, const CliJob *job, const char *run, WatchEnd end, bool json)
{
    g_autoptr(GError) error = NULL;
    const char *params[] = {run, NULL};

    switch (end) {
    case WATCH_INTERRUPTED:
        if (run != NULL)
            fprintf(stderr, "pgalmanac run: run %s goes on; pgalmanac cancel --run %s stops it\n",
                    run, run);
        else
            fprintf(stderr, "pgalmanac run: the request stays; pgalmanac cancel %s takes it back\n",
                    job->id);
        return INTERRUPT_EXIT;
    case WATCH_GONE:
        fprintf(stderr, "pgalmanac run: %s\n",
                run != NULL ? "the run is gone: its job was deleted"
                            : "the request is gone and no run came of it: it was taken back");
        return CLI_JOB_FAILED;
    case WATCH_SUCCEEDED:
    case WATCH_FAILED:
        break;
    }
    if (json &&
        !answer_print_sections(outcome, G_N_ELEMENTS(outcome), session, params, true, &error))
        return cli_fail(syntax.word, error);
    return end == WATCH_SUCCEEDED ? CLI_OK : CLI_JOB_FAILED;
}

static int
wait_for_run(const Options *options, CliSession *session, const CliJob *job, const char *at,
             const PGresult *request)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *run = NULL;
    WatchEnd end = WATCH_GONE;
    bool json = options->common.json;
    Watch watch = {.request = PQgetvalue(request, 0, REQUEST),
                   .job = job,
                   .not_before = at != NULL ? at : "-infinity",
                   .mode = json              ? WATCH_QUIET
                           : options->follow ? WATCH_FOLLOW
                                             : WATCH_END};

    if (!watch_run(&watch, session, &run, &end, &error))
        return cli_fail(syntax.word, error);
    return tell_end(session, job, run, end, json);
}

static int
run(const Options *options, GError **error)
{
    bool waits = options->wait || options->follow;
    g_autoptr(CliSession) session = cli_options_open_tables(&options->common, error);
    g_autoptr(CliJob) job =
        session != NULL ? cli_job_find(session, options->common.words[0], error) : NULL;
    g_autofree char *at = job != NULL && options->at != NULL
                              ? cli_read_instant("at", options->at, job->zone, error)
                              : NULL;
    if (job == NULL || (options->at != NULL && at == NULL))
        return cli_fail(syntax.word, *error);

    const char *params[] = {job->id, at != NULL ? at : "", NULL};
    if (options->common.json && !waits)
        return answer_print_object(session, "cli_run", params, error)
                   ? CLI_OK
                   : cli_fail(syntax.word, *error);
    g_autoptr(PGresult) request = cli_session_query(session, sql_query("cli_run"), params, error);
    if (request == NULL)
        return cli_fail(syntax.word, *error);
    if (PQntuples(request) == 0) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_NOT_FOUND, "%s was deleted", job->shown);
        return cli_fail(syntax.word, *error);
    }
    if (!options->common.json)
        tell_request(job, options->at, request);
    return waits ? wait_for_run(options, session, job, at, request) : CLI_OK;
}

int
cli_run(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};

    return parse(argc, argv, &options, &error) ? run(&options, &error)
                                               : cli_fail(syntax.word, error);
}
