/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/recover.h"

#include <inttypes.h>

#include "base/log.h"

typedef struct {
    const EngineParts *parts;
    RecoverDone done;
    gpointer user_data;
    GPtrArray *runs; /* of UnknownRun */
} Recover;

static void
recover_end(Recover *self, const GError *error)
{
    if (error == NULL)
        store_forget_lost_batches(self->parts->store);
    self->done(error, self->user_data);
    g_clear_pointer(&self->runs, g_ptr_array_unref);
    g_free(self);
}

/* Its answer was lost. */
static Run *
recover_lost_claim(const Recover *self, const UnknownRun *found, GPtrArray *steps)
{
    bool is_open = steps != NULL && steps->len > 0 &&
                   ((StepRow *)g_ptr_array_index(steps, 0))->id == found->first_step_id;
    const RunSpec spec = {.id = found->run_id,
                          .job_id = found->job_id,
                          .job_name = found->job_name,
                          .timeout_us = found->timeout_us,
                          .steps = steps,
                          .step_log_id = is_open ? found->step_log_id : 0};

    log_job_notice(found->job_id,
                   "run %" PRId64 " of job \"%s\" was claimed just before the connection "
                   "was lost: starting it",
                   found->run_id, found->job_name);
    if (!is_open && found->step_log_id != 0)
        runs_close_step(self->parts->store, found->run_id, found->step_log_id, 'd', -1, 0,
                        "the job's steps were changed before this one began", NULL);
    return run_new(self->parts->store, self->parts->step_context, &spec, dispatch_run_ended,
                   self->parts->dispatch);
}

/* Its end was lost: all that can be written of it is that it is over. */
static Run *
recover_lost_end(const Recover *self, const UnknownRun *found)
{
    static const char *reason =
        "how it ended is not known: that was lost with the server to which it was written";
    const RunSpec spec = {
        .id = found->run_id, .job_id = found->job_id, .job_name = found->job_name};
    Run *run = run_new(self->parts->store, self->parts->step_context, &spec, dispatch_run_ended,
                       self->parts->dispatch);

    if (found->step_log_id != 0)
        runs_close_step(self->parts->store, found->run_id, found->step_log_id, 'd', -1, 0, reason,
                        NULL);
    run_halt(run, reason);
    return run;
}

static void
on_steps(GHashTable *rows, const GError *error, gpointer user_data)
{
    Recover *self = user_data;

    for (guint i = 0; error == NULL && i < self->runs->len; i++) {
        const UnknownRun *found = g_ptr_array_index(self->runs, i);
        GPtrArray *steps = g_hash_table_lookup(rows, GINT_TO_POINTER(found->job_id));

        if (dispatch_has_run(self->parts->dispatch, found->run_id))
            continue;
        dispatch_start(self->parts->dispatch,
                       found->is_over ? recover_lost_end(self, found)
                                      : recover_lost_claim(self, found, steps),
                       NULL);
    }
    recover_end(self, error);
}

static void
on_unknown(GPtrArray *runs, const GError *error, gpointer user_data)
{
    Recover *self = user_data;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));

    if (error != NULL || runs->len == 0) {
        recover_end(self, error);
        return;
    }
    self->runs = g_ptr_array_ref(runs);
    for (guint i = 0; i < runs->len; i++)
        g_array_append_val(ids, ((UnknownRun *)g_ptr_array_index(runs, i))->job_id);
    jobs_steps(self->parts->store, ids, on_steps, self);
}

void
recover_runs(const EngineParts *parts, RecoverDone done, gpointer user_data)
{
    Recover *self = g_new0(Recover, 1);

    self->parts = parts;
    self->done = done;
    self->user_data = user_data;
    g_autoptr(GArray) in_hand = dispatch_run_ids(parts->dispatch);
    claims_unknown(parts->store, in_hand, on_unknown, self);
}
