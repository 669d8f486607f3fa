/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "base/clock.h"
#include "engine/run-private.h"

#define KILL_AFTER_MS 5000 /* between asking a step to stop and ending it */

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
    if (self->state == RUN_HELD)
        run_end_held(self);
    if (self->step == NULL)
        return;
    step_stop(self->step, how);
    if (how == STEP_STOP_AT_ONCE)
        g_clear_handle_id(&self->kill_id, g_source_remove);
    else if (self->kill_id == 0)
        self->kill_id = g_timeout_add(KILL_AFTER_MS, on_kill, self);
}

static char *
describe_limit(const char *whose, int64_t limit_us)
{
    return g_strdup_printf("the %s took longer than its time limit of %.10g s", whose,
                           (double)limit_us / CLOCK_US_PER_SECOND);
}

/* Time limits */

static guint
milliseconds(int64_t us)
{
    return (guint)CLAMP((us + CLOCK_US_PER_MS - 1) / CLOCK_US_PER_MS, 1, G_MAXINT);
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

void
run_limit_time(Run *self)
{
    if (self->timeout_us > 0)
        self->timeout_id = g_timeout_add(milliseconds(self->timeout_us), on_timeout, self);
}

void
run_limit_step_time(Run *self)
{
    int64_t limit_us = run_step_row(self)->timeout_us;

    if (limit_us > 0)
        self->step_timeout_id = g_timeout_add(milliseconds(limit_us), on_step_timeout, self);
}

/* What others ask for */

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
    if (self->state == RUN_PREPARING || self->state == RUN_OPENING || self->state == RUN_HELD)
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
run_interrupt(Run *self, const char *reason)
{
    if (self->state == RUN_RUNNING)
        run_cancel(self, reason);
}

void
run_break_off(Run *self, const char *reason)
{
    if (self->state == RUN_RUNNING)
        run_kill(self, reason);
}
