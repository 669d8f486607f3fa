/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/planner.h"

#include <string.h>

#include "calendar/bitmap.h"
#include "calendar/civil.h"

/* 2026-06-15 00:00 UTC, a Monday. */
#define MONDAY (civil_days(2026, 6, 15) * CIVIL_US_PER_DAY)
#define HOUR   (60 * CIVIL_US_PER_MINUTE)

static void
schedule_row_free(gpointer data)
{
    ScheduleRow *self = data;

    g_array_unref(self->exceptions);
    g_free(self->zone);
    g_free(self);
}

/* One schedule: at the full hours of that mask, every day. */
static GPtrArray *
rows_of_hours(uint64_t hours, const char *zone)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(schedule_row_free);
    ScheduleRow *row = g_new(ScheduleRow, 1);

    *row = (ScheduleRow){.id = 7,
                         .start_at = MONDAY - 100 * CIVIL_US_PER_DAY,
                         .end_at = SCHEDULE_NO_END,
                         .zone = g_strdup(zone),
                         .exceptions = g_array_new(FALSE, FALSE, sizeof(ScheduleException))};
    bitmap_rule(1, hours, 0, 0, 0, &row->rule);
    g_ptr_array_add(rows, row);
    return rows;
}

static DueJob
due_job(int64_t planned_at)
{
    return (DueJob){.id = 1,
                    .name = (char *)"job",
                    .revision = 3,
                    .next_at = planned_at,
                    .planned_at = planned_at,
                    .grace_us = DUE_JOB_NO_GRACE,
                    .zone = (char *)"UTC"};
}

static void
test_slot_in_time(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9, NULL);
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, rows, NULL, MONDAY + 9 * HOUR + 3);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->slots, ==, 1);
    g_assert_false(claim->is_late);
    g_assert_false(claim->is_manual);
    g_assert_cmpint(claim->schedule_id, ==, 7);
    g_assert_cmpstr(claim->label, ==, "2026-06-15 09:00 UTC");
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 33 * HOUR);
    g_assert_cmpint(claim->skipped_from, ==, NO_INSTANT);
    g_assert_cmpint(claim->revision, ==, 3);
    claim_free(claim);
}

/* After three days without an agent, the newest slot stands for all. */
static void
test_missed_slots(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9 | 1 << 17, NULL);
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, rows, NULL, MONDAY + 58 * HOUR);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 57 * HOUR);
    g_assert_cmpint(claim->slots, ==, 5);
    g_assert_true(claim->is_late);
    g_assert_cmpint(claim->skipped_from, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->skipped_to, ==, MONDAY + 41 * HOUR);
    g_assert_cmpint(claim->skipped, ==, 4);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 65 * HOUR);
    claim_free(claim);
}

/* 9:00 and 17:00 of Monday and Tuesday and 9:00 of Wednesday are due; instants are hours after Monday 0:00, -1 = none. */
static const struct {
    const char *name;
    MissedPolicy policy;
    int grace, now;
    int run, stands_for;
    int skipped_from, skipped_to, skipped;
    int plan;
} missed_cases[] = {
    {"once", MISSED_ONCE, -1, 58, 57, 5, 9, 41, 4, 65},
    {"once, within the grace", MISSED_ONCE, 2, 58, 57, 5, 9, 41, 4, 65},
    {"once, later than the grace", MISSED_ONCE, 2, 60, -1, 1, 9, 41, 4, 65},
    {"skip", MISSED_SKIP, -1, 58, -1, 1, 9, 41, 4, 65},
    {"skip, just in time", MISSED_SKIP, -1, 57, 57, 1, 9, 41, 4, 65},
    {"skip, within the grace", MISSED_SKIP, 2, 58, 57, 1, 9, 41, 4, 65},
    {"all", MISSED_ALL, -1, 58, 9, 1, -1, -1, 0, 17},
    {"all, some within the grace", MISSED_ALL, 24, 58, 41, 1, 9, 33, 3, 57},
    {"all, none within the grace", MISSED_ALL, 2, 60, -1, 1, 9, 41, 4, 65},
};

