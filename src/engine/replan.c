/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/replan.h"

/* How many jobs are planned by one statement. */
#define BATCH_MAX 500

typedef struct {
    const EngineParts *parts;
    ReplanDone done;
    gpointer user_data;
    GPtrArray *jobs; /* of UnplannedJob */
    int64_t now_at;
} Replan;

static void
replan_end(Replan *self, int64_t planned, const GError *error)
{
    bool has_more = self->jobs != NULL && self->jobs->len == BATCH_MAX;

    self->done(planned, has_more, error, self->user_data);
    g_clear_pointer(&self->jobs, g_ptr_array_unref);
    g_free(self);
}

static void
on_planned(int64_t written, const GError *error, gpointer user_data)
{
    replan_end(user_data, written, error);
}

static void
on_schedules(GHashTable *rows, const GError *error, gpointer user_data)
{
    Replan *self = user_data;
    g_autoptr(GArray) plans = g_array_new(FALSE, FALSE, sizeof(JobPlan));

    if (error != NULL) {
        replan_end(self, 0, error);
        return;
    }
    for (guint i = 0; i < self->jobs->len; i++) {
        const UnplannedJob *job = g_ptr_array_index(self->jobs, i);
        int64_t after_at = MAX(self->now_at, job->last_slot_at);
        JobPlan plan = {.job_id = job->id, .revision = job->revision, .last_slot_at = after_at};

        /* One that cannot be planned here stays for an agent that can, or until this one can. */
        if (planner_next(self->parts->planner, job->id,
                         g_hash_table_lookup(rows, GINT_TO_POINTER(job->id)), job->zone, after_at,
                         &plan.planned_at))
            g_array_append_val(plans, plan);
    }
    if (plans->len == 0)
        replan_end(self, 0, NULL);
    else
        jobs_plan(self->parts->store, plans, on_planned, self);
}

static void
on_unplanned(GPtrArray *jobs, int64_t now_at, const GError *error, gpointer user_data)
{
    Replan *self = user_data;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));

    if (error != NULL || jobs->len == 0) {
        replan_end(self, 0, error);
        return;
    }
    self->jobs = g_ptr_array_ref(jobs);
    self->now_at = now_at;
    for (guint i = 0; i < jobs->len; i++)
        g_array_append_val(ids, ((UnplannedJob *)g_ptr_array_index(jobs, i))->id);
    jobs_schedules(self->parts->store, ids, on_schedules, self);
}

void
replan_jobs(const EngineParts *parts, ReplanDone done, gpointer user_data)
{
    Replan *self = g_new0(Replan, 1);

    self->parts = parts;
    self->done = done;
    self->user_data = user_data;
    jobs_unplanned(parts->store, BATCH_MAX, on_unplanned, self);
}
