/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "engine/planner.h"

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
                    .zone = (char *)"UTC"};
}

static void
test_slot_in_time(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9, NULL);
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, rows, MONDAY + 9 * HOUR + 3);

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
    Claim *claim = planner_claim_slot(planner, &job, rows, MONDAY + 58 * HOUR);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 57 * HOUR);
    g_assert_cmpint(claim->slots, ==, 5);
    g_assert_true(claim->is_late);
    g_assert_cmpint(claim->skipped_from, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->skipped_to, ==, MONDAY + 41 * HOUR);
    g_assert_cmpint(claim->planned_at, ==, MONDAY + 65 * HOUR);
    claim_free(claim);
}

/* A slot that was planned counts, even if no schedule of today would give it. */
static void
test_promised_slot(void)
{
    g_autoptr(Planner) planner = planner_new();
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, NULL, MONDAY + 10 * HOUR);

    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_cmpint(claim->slots, ==, 1);
    g_assert_cmpint(claim->planned_at, ==, NO_INSTANT);
    claim_free(claim);
}

static void
test_next(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) berlin = rows_of_hours(1 << 9, "Europe/Berlin");
    g_autoptr(GPtrArray) job_zone = rows_of_hours(1 << 9, NULL);

    int64_t next_at = 0;

    g_assert_true(planner_next(planner, 1, berlin, "UTC", MONDAY, &next_at));
    g_assert_cmpint(next_at, ==, MONDAY + 7 * HOUR);
    g_assert_true(planner_next(planner, 1, job_zone, "Asia/Tokyo", MONDAY, &next_at));
    g_assert_cmpint(next_at, ==, MONDAY + 24 * HOUR);
    g_assert_true(planner_next(planner, 1, NULL, "UTC", MONDAY, &next_at));
    g_assert_cmpint(next_at, ==, NO_INSTANT);
}

/* Not to know is not the same as never. */
static void
test_unknown_zone(void)
{
    g_autoptr(Planner) planner = planner_new();
    g_autoptr(GPtrArray) rows = rows_of_hours(1 << 9, "Nowhere/Land");
    const DueJob job = due_job(MONDAY + 9 * HOUR);
    Claim *claim = planner_claim_slot(planner, &job, rows, MONDAY + 9 * HOUR);
    int64_t next_at = 0;

    g_assert_false(planner_next(planner, 1, rows, "UTC", MONDAY, &next_at));
    g_assert_cmpint(claim->slot_at, ==, MONDAY + 9 * HOUR);
    g_assert_true(claim->needs_plan);
    claim_free(claim);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/planner/slot-in-time", test_slot_in_time);
    g_test_add_func("/planner/missed-slots", test_missed_slots);
    g_test_add_func("/planner/promised-slot", test_promised_slot);
    g_test_add_func("/planner/next", test_next);
    g_test_add_func("/planner/unknown-zone", test_unknown_zone);
    return g_test_run();
}