static void
test_missed_policies(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9 | 1 << 17, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(missed_cases); i++) {
        DueJob job = due_job(MONDAY + 9 * HOUR);
        int run = missed_cases[i].run;

        g_test_message("%s", missed_cases[i].name);
        job.missed = missed_cases[i].policy;
        if (missed_cases[i].grace >= 0)
            job.grace_us = missed_cases[i].grace * HOUR;
        Claim *claim =
            planner_claim_slot(planner, &job, rows, NULL, MONDAY + missed_cases[i].now * HOUR);

        g_assert_cmpint(claim->is_passed, ==, run < 0);
        g_assert_cmpint(claim->slot_at, ==, MONDAY + (run < 0 ? 57 : run) * HOUR);
        g_assert_cmpint(claim->slots, ==, missed_cases[i].stands_for);
        g_assert_cmpint(claim->skipped, ==, missed_cases[i].skipped);
        if (claim->skipped > 0) {
            g_assert_cmpint(claim->skipped_from, ==, MONDAY + missed_cases[i].skipped_from * HOUR);
            g_assert_cmpint(claim->skipped_to, ==, MONDAY + missed_cases[i].skipped_to * HOUR);
        } else {
            g_assert_cmpint(claim->skipped_from, ==, NO_INSTANT);
        }
        g_assert_cmpint(claim->why_skipped != NULL, ==, run < 0 || claim->skipped > 0);
        g_assert_cmpint(claim->planned_at, ==, MONDAY + missed_cases[i].plan * HOUR);
        claim_free(claim);
    }
}

/* Of very many, the newest hundred are run. */
static void
test_missed_all_is_bounded(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(0, NULL);
    DueJob job = due_job(MONDAY + HOUR);

    job.missed = MISSED_ALL;
    Claim *claim = planner_claim_slot(planner, &job, rows, NULL, MONDAY + 300 * HOUR);
    g_assert_cmpint(claim->slot_at, ==, MONDAY + 201 * HOUR);
    g_assert_cmpint(claim->skipped, ==, 200);
    g_assert_cmpint(claim->skipped_from, ==, MONDAY + HOUR);
    g_assert_cmpint(claim->skipped_to, ==, MONDAY + 200 * HOUR);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 202 * HOUR);
    claim_free(claim);
}

/* What comes while the job runs is not run, whatever its policy for missed slots is. */
static void
test_busy_slots(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9 | 1 << 17, NULL);
    DueJob job = due_job(MONDAY + 9 * HOUR);

    job.is_busy = true;
    for (job.missed = MISSED_ONCE; job.missed < N_MISSED_POLICIES; job.missed++) {
        Claim *claim = planner_claim_slot(planner, &job, rows, NULL, MONDAY + 58 * HOUR);

        g_assert_true(claim->is_passed && claim->is_busy);
        g_assert_cmpint(claim->slot_at, ==, MONDAY + 57 * HOUR);
        g_assert_cmpint(claim->skipped, ==, 4);
        g_assert_cmpint(claim->skipped_to, ==, MONDAY + 41 * HOUR);
        g_assert_cmpstr(claim->why_skipped, ==, "the job was still running");
        g_assert_cmpint(claim->planned_at, ==, MONDAY + 65 * HOUR);
        claim_free(claim);
    }
}

/* A slot that was planned counts, even if no schedule of today would give it. */
static void
test_promised_slot(void)
{
    g_autoptr(Planner) planner = planner_new();
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, NULL, NULL, MONDAY + 10 * HOUR);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->slots, ==, 1);
    g_assert_cmpint(claim->planned_at, ==, NO_INSTANT);
    claim_free(claim);
}

static UnplannedJob
unplanned_job(const char *zone)
{
    return (UnplannedJob){.id = 1,
                          .revision = 3,
                          .last_slot_at = NO_INSTANT,
                          .planned_at = NO_INSTANT,
                          .zone = (char *)zone};
}

static int64_t
plan(Planner *planner, const GPtrArray *rows, const char *zone)
{
    const UnplannedJob job = unplanned_job(zone);
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    JobPlan plan = planner_plan(planner, &job, rows, NULL, MONDAY, problems);

    g_assert_false(plan.is_left);
    g_assert_cmpint(plan.last_slot_at, ==, MONDAY);
    return plan.planned_at;
}

static void
test_next(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) berlin = rows_of_hours(1 << 9, "Europe/Berlin");
    g_autoptr(GPtrArray) job_zone = rows_of_hours(1 << 9, NULL);

    g_assert_cmpint(plan(planner, berlin, "UTC"), ==, MONDAY + 7 * HOUR);
    g_assert_cmpint(plan(planner, job_zone, "Asia/Tokyo"), ==, MONDAY + 24 * HOUR);
    g_assert_cmpint(plan(planner, NULL, "UTC"), ==, NO_INSTANT);
}

