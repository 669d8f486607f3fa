/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/run.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#define KILL_AFTER_MS 5000 /* between asking a step to stop and ending it */
#define FIRST_ATTEMPT 1
/* What a step waits for is shown to people when it has waited for so long. */
#define WAITING_SHOWN_AFTER_MS 1000

typedef enum {
    RUN_CLAIMED,   /* its log row is there, no step has begun */
    RUN_PREPARING, /* a step gets ready: a connection */
    RUN_OPENING,   /* that step's log row is being written */
    RUN_RUNNING,   /* the step runs */
    RUN_CLOSING,   /* its end is being written */
    RUN_CLOSED,
    N_RUN_STATES
} RunState;

/* Why a step was told to stop; the strongest counts. */
typedef enum {
    STOP_NOTHING,
    STOP_STEP, /* its own time is up: the run follows its on-error rule */
    STOP_RUN,  /* the run ends with it */
} StopCause;

struct Run {
    int refs;
    Store *store;
    const StepContext *context;
    int64_t id;
    int job_id;
    char *job_name;
    GPtrArray *steps;
    RunEnded ended;
    gpointer user_data;

    RunState state;
    int64_t started_mono;
    int64_t timeout_us;
    guint timeout_id;
    char *halt_reason; /* no further step starts */

    guint index; /* of the current step */
    Step *step;
    int64_t step_log_id;
    /* The current step's row, if it was opened before the step got ready (the first one's with the run); else 0. */
    int64_t opened_step_log_id;
    int pid;         /* that carries it out, as far as it is known when it is ready; 0 = none */
    char *waits_for; /* before it is ready */
    guint waiting_id;
    bool was_shown; /* that it waits; then its row is open or will be in a moment */
    int64_t step_started_mono;
    guint step_timeout_id;
    guint kill_id;
    StopCause stop_cause;
    char *stop_reason;
    bool has_failed_early; /* the step was over before its log row was there */
    int early_result;
    char *early_output;
    char *early_sqlstate;
};

static const char *const state_names[] = {
    [RUN_CLAIMED] = "claimed", [RUN_PREPARING] = "preparing", [RUN_OPENING] = "opening",
    [RUN_RUNNING] = "running", [RUN_CLOSING] = "closing",     [RUN_CLOSED] = "closed",
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == N_RUN_STATES);

/* Every state may lead to CLOSED: a run can be dropped at any time. */
static const guint may_follow[N_RUN_STATES] = {
    [RUN_CLAIMED] = 1u << RUN_PREPARING | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_PREPARING] = 1u << RUN_OPENING | 1u << RUN_CLOSED,
    [RUN_OPENING] = 1u << RUN_RUNNING | 1u << RUN_PREPARING | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_RUNNING] = 1u << RUN_PREPARING | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_CLOSING] = 1u << RUN_CLOSED,
    [RUN_CLOSED] = 0,
};

static void run_next_step(Run *self);

static void
run_enter(Run *self, RunState to)
{
    g_assert(may_follow[self->state] & 1u << to);
    log_job_debug(self->job_id, "run %" PRId64 ": %s -> %s", self->id, state_names[self->state],
                  state_names[to]);
    self->state = to;
}

Run *
run_new(Store *store, const StepContext *context, const RunSpec *spec, RunEnded ended,
        gpointer user_data)
{
    Run *self = g_new0(Run, 1);

    self->refs = 1;
    self->store = store;
    self->context = context;
    self->id = spec->id;
    self->job_id = spec->job_id;
    self->job_name = g_strdup(spec->job_name);
    self->timeout_us = spec->timeout_us;
    self->steps = spec->steps != NULL ? g_ptr_array_ref(spec->steps) : g_ptr_array_new();
    self->opened_step_log_id = spec->step_log_id;
    self->ended = ended;
    self->user_data = user_data;
    self->started_mono = clock_now_mono();
    return self;
}

Run *
run_ref(Run *self)
{
    self->refs++;
    return self;
}

