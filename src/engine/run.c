/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/run-private.h"

static const char *const state_names[] = {
    [RUN_CLAIMED] = "claimed", [RUN_PREPARING] = "preparing", [RUN_OPENING] = "opening",
    [RUN_RUNNING] = "running", [RUN_HELD] = "held",           [RUN_CLOSING] = "closing",
    [RUN_CLOSED] = "closed",
};
G_STATIC_ASSERT(G_N_ELEMENTS(state_names) == N_RUN_STATES);

/* Every state may lead to CLOSED: a run can be dropped at any time. */
static const guint may_follow[N_RUN_STATES] = {
    [RUN_CLAIMED] = 1u << RUN_PREPARING | 1u << RUN_HELD | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_PREPARING] = 1u << RUN_OPENING | 1u << RUN_CLOSED,
    [RUN_HELD] = 1u << RUN_PREPARING | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_OPENING] = 1u << RUN_RUNNING | 1u << RUN_HELD | 1u << RUN_PREPARING | 1u << RUN_CLOSING |
                    1u << RUN_CLOSED,
    [RUN_RUNNING] = 1u << RUN_PREPARING | 1u << RUN_HELD | 1u << RUN_CLOSING | 1u << RUN_CLOSED,
    [RUN_CLOSING] = 1u << RUN_CLOSED,
    [RUN_CLOSED] = 0,
};

void
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

void
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

void
run_start(Run *self)
{
    run_limit_time(self);
    if (self->halt_reason != NULL)
        run_finish(self, 'd', self->halt_reason);
    else if (self->steps->len == 0)
        run_finish(self, 'i', "the job has no enabled steps");
    else
        run_next_step(self);
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
