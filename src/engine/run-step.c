/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/run-private.h"

const StepRow *
run_step_row(const Run *self)
{
    return g_ptr_array_index(self->steps, self->index);
}

void
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
    self->backend = (DbBackend){0};
}

/* Writing it off, and what follows from it */

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

    runs_close_step(self->store, self->id, self->step_log_id, status, result->result, duration_us,
                    output, result->sqlstate);
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

/* Its life */

/* What is ready is given up: it may not be there any more when the lease is renewed. A row that is open stays so. */
static void
run_hold(Run *self)
{
    int64_t row = self->step_log_id != 0 ? self->step_log_id : self->opened_step_log_id;

    log_job_notice(self->job_id,
                   "run %" PRId64 " of job \"%s\" waits: the agent's lease is not renewed",
                   self->id, self->job_name);
    run_forget_step(self);
    self->opened_step_log_id = row;
    run_enter(self, RUN_HELD);
}

void
run_end_held(Run *self)
{
    if (self->opened_step_log_id != 0)
        runs_close_step(self->store, self->id, self->opened_step_log_id, 'd', -1, 0,
                        self->halt_reason, NULL);
    run_finish(self, 'd', self->halt_reason);
}

void
run_go_on(Run *self, const char *unused)
{
    if (self->state == RUN_HELD)
        run_next_step(self);
}

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

    if (!store_may_start(self->store)) {
        run_hold(self);
        return;
    }

    run_enter(self, RUN_RUNNING);
    self->step_started_mono = clock_now_mono();
    run_limit_step_time(self);
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
    if (self->was_shown && self->backend.pid > 0)
        runs_note_backend(self->store, self->id, step_log_id, &self->backend);
    run_step_is_open(self, step_log_id);
}

static void
run_open_step(Run *self, const DbBackend *backend)
{
    run_enter(self, RUN_OPENING);
    self->step_started_mono = clock_now_mono();
    self->backend = backend != NULL ? *backend : (DbBackend){0};
    if (self->opened_step_log_id != 0) {
        if (self->backend.pid > 0)
            runs_note_backend(self->store, self->id, self->opened_step_log_id, &self->backend);
        run_step_is_open(self, self->opened_step_log_id);
        return;
    }
    runs_open_step(self->store, self->id, run_step_row(self)->id, RUN_FIRST_ATTEMPT, backend,
                   on_step_opened, run_ref(self));
}

static void
on_prepared(const DbBackend *backend, gpointer user_data)
{
    run_open_step(user_data, backend);
}

/* Its log row stays open, and its time begins anew. */
static void
on_again(gpointer user_data)
{
    Run *self = user_data;

    log_job_debug(self->job_id,
                  "run %" PRId64 " of job \"%s\": step \"%s\" could not begin, once more", self->id,
                  self->job_name, run_step_row(self)->name);
    g_clear_handle_id(&self->step_timeout_id, g_source_remove);
    self->opened_step_log_id = self->step_log_id;
    run_enter(self, RUN_PREPARING);
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
        run_open_step(self, NULL);
}

void
run_next_step(Run *self)
{
    static const StepEvents events = {.prepared = on_prepared,
                                      .waiting = run_on_waiting,
                                      .again = on_again,
                                      .done = on_step_done};

    if (self->index == self->steps->len) {
        run_finish(self, 's', NULL);
        return;
    }
    if (self->halt_reason != NULL) {
        run_finish(self, 'd', self->halt_reason);
        return;
    }

    if (!store_may_start(self->store)) {
        if (self->state != RUN_HELD)
            run_hold(self);
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