/* Not to know is not the same as never. */
static void
test_unknown_zone(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9, "Nowhere/Land");
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, rows, NULL, MONDAY + 9 * HOUR);
    const UnplannedJob unplanned = unplanned_job("UTC");

    g_assert_true(planner_plan(planner, &unplanned, rows, NULL, MONDAY, NULL).is_left);
    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_true(claim->needs_plan);
    claim_free(claim);
}

/* Rules */

static RuleRow *
add_rule(GPtrArray *rules, int id, RuleKind kind, int64_t start_at)
{
    RuleRow *row = g_new0(RuleRow, 1);

    row->id = id;
    row->last_end_at = NO_INSTANT;
    definition_init(&row->definition);
    row->definition.kind = kind;
    row->definition.start_at = start_at;
    g_ptr_array_add(rules, row);
    return row;
}

static GPtrArray *
rules_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)rule_row_free);
}

/* Which of them are the newest hundred is not looked for where they cannot be counted. */
static void
test_missed_all_beyond_counting(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rules = rules_new();
    DueJob job = due_job(MONDAY);

    job.missed = MISSED_ALL;
    add_rule(rules, 11, RULE_KIND_EVERY, MONDAY)->definition.period =
        (Length){.us = CIVIL_US_PER_SECOND};
    Claim *claim = planner_claim_slot(planner, &job, NULL, rules, MONDAY + 100 * HOUR);
    g_assert_cmpint(claim->slot_at, ==, MONDAY + 100 * HOUR);
    g_assert_cmpint(claim->slots, ==, 1);
    g_assert_cmpint(claim->skipped, ==, 100000);
    g_assert_cmpint(claim->skipped_to, ==, MONDAY + 100 * HOUR - CIVIL_US_PER_SECOND);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 100 * HOUR + CIVIL_US_PER_SECOND);
    claim_free(claim);
}

/* Several rules and a schedule ask for one instant: each rule counts it, and the schedule, being the first, owns it. */
static void
test_rules_count(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) schedules = rows_of_hours(1 << 9, NULL);
    g_autoptr(GPtrArray) rules = rules_new();
    const DueJob job = due_job(MONDAY + 9 * HOUR);

    add_rule(rules, 11, RULE_KIND_DAILY, MONDAY + 9 * HOUR)->end_count = 1;
    add_rule(rules, 12, RULE_KIND_DAILY, MONDAY + 8 * HOUR);
    add_rule(rules, 13, RULE_KIND_ONCE, MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, schedules, rules, MONDAY + 9 * HOUR + 1);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->schedule_id, ==, 7);
    g_assert_cmpint(claim->rule_id, ==, 0);
    g_assert_cmpuint(claim->rule_ids->len, ==, 2);
    g_assert_cmpint(g_array_index(claim->rule_ids, int, 0), ==, 11);
    g_assert_cmpint(g_array_index(claim->rule_ids, int, 1), ==, 13);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 32 * HOUR);
    g_assert_true(claim->needs_plan); /* to say that two have ended */
    claim_free(claim);
}

/* What is skipped because the job still runs does not count. */
static void
test_busy_rules(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rules = rules_new();
    DueJob job = due_job(MONDAY + 9 * HOUR);

    job.is_busy = true;
    add_rule(rules, 11, RULE_KIND_DAILY, MONDAY + 9 * HOUR)->end_count = 1;
    Claim *claim = planner_claim_slot(planner, &job, NULL, rules, MONDAY + 9 * HOUR + 1);

    g_assert_cmpuint(claim->rule_ids->len, ==, 1);
    g_assert_cmpint(g_array_index(claim->rule_ids, int, 0), ==, 11);
    g_assert_cmpint(claim->rule_id, ==, 11);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 33 * HOUR);
    g_assert_false(claim->needs_plan);
    claim_free(claim);
}

/* Overdue, a run after the last one's end is one slot; while the job runs it is not known when the next is due. */
static void
test_after(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rules = rules_new();
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    RuleRow *row = add_rule(rules, 11, RULE_KIND_AFTER, MONDAY - 50 * HOUR);
    UnplannedJob unplanned = unplanned_job("UTC");

    row->definition.period = (Length){.us = HOUR};
    g_assert_cmpint(planner_plan(planner, &unplanned, NULL, rules, MONDAY, problems).planned_at, ==,
                    MONDAY + 1);
    row->last_end_at = MONDAY - 2 * HOUR;
    g_assert_cmpint(planner_plan(planner, &unplanned, NULL, rules, MONDAY, problems).planned_at, ==,
                    MONDAY + 1);
    row->last_end_at = MONDAY - HOUR / 2;
    g_assert_cmpint(planner_plan(planner, &unplanned, NULL, rules, MONDAY, problems).planned_at, ==,
                    MONDAY + HOUR / 2);
    unplanned.is_running = true;
    g_assert_cmpint(planner_plan(planner, &unplanned, NULL, rules, MONDAY, problems).planned_at, ==,
                    NO_INSTANT);

    const DueJob job = due_job(MONDAY + HOUR / 2);
    Claim *claim = planner_claim_slot(planner, &job, NULL, rules, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->slot_at, ==, MONDAY + HOUR / 2);
    g_assert_cmpint(claim->slots, ==, 1);
    g_assert_cmpint(claim->rule_id, ==, 11);
    g_assert_cmpint(claim->planned_at, ==, NO_INSTANT);
    g_assert_false(claim->needs_plan);
    claim_free(claim);
    g_assert_cmpuint(problems->len, ==, 0);
}

