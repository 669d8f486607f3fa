/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/look.h"

#include "base/clock.h"
#include "base/error.h"

/* How many jobs one look claims at the most. */
#define BATCH_MAX 100
/* So many are listed even if nothing can be claimed: slots of running jobs have to be skipped then too. */
#define LISTED_MIN 20

typedef struct {
    const EngineParts *parts;
    LookReport report;
    LookDone done;
    gpointer user_data;
    char *pause;
    char *refusal; /* of the first slot that cannot be skipped */
    int limit;
    GPtrArray *due;        /* of DueJob */
    GHashTable *schedules; /* job id -> GPtrArray of ScheduleRow */
    GHashTable *rules;     /* job id -> GPtrArray of RuleRow; NULL = no job has any */
    GHashTable *steps;     /* job id -> GPtrArray of StepRow */
    GPtrArray *claims;     /* of Claim */
    GPtrArray *passed;     /* of Claim: whose slots are skipped */
    GError *error;         /* of the first of several statements */
} Look;

static void
look_end(Look *self, const GError *error)
{
    self->done(&self->report, error, self->user_data);
    g_clear_pointer(&self->due, g_ptr_array_unref);
    g_clear_pointer(&self->claims, g_ptr_array_unref);
    g_clear_pointer(&self->passed, g_ptr_array_unref);
    g_clear_pointer(&self->schedules, g_hash_table_unref);
    g_clear_pointer(&self->rules, g_hash_table_unref);
    g_clear_pointer(&self->steps, g_hash_table_unref);
    g_array_unref(self->report.refused);
    g_clear_error(&self->error);
    g_free(self->pause);
    g_free(self->refusal);
    g_free(self);
}

static const DueJob *
look_job(const Look *self, int job_id)
{
    for (guint i = 0; i < self->due->len; i++) {
        const DueJob *job = g_ptr_array_index(self->due, i);

        if (job->id == job_id)
            return job;
    }
    return NULL;
}

static void
look_note_next(Look *self, int64_t at)
{
    LookReport *report = &self->report;

    if (at != NO_INSTANT && (report->next_at == NO_INSTANT || at < report->next_at))
        report->next_at = at;
}

static GPtrArray *
look_steps(const Look *self, int job_id)
{
    return g_hash_table_lookup(self->steps, GINT_TO_POINTER(job_id));
}

static Claim *
look_claim_slot(const Look *self, const DueJob *job)
{
    gpointer id = GINT_TO_POINTER(job->id);

    return planner_claim_slot(self->parts->planner, job, g_hash_table_lookup(self->schedules, id),
                              self->rules != NULL ? g_hash_table_lookup(self->rules, id) : NULL,
                              self->report.now_at);
}

/* Taking, and starting what was got */

static void
look_note_refused(Look *self, const GArray *taken)
{
    for (guint i = 0; i < self->claims->len; i++) {
        const Claim *claim = g_ptr_array_index(self->claims, i);
        bool is_taken = false;

        for (guint j = 0; j < taken->len && !is_taken; j++)
            is_taken = g_array_index(taken, TakenRun, j).job_id == claim->job_id;
        if (!is_taken)
            g_array_append_val(self->report.refused, claim->job_id);
    }
}

static void
on_taken(const GArray *taken, const GError *refusal, const GError *error, gpointer user_data)
{
    Look *self = user_data;

    if (refusal != NULL)
        self->report.refusal = refusal->message;
    look_note_refused(self, taken);
    for (guint i = 0; i < taken->len; i++) {
        const TakenRun *run = &g_array_index(taken, TakenRun, i);
        const DueJob *job = look_job(self, run->job_id);
        const RunSpec spec = {.id = run->run_id,
                              .job_id = job->id,
                              .job_name = job->name,
                              .timeout_us = job->timeout_us,
                              .steps = look_steps(self, job->id),
                              .step_log_id = run->step_log_id};

        dispatch_start(self->parts->dispatch,
                       run_new(self->parts->store, self->parts->step_context, &spec,
                               dispatch_run_ended, self->parts->dispatch),
                       job->server);
    }
    look_end(self, error);
}

static void
look_take(Look *self)
{
    if (self->claims->len == 0)
        look_end(self, NULL);
    else
        claims_take(self->parts->store, self->claims, on_taken, self);
}

/* Skipping */

static void
on_skipped(const GArray *job_ids, bool has_cancels, const GError *refusal, const GError *error,
           gpointer user_data)
{
    Look *self = user_data;

    self->report.has_cancels = self->report.has_cancels || has_cancels;
    if (refusal != NULL)
        self->report.refusal = self->refusal = g_strdup(refusal->message);
    if (error != NULL) {
        look_end(self, error);
        return;
    }
    for (guint i = 0; i < self->passed->len; i++) {
        const Claim *claim = g_ptr_array_index(self->passed, i);
        bool is_skipped = false;

        for (guint j = 0; j < job_ids->len && !is_skipped; j++)
            is_skipped = g_array_index(job_ids, int, j) == claim->job_id;
        if (!is_skipped)
            g_array_append_val(self->report.refused, claim->job_id);
    }
    look_take(self);
}

/* True if there is room for one more run at the server of its first step, beside those that are claimed here. */
static bool
look_has_room(const Look *self, GHashTable *claimed_at, const DueJob *job)
{
    int more =
        job->server != NULL ? GPOINTER_TO_INT(g_hash_table_lookup(claimed_at, job->server)) : 0;

    if (!dispatch_has_room_at(self->parts->dispatch, job->server, more))
        return false;
    if (job->server != NULL)
        g_hash_table_insert(claimed_at, job->server, GINT_TO_POINTER(more + 1));
    return true;
}

