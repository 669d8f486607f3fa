/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/planner.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/missed.h"

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
    Zone *known = g_hash_table_lookup(self->zones, name);
    g_autoptr(GError) wrong = NULL;

    if (known != NULL && zone_is_current(known))
        return zone_ref(known);

    Zone *zone = zone_load(name, NULL, &wrong);
    if (zone == NULL && known != NULL)
        return zone_ref(known);
    if (zone == NULL) {
        if (g_hash_table_add(self->reported, g_strdup(name)))
            log_job_warning(self->job_id, "this agent cannot plan jobs in that time zone: %s",
                            wrong->message);
        g_propagate_error(error, g_steal_pointer(&wrong));
        return NULL;
    }
    if (known != NULL)
        log_notice("the rules of time zone \"%s\" were replaced: plans are made by the new ones",
                   name);
    g_hash_table_replace(self->zones, g_strdup(name), zone);
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
        .seen_planned_at = job->planned_at,
        .slot_at = NO_INSTANT,
        .is_busy = job->is_busy,
        .slots = 1,
        .planned_at = NO_INSTANT,
        .skipped_from = NO_INSTANT,
        .skipped_to = NO_INSTANT,
    };
    return self;
}

/* The slot that is run, and those that are not. */
static void
claim_set_slots(Claim *claim, const MissedSlots *missed, int64_t now_at)
{
    claim->slot_at = missed->slot.at;
    claim->slots = missed->stands_for;
    if (missed->slot.schedule != NULL) {
        claim->label = schedule_slot_label(&missed->slot);
        timetable_owner(&missed->slot, &claim->schedule_id, &claim->rule_id);
    }
    claim->is_passed = !missed->has_run;
    claim->skipped_from = missed->passed_from;
    claim->skipped_to = missed->passed_to;
    claim->skipped = missed->passed;
    claim->why_skipped = missed->why;
    claim->is_late = claim->slots > 1 || now_at - claim->slot_at > MISSED_LATE_US;
}

/* The run counts for each rule that asks for its slot: now, or when a slot that has to wait is taken. */
static void
claim_count(Claim *claim, const Timetable *timetable, bool has_run)
{
    g_autoptr(GPtrArray) askers = timetable_askers(timetable, claim->slot_at);

    claim->rule_ids = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < askers->len; i++) {
        RuleRow *row = g_ptr_array_index(askers, i);

        if (has_run)
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

static bool
has_after(const GPtrArray *rules)
{
    for (guint i = 0; i < rules->len; i++) {
        if (((const RuleRow *)g_ptr_array_index(rules, i))->definition.kind == RULE_KIND_AFTER)
            return true;
    }
    return false;
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
    const MissedSlots missed = job->is_busy ? missed_while_busy(timetable, job, now_at)
                                            : missed_decide(timetable, job, now_at);
    claim_set_slots(claim, &missed, now_at);
    if (!timetable_is_readable(timetable)) {
        claim->needs_plan = true;
    } else if (rules == NULL) {
        claim->planned_at = timetable_next(timetable, missed.plan_after);
    } else {
        if (missed.has_run || job->is_busy)
            claim_count(claim, timetable, missed.has_run);
        claim_plan_on(claim, self, times, missed.plan_after, job->id);
        /* No run will end that "after" could be counted from. */
        if (!missed.has_run && !job->is_busy && has_after(rules))
            claim->needs_plan = true;
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