/* Ends the current step's timers and what belongs to it. */
static void
run_forget_step(Run *self)
{
    g_clear_handle_id(&self->step_timeout_id, g_source_remove);
    g_clear_handle_id(&self->kill_id, g_source_remove);
    g_clear_handle_id(&self->waiting_id, g_source_remove);
    g_clear_pointer(&self->waits_for, g_free);
    g_clear_pointer(&self->step, step_free);
    g_clear_pointer(&self->stop_reason, g_free);
    g_clear_pointer(&self->early_output, g_free);
    g_clear_pointer(&self->early_sqlstate, g_free);
    self->stop_cause = STOP_NOTHING;
    self->has_failed_early = false;
    self->step_log_id = 0;
    self->opened_step_log_id = 0;
    self->was_shown = false;
    self->pid = 0;
}

void
run_unref(Run *self)
{
    if (self == NULL || --self->refs > 0)
        return;
    run_forget_step(self);
    g_clear_handle_id(&self->timeout_id, g_source_remove);
    g_ptr_array_unref(self->steps);
    g_free(self->halt_reason);
    g_free(self->job_name);
    g_free(self);
}

static const StepRow *
run_step_row(const Run *self)
{
    return g_ptr_array_index(self->steps, self->index);
}

static guint
milliseconds(int64_t us)
{
    return (guint)CLAMP((us + CLOCK_US_PER_MS - 1) / CLOCK_US_PER_MS, 1, G_MAXINT);
}

/* Ending the run */

static void
run_closed(Run *self)
{
    run_forget_step(self);
    g_clear_handle_id(&self->timeout_id, g_source_remove);
    run_enter(self, RUN_CLOSED);
    self->ended(self, self->user_data);
}

static void
on_run_closed(const GError *error, gpointer user_data)
{
    g_autoptr(Run) self = user_data;

    if (self->state == RUN_CLOSING)
        run_closed(self);
}

static void
run_finish(Run *self, char status, const char *reason)
{
    int64_t duration_us = clock_now_mono() - self->started_mono;

    if (status == 's')
        log_job_debug(self->job_id, "run %" PRId64 " of job \"%s\" succeeded", self->id,
                      self->job_name);
    else
        log_job_warning(self->job_id, "run %" PRId64 " of job \"%s\" ended with status %c: %s",
                        self->id, self->job_name, status, reason);
    run_forget_step(self);
    g_clear_handle_id(&self->timeout_id, g_source_remove);
    run_enter(self, RUN_CLOSING);
    runs_close(self->store, self->id, self->job_id, status, duration_us, reason, on_run_closed,
               run_ref(self));
}

/* Stopping steps */

static gboolean
on_kill(gpointer user_data)
{
    Run *self = user_data;

    self->kill_id = 0;
    step_stop(self->step, STEP_STOP_AT_ONCE);
    return G_SOURCE_REMOVE;
}

static void
run_stop_step(Run *self, StopCause cause, const char *reason, StepStop how)
{
    if (cause > self->stop_cause) {
        g_free(self->stop_reason);
        self->stop_reason = g_strdup(reason);
        self->stop_cause = cause;
    }
    if (self->step == NULL)
        return;
    step_stop(self->step, how);
    g_clear_handle_id(&self->kill_id, g_source_remove);
    if (how == STEP_STOP_POLITELY)
        self->kill_id = g_timeout_add(KILL_AFTER_MS, on_kill, self);
}

static char *
describe_limit(const char *whose, int64_t limit_us)
{
    return g_strdup_printf("the %s took longer than its time limit of %.10g s", whose,
                           (double)limit_us / CLOCK_US_PER_SECOND);
}

static gboolean
on_step_timeout(gpointer user_data)
{
    Run *self = user_data;
    g_autofree char *reason = describe_limit("step", run_step_row(self)->timeout_us);

    self->step_timeout_id = 0;
    run_stop_step(self, STOP_STEP, reason, STEP_STOP_POLITELY);
    return G_SOURCE_REMOVE;
}

static gboolean
on_timeout(gpointer user_data)
{
    g_autoptr(Run) self = run_ref(user_data);
    g_autofree char *reason = describe_limit("job", self->timeout_us);

    self->timeout_id = 0;
    run_cancel(self, reason);
    return G_SOURCE_REMOVE;
}

/* Writing off a step, and what follows from it */

static char *
with_reason(const char *output, const char *reason)
{
    return output[0] == '\0' ? g_strdup(reason) : g_strdup_printf("%s\n%s", output, reason);
}