/* What has come due since the last edit or claim is not passed over. */
static void
test_plan_that_is_past(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9, NULL);
    UnplannedJob job = unplanned_job("UTC");

    job.last_slot_at = MONDAY + 8 * HOUR;
    JobPlan plan = planner_plan(planner, &job, rows, NULL, MONDAY + 10 * HOUR, NULL);
    g_assert_cmpint(plan.planned_at, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(plan.last_slot_at, ==, MONDAY + 8 * HOUR);
    job.last_slot_at = MONDAY + 9 * HOUR;
    plan = planner_plan(planner, &job, rows, NULL, MONDAY + 10 * HOUR, NULL);
    g_assert_cmpint(plan.planned_at, ==, MONDAY + 33 * HOUR);
    job.last_slot_at = NO_INSTANT;
    plan = planner_plan(planner, &job, rows, NULL, MONDAY + 10 * HOUR, NULL);
    g_assert_cmpint(plan.planned_at, ==, MONDAY + 33 * HOUR);
    g_assert_cmpint(plan.last_slot_at, ==, MONDAY + 10 * HOUR);
}

/* What is wrong with a rule is said once. */
static void
test_problems(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rules = rules_new();
    g_autoptr(GPtrArray) problems =
        g_ptr_array_new_with_free_func((GDestroyNotify)rule_problem_free);
    const UnplannedJob job = unplanned_job("UTC");
    RuleRow *bad = add_rule(rules, 11, RULE_KIND_CRON, MONDAY);

    bad->definition.text = g_strdup("0 24 * * *");
    add_rule(rules, 12, RULE_KIND_DAILY, MONDAY + HOUR);
    JobPlan plan = planner_plan(planner, &job, NULL, rules, MONDAY, problems);
    g_assert_cmpint(plan.planned_at, ==, MONDAY + HOUR);
    g_assert_cmpuint(problems->len, ==, 1);

    const RuleProblem *problem = g_ptr_array_index(problems, 0);
    g_assert_cmpint(problem->job_id, ==, 1);
    g_assert_cmpint(problem->rule_id, ==, 11);
    g_assert_nonnull(strstr(problem->text, "\n    0 24 * * *\n      ^^"));

    bad->problem = g_strdup(problem->text);
    (void)planner_plan(planner, &job, NULL, rules, MONDAY, problems);
    g_assert_cmpuint(problems->len, ==, 1);
    bad->is_exception = true;
    plan = planner_plan(planner, &job, NULL, rules, MONDAY, problems);
    g_assert_cmpint(plan.planned_at, ==, NO_INSTANT);
    g_assert_false(plan.is_left);
    g_assert_cmpuint(problems->len, ==, 2);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planner/slot-in-time", test_slot_in_time);
    g_test_add_func("/planner/missed-slots", test_missed_slots);
    g_test_add_func("/planner/missed-policies", test_missed_policies);
    g_test_add_func("/planner/missed-all-is-bounded", test_missed_all_is_bounded);
    g_test_add_func("/planner/missed-all-beyond-counting", test_missed_all_beyond_counting);
    g_test_add_func("/planner/busy-slots", test_busy_slots);
    g_test_add_func("/planner/promised-slot", test_promised_slot);
    g_test_add_func("/planner/next", test_next);
    g_test_add_func("/planner/unknown-zone", test_unknown_zone);
    g_test_add_func("/planner/rules-count", test_rules_count);
    g_test_add_func("/planner/busy-rules", test_busy_rules);
    g_test_add_func("/planner/after", test_after);
    g_test_add_func("/planner/plan-that-is-past", test_plan_that_is_past);
    g_test_add_func("/planner/problems", test_problems);
    return g_test_run();
}
