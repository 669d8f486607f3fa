/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/replan.h"

#include "base/clock.h"

/* How many jobs are planned by one statement. */
#define BATCH_MAX 500
/* No other job begins to be planned after so long: planning is computing, and the main loop waits for it. */
#define BATCH_US (INT64_C(50) * CLOCK_US_PER_MS)

typedef struct {
    const EngineParts *parts;
    ReplanDone done;
    gpointer user_data;
    GPtrArray *jobs;       /* of UnplannedJob */
    GHashTable *schedules; /* job id -> GPtrArray of ScheduleRow */
    GHashTable *rules;     /* job id -> GPtrArray of RuleRow; NULL = no job has any */
    GError *error;         /* of the first of two statements */
    int64_t now_at;
    int64_t wanted; /* plans that are to be written */
    int reached;    /* see ReplanReport */
} Replan;

static void
replan_end(Replan *self, int64_t planned, const GError *refusal, const GError *error)
{
    const ReplanReport report = {.planned = planned,
                                 .refused = self->wanted - planned,
                                 .refusal = refusal != NULL ? refusal->message : NULL,
                                 .reached = self->reached};

    self->done(&report, error, self->user_data);
    g_clear_pointer(&self->jobs, g_ptr_array_unref);
    g_clear_pointer(&self->schedules, g_hash_table_unref);
    g_clear_pointer(&self->rules, g_hash_table_unref);
    g_clear_error(&self->error);
    g_free(self);
}

static void
on_written(int64_t written, const GError *refusal, const GError *error, gpointer user_data)
{
    replan_end(user_data, written, refusal, error);
}

static const GPtrArray *
rows_of(GHashTable *lists, const UnplannedJob *job)
{
    return lists != NULL ? g_hash_table_lookup(lists, GINT_TO_POINTER(job->id)) : NULL;
}

static int
id_of(const GPtrArray *jobs, guint i)
{
    return ((const UnplannedJob *)g_ptr_array_index(jobs, i))->id;
}

/* One that cannot be planned here stays for an agent that can, or until this one can. */
static void
replan_all(Replan *self)
{
    g_autoptr(GArray) plans = g_array_new(FALSE, FALSE, sizeof(JobPlan));
    g_autoptr(GPtrArray) problems =
        g_ptr_array_new_with_free_func((GDestroyNotify)rule_problem_free);
    int64_t until_mono = clock_now_mono() + BATCH_US;

    self->reached = self->jobs->len == BATCH_MAX ? id_of(self->jobs, BATCH_MAX - 1) : 0;
    for (guint i = 0; i < self->jobs->len; i++) {
        const UnplannedJob *job = g_ptr_array_index(self->jobs, i);

        if (i > 0 && clock_now_mono() >= until_mono) {
            self->reached = id_of(self->jobs, i - 1);
            break;
        }
        guint known = problems->len;
        JobPlan plan = planner_plan(self->parts->planner, job, rows_of(self->schedules, job),
                                    rows_of(self->rules, job), self->now_at, problems);

        if (!plan.is_left || problems->len > known)
            g_array_append_val(plans, plan);
        self->wanted += !plan.is_left;
    }
    if (plans->len == 0)
        replan_end(self, 0, NULL, NULL);
    else
        plans_write(self->parts->store, plans, problems, on_written, self);
}

static void
on_rules(GHashTable *rows, const GError *error, gpointer user_data)
{
    Replan *self = user_data;

    if (error == NULL)
        self->rules = g_hash_table_ref(rows);
    else
        self->error = g_error_copy(error);
}

static void
on_schedules(GHashTable *rows, const GError *error, gpointer user_data)
{
    Replan *self = user_data;

    if (error != NULL || self->error != NULL) {
        replan_end(self, 0, NULL, error != NULL ? error : self->error);
        return;
    }
    self->schedules = g_hash_table_ref(rows);
    replan_all(self);
}

static void
on_loaded(GPtrArray *jobs, int64_t now_at, const GError *error, gpointer user_data)
{
    Replan *self = user_data;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) with_rules = g_array_new(FALSE, FALSE, sizeof(int));

    if (error != NULL || jobs->len == 0) {
        replan_end(self, 0, NULL, error);
        return;
    }
    self->jobs = g_ptr_array_ref(jobs);
    self->now_at = now_at;
    for (guint i = 0; i < jobs->len; i++) {
        const UnplannedJob *job = g_ptr_array_index(jobs, i);

        g_array_append_val(ids, job->id);
        if (job->has_rules)
            g_array_append_val(with_rules, job->id);
    }
    if (with_rules->len > 0)
        rules_load(self->parts->store, with_rules, on_rules, self);
    jobs_schedules(self->parts->store, ids, on_schedules, self);
}

void
replan_jobs(const EngineParts *parts, int after_id, ReplanDone done, gpointer user_data)
{
    Replan *self = g_new0(Replan, 1);

    self->parts = parts;
    self->done = done;
    self->user_data = user_data;
    plans_load(parts->store, after_id, BATCH_MAX, on_loaded, self);
}