static Claim *
look_claim(const Look *self, const DueJob *job)
{
    bool is_slot_due = job->planned_at != NO_INSTANT && job->planned_at <= self->report.now_at;
    bool is_slot = is_slot_due && (job->is_busy || !job->is_wish_first);
    const GPtrArray *steps = look_steps(self, job->id);
    Claim *claim = is_slot ? look_claim_slot(self, job) : planner_claim_wish(job);

    if (steps != NULL)
        claim->first_step_id = ((StepRow *)g_ptr_array_index(steps, 0))->id;
    return claim;
}

static void
look_claim_all(Look *self)
{
    g_autoptr(GHashTable) claimed_at = g_hash_table_new(g_str_hash, g_str_equal);

    self->claims = g_ptr_array_new_with_free_func((GDestroyNotify)claim_free);
    self->passed = g_ptr_array_new_with_free_func((GDestroyNotify)claim_free);
    for (guint i = 0; i < self->due->len; i++) {
        const DueJob *job = g_ptr_array_index(self->due, i);

        if (!job->is_busy &&
            ((int)self->claims->len == self->limit || !look_has_room(self, claimed_at, job))) {
            self->report.has_more = true;
            continue;
        }
        Claim *claim = look_claim(self, job);
        look_note_next(self, claim->planned_at);
        /* A wish may be that of a startup rule, whose last run this is. */
        if (claim->needs_plan || (claim->is_manual && job->has_rules))
            self->report.needs_plans = true;
        g_ptr_array_add(claim->is_passed ? self->passed : self->claims, claim);
    }

    if (self->passed->len > 0)
        claims_skip(self->parts->store, self->passed, on_skipped, self);
    else
        look_take(self);
}

static void
on_schedules(GHashTable *rows, const GError *error, gpointer user_data)
{
    Look *self = user_data;

    if (error == NULL)
        self->schedules = g_hash_table_ref(rows);
    else
        self->error = g_error_copy(error);
}

static void
on_rules(GHashTable *rows, const GError *error, gpointer user_data)
{
    Look *self = user_data;

    if (error == NULL)
        self->rules = g_hash_table_ref(rows);
    else if (self->error == NULL)
        self->error = g_error_copy(error);
}

static void
on_steps(GHashTable *rows, const GError *error, gpointer user_data)
{
    Look *self = user_data;

    if (error != NULL || self->error != NULL) {
        look_end(self, error != NULL ? error : self->error);
        return;
    }
    self->steps = g_hash_table_ref(rows);
    look_claim_all(self);
}

/* While the claims are worked out, connections for the first steps are opened already. */
static void
look_warm(const Look *self)
{
    g_autoptr(GHashTable) warmed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < self->due->len; i++) {
        const DueJob *job = g_ptr_array_index(self->due, i);

        if (!job->is_busy && job->server != NULL &&
            g_hash_table_add(warmed, g_strconcat(job->server, " ", job->database, NULL)))
            step_warm_sql(self->parts->step_context, job->server, job->database);
    }
}

/* Looking */

static void
on_looked(GPtrArray *due, const NextJob *next, const JobsNews *news, int64_t now_at,
          const GError *error, gpointer user_data)
{
    Look *self = user_data;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GArray) with_rules = g_array_new(FALSE, FALSE, sizeof(int));

    if (error != NULL) {
        look_end(self, error);
        return;
    }
    self->due = g_ptr_array_ref(due);
    self->report.now_at = now_at;
    self->report.now_mono = clock_now_mono();
    self->report.next_at = next->at;
    self->report.pause = self->pause = g_strdup(news->pause);
    self->report.has_cancels = news->has_cancels;
    if (next->at != NO_INSTANT)
        warmer_expect(self->parts->warmer, self->report.now_mono + (next->at - now_at),
                      next->server, next->database);
    self->report.has_more = due->len >= MAX((guint)self->limit, LISTED_MIN);
    if (due->len == 0) {
        look_end(self, NULL);
        return;
    }
    for (guint i = 0; i < due->len; i++) {
        const DueJob *job = g_ptr_array_index(due, i);

        g_array_append_val(ids, job->id);
        if (job->has_rules)
            g_array_append_val(with_rules, job->id);
    }
    look_warm(self);
    jobs_schedules(self->parts->store, ids, on_schedules, self);
    if (with_rules->len > 0)
        rules_load(self->parts->store, with_rules, on_rules, self);
    jobs_steps(self->parts->store, ids, on_steps, self);
}

void
look_at_due(const EngineParts *parts, const GArray *left_out, LookDone done, gpointer user_data)
{
    Look *self = g_new0(Look, 1);
    g_autoptr(GPtrArray) full = dispatch_full_servers(parts->dispatch);

    self->parts = parts;
    self->done = done;
    self->user_data = user_data;
    self->report.next_at = NO_INSTANT;
    self->report.refused = g_array_new(FALSE, FALSE, sizeof(int));
    store_note_full(parts->store, full);
    self->limit = MIN(dispatch_room(parts->dispatch), BATCH_MAX);
    jobs_look(parts->store, self->limit, LISTED_MIN, full, left_out, on_looked, self);
}
