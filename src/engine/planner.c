/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/planner.h"

#include "base/clock.h"
#include "base/log.h"

/* Slots that a run stands for are counted up to here; the newest one is exact all the same. */
#define COUNT_LIMIT 100000
/* A run that begins later than this after its slot was missed, not just delayed. */
#define LATE_US (INT64_C(60) * CLOCK_US_PER_SECOND)

struct Planner {
    GHashTable *zones;    /* name -> Zone */
    GHashTable *reported; /* names that cannot be read, and that was said */
    int job_id;           /* for whom zones are being looked for */
};

Planner *
planner_new(void)
{
    Planner *self = g_new0(Planner, 1);

    self->zones =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)zone_unref);
    self->reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

void
planner_free(Planner *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->zones);
    g_hash_table_unref(self->reported);
    g_free(self);
}

/* A ZoneFinder. What cannot be read is asked for again and again: the files may come. */
static Zone *
find_zone(const char *name, gpointer user_data, GError **error)
{
    Planner *self = user_data;
    Zone *zone = g_hash_table_lookup(self->zones, name);
    g_autoptr(GError) wrong = NULL;

    if (zone == NULL) {
        zone = zone_load(name, NULL, &wrong);
        if (zone == NULL) {
            if (g_hash_table_add(self->reported, g_strdup(name)))
                log_job_warning(self->job_id, "this agent cannot plan jobs in that time zone: %s",
                                wrong->message);
            g_propagate_error(error, g_steal_pointer(&wrong));
            return NULL;
        }
        g_hash_table_insert(self->zones, g_strdup(name), zone);
    }
    return zone_ref(zone);
}

/* Planning */

/* What the rules' problems are, if they are not what the table says; problems may be NULL. True if any has changed. */
static bool
note_problems(const Timetable *timetable, int job_id, const GPtrArray *rules, GPtrArray *problems)
{
    bool has_changed = false;

    for (guint i = 0; rules != NULL && i < rules->len; i++) {
        const RuleRow *row = g_ptr_array_index(rules, i);
        g_autofree char *text = timetable_problem(timetable, i);

        if (g_strcmp0(text, row->problem) == 0)
            continue;
        has_changed = true;
        if (problems != NULL) {
            RuleProblem *problem = g_new(RuleProblem, 1);

            *problem = (RuleProblem){job_id, row->id, g_steal_pointer(&text)};
            g_ptr_array_add(problems, problem);
        }
    }
    return has_changed;
}

JobPlan
planner_plan(Planner *self, const UnplannedJob *job, const GPtrArray *schedules,
             const GPtrArray *rules, int64_t now_at, GPtrArray *problems)
{
    const JobTimes times = {job->zone, schedules, rules, job->is_running};
    JobPlan plan = {
        .job_id = job->id,
        .revision = job->revision,
        /* Not after now: what has come due since the last edit or claim is not to be lost. */
        .last_slot_at = job->last_slot_at != NO_INSTANT ? job->last_slot_at : now_at,
        .seen_planned_at = job->planned_at,
        .seen_last_slot_at = job->last_slot_at};

    self->job_id = job->id;
    g_autoptr(Timetable) timetable =
        timetable_new(&times, TIMETABLE_OF_PLANS, plan.last_slot_at, find_zone, self);

    plan.is_left = !timetable_is_readable(timetable);
    plan.planned_at = timetable_next(timetable, plan.last_slot_at);
    (void)note_problems(timetable, job->id, rules, problems);
    return plan;
}

/* Claiming */

static Claim *
claim_new(const DueJob *job)
{
    Claim *self = g_new(Claim, 1);

    *self = (Claim){
        .job_id = job->id,
        .revision = job->revision,
        .next_at = job->next_at,
        .slot_at = NO_INSTANT,
        .slots = 1,
        .planned_at = NO_INSTANT,
        .skipped_from = NO_INSTANT,
        .skipped_to = NO_INSTANT,
    };
    return self;
}

/* Which slots the run stands for. */
static void
claim_set_slots(Claim *claim, const Timetable *timetable, const DueJob *job, int64_t now_at)
{
    ScheduleSlot slot, older;
    int64_t count = timetable_count(timetable, now_at, COUNT_LIMIT, &slot);

    /* Without any, the plan was made by a definition that is gone; the slot was promised all the same. */
    claim->slot_at = job->planned_at;
    if (count > 0) {
        claim->slot_at = slot.at;
        claim->slots = (int)count;
        claim->label = schedule_slot_label(&slot);
        timetable_owner(&slot, &claim->schedule_id, &claim->rule_id);
    }
    if (count > 1) {
        claim->skipped_from = job->planned_at;
        claim->skipped_to = job->planned_at;
        if (timetable_count(timetable, claim->slot_at - 1, COUNT_LIMIT, &older) > 0)
            claim->skipped_to = older.at;
    }
    claim->is_late = claim->slots > 1 || now_at - claim->slot_at > LATE_US;
}

/* The run counts for each rule that asks for its slot. */
static void
claim_count(Claim *claim, const Timetable *timetable)
{
    g_autoptr(GPtrArray) askers = timetable_askers(timetable, claim->slot_at);

    claim->rule_ids = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < askers->len; i++) {
        RuleRow *row = g_ptr_array_index(askers, i);

        row->run_count++;
        g_array_append_val(claim->rule_ids, row->id);
    }
}

/* The plan after the slot. The rules have counted the run, and after what is not known before it has ended. */
static void
claim_plan_on(Claim *claim, Planner *planner, JobTimes times, int64_t after_at, int job_id)
{
    times.is_running = true;
    g_autoptr(Timetable) timetable =
        timetable_new(&times, TIMETABLE_OF_PLANS, after_at, find_zone, planner);

    claim->planned_at = timetable_next(timetable, after_at);
    claim->needs_plan = note_problems(timetable, job_id, times.rules, NULL);
}

Claim *
planner_claim_slot(Planner *self, const DueJob *job, const GPtrArray *schedules,
                   const GPtrArray *rules, int64_t now_at)
{
    const JobTimes times = {job->zone, schedules, rules, job->is_busy};
    Claim *claim = claim_new(job);

    self->job_id = job->id;
    g_autoptr(Timetable) timetable =
        timetable_new(&times, TIMETABLE_OF_CLAIMS, job->planned_at - 1, find_zone, self);
    claim_set_slots(claim, timetable, job, now_at);
    if (!timetable_is_readable(timetable)) {
        claim->needs_plan = true;
    } else if (rules == NULL) {
        claim->planned_at = timetable_next(timetable, MAX(claim->slot_at, now_at));
    } else {
        if (!job->is_busy)
            claim_count(claim, timetable);
        claim_plan_on(claim, self, times, MAX(claim->slot_at, now_at), job->id);
    }
    return claim;
}

Claim *
planner_claim_wish(const DueJob *job)
{
    Claim *claim = claim_new(job);

    claim->is_manual = true;
    return claim;
}