static void
run_write_off_step(Run *self, const StepResult *result)
{
    const StepRow *row = run_step_row(self);
    int64_t duration_us = clock_now_mono() - self->step_started_mono;
    bool was_stopped = result->outcome == STEP_FAILED && self->stop_cause != STOP_NOTHING;
    StopCause cause = was_stopped ? self->stop_cause : STOP_NOTHING;
    g_autofree char *reason = was_stopped ? g_strdup(self->stop_reason) : NULL;
    g_autofree char *output =
        was_stopped ? with_reason(result->output, reason) : g_strdup(result->output);
    char status = row->on_error;

    if (result->outcome == STEP_SUCCEEDED)
        status = 's';
    else if (was_stopped)
        status = 'd';

    runs_close_step(self->store, self->step_log_id, status, result->result, duration_us, output,
                    result->sqlstate);
    run_forget_step(self);

    if (cause == STOP_RUN) {
        run_finish(self, 'd', reason);
    } else if (result->outcome == STEP_FAILED && row->on_error == 'f') {
        g_autofree char *failed = reason != NULL
                                      ? g_strdup_printf("step \"%s\" failed: %s", row->name, reason)
                                      : g_strdup_printf("step \"%s\" failed", row->name);
        run_finish(self, 'f', failed);
    } else {
        self->index++;
        run_next_step(self);
    }
}

/* The life of a step */

/* Its log row is there: it may run, unless it is over already. */
static void
run_step_is_open(Run *self, int64_t step_log_id)
{
    self->step_log_id = step_log_id;
    if (self->has_failed_early || self->stop_cause != STOP_NOTHING) {
        g_autofree char *output = g_strdup(self->early_output != NULL ? self->early_output : "");
        g_autofree char *sqlstate = g_strdup(self->early_sqlstate);
        const StepResult result = {.outcome = STEP_FAILED,
                                   .result = self->has_failed_early ? self->early_result : -1,
                                   .output = output,
                                   .sqlstate = sqlstate};
        run_write_off_step(self, &result);
        return;
    }

    run_enter(self, RUN_RUNNING);
    self->step_started_mono = clock_now_mono();
    if (run_step_row(self)->timeout_us > 0)
        self->step_timeout_id =
            g_timeout_add(milliseconds(run_step_row(self)->timeout_us), on_step_timeout, self);
    step_run(self->step);
}

static void
on_step_opened(RunsOpening opening, int64_t step_log_id, const GError *error, gpointer user_data)
{
    g_autoptr(Run) self = user_data;

    if (self->state != RUN_OPENING)
        return;
    switch (opening) {
    case RUNS_OPENED:
        break;
    case RUNS_STEP_GONE:
        run_forget_step(self);
        self->index++;
        run_next_step(self);
        return;
    case RUNS_RUN_GONE:
        run_finish(self, 'd', "the log row of the run was deleted or closed by somebody else");
        return;
    case RUNS_REFUSED: {
        g_autofree char *reason = g_strdup_printf("could not write the log row of step \"%s\": %s",
                                                  run_step_row(self)->name, error->message);
        run_finish(self, 'i', reason);
        return;
    }
    }

    /* It may have been opened while the step waited, without the number. */
    if (self->was_shown && self->pid > 0)
        runs_note_pid(self->store, step_log_id, self->pid);
    run_step_is_open(self, step_log_id);
}

static void
run_open_step(Run *self, int pid)
{
    run_enter(self, RUN_OPENING);
    self->step_started_mono = clock_now_mono();
    self->pid = pid;
    if (self->opened_step_log_id != 0) {
        if (pid > 0)
            runs_note_pid(self->store, self->opened_step_log_id, pid);
        run_step_is_open(self, self->opened_step_log_id);
        return;
    }
    runs_open_step(self->store, self->id, run_step_row(self)->id, FIRST_ATTEMPT, pid,
                   on_step_opened, run_ref(self));
}

static void
on_prepared(int pid, gpointer user_data)
{
    run_open_step(user_data, pid);
}

/* What a step waits for */

static void
run_show_waiting(const Run *self)
{
    if (self->opened_step_log_id != 0 && self->waits_for != NULL)
        runs_note_waiting(self->store, self->opened_step_log_id, self->waits_for);
}

typedef struct {
    Run *run;
    guint index;
} Waiting;

