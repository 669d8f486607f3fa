/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "cli/run-watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/interrupt.h"
#include "cli/plain.h"
#include "cli/regain.h"
#include "cli/table.h"
#include "store/sql.h"

#define LOOK_EVERY_MS 500
#define PATIENCE      6 /* looks, until it is said why nothing happens */

typedef struct {
    const Watch *watch;
    CliSession *session;
    TableOutput output;
    char *run;
    char *last_entry; /* the last step that has ended, and all before it */
    bool has_begun;   /* the step after it has been announced */
    bool has_told;    /* so has the run */
} Look;

static void
look_clear(Look *self)
{
    g_free(self->run);
    g_free(self->last_entry);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

static bool
is_true(const PGresult *result, int column)
{
    return PQgetvalue(result, 0, column)[0] == 't';
}

static void
print_line(const char *line)
{
    printf("%s\n", line);
    fflush(stdout); /* somebody looks on */
}

/* Of a job that should have begun by now. */
static bool
tell_why(const Look *self, GError **error)
{
    const char *params[] = {self->watch->job->id, NULL};
    g_autoptr(PGresult) result =
        cli_session_query(self->session, sql_query("cli_why"), params, error);

    if (result == NULL)
        return false;
    if (PQntuples(result) > 0) {
        g_autofree char *why = plain_text(PQgetvalue(result, 0, 2));
        fprintf(stderr, "pgalmanac run: still waiting: %s\n", why);
    }
    return true;
}

/* waits: neither has it begun nor was the request taken back. */
static bool
look_for_start(Look *self, bool is_late, bool *waits, GError **error)
{
    const Watch *watch = self->watch;
    const char *params[] = {watch->request, watch->job->id, watch->not_before, NULL};
    g_autoptr(PGresult) result =
        cli_session_query(self->session, sql_query("cli_run_find"), params, error);

    if (result == NULL)
        return false;
    self->run = g_strdup(cli_result_text(result, 0, 1));
    *waits = self->run == NULL && is_true(result, 0);
    return !*waits || !is_late || !is_true(result, 2) || tell_why(self, error);
}

/* Leaves run NULL if the request was taken back. */
static bool
wait_for_start(Look *self, bool *is_interrupted, GError **error)
{
    bool waits = true;

    for (int looks = 0;; looks++) {
        if (!look_for_start(self, looks == PATIENCE, &waits, error) &&
            !cli_regain(self->session, "run", error))
            return false;
        if (!waits)
            return true;
        *is_interrupted = !interrupt_sleep(LOOK_EVERY_MS);
        if (*is_interrupted)
            return true;
    }
}

static void
print_output(const char *output)
{
    g_autofree char *text = g_strdup(output);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_autofree char *shown = plain_text(g_strchomp(*line));
        printf("    %s\n", shown);
    }
}

/* The columns of cli_run_steps. */
enum {
    ENTRY,
    STEP,
    RESULT,
    STARTED,
    DURATION,
    CODE,
    WAITS_FOR,
    OUTPUT
};

static void
tell_begin(const PGresult *steps, int row)
{
    g_autofree char *name = plain_text(PQgetvalue(steps, row, STEP));
    g_autofree char *line = g_strdup_printf("  step \"%s\" begins", name);

    print_line(line);
}

static void
tell_end(const Look *self, const PGresult *steps, int row)
{
    g_autofree char *name = plain_text(PQgetvalue(steps, row, STEP));
    g_autofree char *result = table_colour(&self->output, PQgetvalue(steps, row, RESULT));
    g_autofree char *length =
        plain_length(g_ascii_strtod(PQgetvalue(steps, row, DURATION), NULL), FALSE);

    printf("  step \"%s\" %s after %s\n", name, result, length);
    print_output(PQgetvalue(steps, row, OUTPUT));
    fflush(stdout);
}

static void
tell_step(Look *self, const PGresult *steps, int row)
{
    const char *result = PQgetvalue(steps, row, RESULT);
    bool follows = self->watch->mode == WATCH_FOLLOW;
    bool is_running = strcmp(result, "running") == 0;

    if (follows && !self->has_begun)
        tell_begin(steps, row);
    self->has_begun = is_running;
    if (is_running)
        return;
    if (follows || strcmp(result, "succeeded") != 0)
        tell_end(self, steps, row);
    g_free(self->last_entry);
    self->last_entry = g_strdup(PQgetvalue(steps, row, ENTRY));
}

/* Up to the first one that still runs: a job's steps run one after the other. */
static bool
tell_steps(Look *self, GError **error)
{
    const char *params[] = {self->run, self->last_entry, NULL};
    g_autoptr(PGresult) steps =
        cli_session_query(self->session, sql_query("cli_run_steps"), params, error);

    for (int row = 0; steps != NULL && row < PQntuples(steps); row++) {
        tell_step(self, steps, row);
        if (self->has_begun)
            break;
    }
    return steps != NULL;
}

static void
tell_run(const Look *self, const PGresult *state, bool is_over)
{
    g_autofree char *result = table_colour(&self->output, PQgetvalue(state, 0, 3));
    g_autofree char *agent = plain_text(PQgetvalue(state, 0, 6));
    g_autofree char *reason = plain_text(PQgetvalue(state, 0, 7));
    g_autofree char *length = plain_length(g_ascii_strtod(PQgetvalue(state, 0, 5), NULL), FALSE);

    if (is_over)
        printf("run %s %s after %s%s%s\n", self->run, result, length, *reason != '\0' ? ": " : "",
               reason);
    else
        printf("run %s begins, on agent \"%s\"\n", self->run, agent);
    fflush(stdout);
}

static bool
look_for_end(Look *self, bool *is_over, WatchEnd *end, GError **error)
{
    const char *params[] = {self->run, NULL};
    WatchMode mode = self->watch->mode;
    /* The run before its steps: once it is over, so are they. */
    g_autoptr(PGresult) state =
        cli_session_query(self->session, sql_query("cli_run_state"), params, error);

    if (state == NULL)
        return false;
    const char *result = PQntuples(state) > 0 ? PQgetvalue(state, 0, 3) : NULL;
    bool has_ended = result != NULL && strcmp(result, "running") != 0;
    if (result != NULL) {
        if (!self->has_told && mode == WATCH_FOLLOW)
            tell_run(self, state, false);
        self->has_told = true;
        if ((mode == WATCH_FOLLOW || (has_ended && mode == WATCH_END)) && !tell_steps(self, error))
            return false;
        if (has_ended && mode != WATCH_QUIET)
            tell_run(self, state, true);
        *end = g_strcmp0(result, "succeeded") == 0 ? WATCH_SUCCEEDED : WATCH_FAILED;
    } else {
        *end = WATCH_GONE;
    }
    *is_over = result == NULL || has_ended;
    return true;
}

static bool
wait_for_end(Look *self, WatchEnd *end, GError **error)
{
    for (bool is_over = false;;) {
        if (!look_for_end(self, &is_over, end, error) && !cli_regain(self->session, "run", error))
            return false;
        if (is_over)
            return true;
        if (!interrupt_sleep(LOOK_EVERY_MS)) {
            *end = WATCH_INTERRUPTED;
            return true;
        }
    }
}

bool
watch_run(const Watch *self, CliSession *session, char **run, WatchEnd *end, GError **error)
{
    g_auto(Look) look = {
        .watch = self, .session = session, .output = table_output(), .last_entry = g_strdup("0")};
    bool is_interrupted = false;

    interrupt_catch();
    if (!wait_for_start(&look, &is_interrupted, error))
        return false;
    if (look.run == NULL)
        *end = is_interrupted ? WATCH_INTERRUPTED : WATCH_GONE;
    else if (!wait_for_end(&look, end, error))
        return false;
    *run = g_steal_pointer(&look.run);
    return true;
}