/* Whatever else it says will be found when the step is ready. */
static void
on_opened_to_wait(RunsOpening opening, int64_t step_log_id, const GError *error, gpointer user_data)
{
    g_autofree Waiting *waiting = user_data;
    g_autoptr(Run) self = waiting->run;

    if (opening != RUNS_OPENED || self->state != RUN_PREPARING || self->index != waiting->index)
        return;
    self->opened_step_log_id = step_log_id;
    run_show_waiting(self);
}

static gboolean
on_waits_long(gpointer user_data)
{
    Run *self = user_data;

    self->waiting_id = 0;
    self->was_shown = true;
    if (self->opened_step_log_id != 0) {
        run_show_waiting(self);
        return G_SOURCE_REMOVE;
    }

    Waiting *waiting = g_new(Waiting, 1);
    *waiting = (Waiting){.run = run_ref(self), .index = self->index};
    runs_open_step(self->store, self->id, run_step_row(self)->id, FIRST_ATTEMPT, 0,
                   on_opened_to_wait, waiting);
    return G_SOURCE_REMOVE;
}

static void
on_waiting(const char *what, gpointer user_data)
{
    Run *self = user_data;

    g_free(self->waits_for);
    self->waits_for = g_strdup(what);
    if (what == NULL) {
        g_clear_handle_id(&self->waiting_id, g_source_remove);
        return;
    }
    log_job_debug(self->job_id, "run %" PRId64 " of job \"%s\" waits for %s", self->id,
                  self->job_name, what);
    if (self->was_shown)
        run_show_waiting(self);
    else if (self->waiting_id == 0)
        self->waiting_id = g_timeout_add(WAITING_SHOWN_AFTER_MS, on_waits_long, self);
}

static void
on_step_done(const StepResult *result, gpointer user_data)
{
    g_autoptr(Run) self = run_ref(user_data);

    if (self->state == RUN_RUNNING) {
        run_write_off_step(self, result);
        return;
    }
    /* It could not even begin, or was stopped before: the log row comes first, so that people see why. */
    self->has_failed_early = true;
    self->early_result = result->result;
    g_free(self->early_output);
    self->early_output = g_strdup(result->output);
    g_free(self->early_sqlstate);
    self->early_sqlstate = g_strdup(result->sqlstate);
    if (self->state == RUN_PREPARING)
        run_open_step(self, 0);
}

static void
run_next_step(Run *self)
{
    static const StepEvents events = {
        .prepared = on_prepared, .waiting = on_waiting, .done = on_step_done};

    if (self->index == self->steps->len) {
        run_finish(self, 's', NULL);
        return;
    }
    if (self->halt_reason != NULL) {
        run_finish(self, 'd', self->halt_reason);
        return;
    }

    const StepRow *row = run_step_row(self);
    const StepSpec spec = {.job_id = self->job_id,
                           .id = row->id,
                           .kind = row->kind,
                           .code = row->code,
                           .conninfo = row->conninfo,
                           .database = row->database};

    run_enter(self, RUN_PREPARING);
    self->step = step_new(self->context, &spec, &events, self);
}

void
run_start(Run *self)
{
    if (self->timeout_us > 0)
        self->timeout_id = g_timeout_add(milliseconds(self->timeout_us), on_timeout, self);
    if (self->steps->len == 0)
        run_finish(self, 'i', "the job has no enabled steps");
    else
        run_next_step(self);
}

static void
run_end_with_step(Run *self, const char *reason)
{
    if (self->halt_reason == NULL)
        self->halt_reason = g_strdup(reason);
}

void
run_halt(Run *self, const char *reason)
{
    run_end_with_step(self, reason);
    if (self->state == RUN_PREPARING || self->state == RUN_OPENING)
        run_stop_step(self, STOP_RUN, reason, STEP_STOP_POLITELY);
}

void
run_cancel(Run *self, const char *reason)
{
    if (self->stop_cause == STOP_RUN)
        return;
    run_end_with_step(self, reason);
    run_stop_step(self, STOP_RUN, reason, STEP_STOP_POLITELY);
}

void
run_kill(Run *self, const char *reason)
{
    run_end_with_step(self, reason);
    run_stop_step(self, STOP_RUN, reason, STEP_STOP_AT_ONCE);
}

void
run_drop(Run *self)
{
    g_autoptr(Run) alive = run_ref(self);

    if (self->state != RUN_CLOSED)
        run_closed(alive);
}

int64_t
run_id(const Run *self)
{
    return self->id;
}
