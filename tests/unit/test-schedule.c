/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/schedule.h"

#include <string.h>

#include "calendar/bitmap.h"
#include "calendar/civil.h"

#include "case-table.h"
#include "rule-oracle.h"
#include "schedule-text.h"
#include "slot-oracle.h"
#include "tzif-maker.h"

#define MINUTE CIVIL_US_PER_MINUTE
#define DAY    CIVIL_US_PER_DAY

/* Columns of the tables. */
enum {
    COLUMN_NAME,
    COLUMN_SCHEDULE,
    COLUMN_FROM = COLUMN_SCHEDULE + N_SCHEDULE_TEXT_COLUMNS,
    COLUMN_EXPECTED,
};

static Schedule *
read_schedule(char *const *columns)
{
    g_autofree char *problem = NULL;
    Schedule *schedule = schedule_text_read(columns, 7, &problem);
    if (!schedule)
        g_error("%s", problem);
    return schedule;
}

static void
check_case(char *const *columns)
{
    g_autoptr(Schedule) schedule = read_schedule(columns + COLUMN_SCHEDULE);
    int64_t after;
    g_assert_true(
        schedule_text_read_instant(columns[COLUMN_FROM], schedule_zone(schedule), &after));
    g_auto(GStrv) expected = g_strsplit(columns[COLUMN_EXPECTED], ",", -1);
    for (char **want = expected; *want; want++) {
        ScheduleSlot slot;
        RuleOutcome outcome = schedule_next(schedule, after, INT64_MAX, &slot);
        if (outcome != RULE_FOUND) {
            g_assert_cmpstr(outcome == RULE_NEVER ? "never" : "beyond", ==, g_strstrip(*want));
            continue;
        }
        g_autofree char *got = schedule_text_print_instant(slot.at, schedule_zone(schedule));
        g_assert_cmpstr(got, ==, g_strstrip(*want));
        after = slot.at;
    }
}

/* ---- Brute force: every minute of some days, by the words of the definition. ---- */

typedef struct {
    Rule rule;
    Oracle *oracle;
    int64_t start_at, end_at;
    ScheduleException exceptions[8];
    size_t n_exceptions;
    Schedule *schedule;
} Sample;

static bool
is_excepted(const Sample *sample, int64_t day, int32_t minute)
{
    for (size_t i = 0; i < sample->n_exceptions; i++) {
        const ScheduleException *exception = &sample->exceptions[i];
        if (exception->date == SCHEDULE_ANY_DATE && exception->minute == SCHEDULE_ANY_MINUTE)
            continue;
        if ((exception->date == SCHEDULE_ANY_DATE || exception->date == day) &&
            (exception->minute == SCHEDULE_ANY_MINUTE || exception->minute == minute))
            return true;
    }
    return false;
}

static bool
asks_for(int64_t label, gconstpointer user_data)
{
    const Sample *sample = user_data;
    int64_t day = civil_label_days(label);
    int64_t rest = label - day * DAY;
    int32_t minute = (int32_t)(rest / MINUTE);
    return rest % MINUTE == 0 && oracle_selects(sample->oracle, label / CIVIL_US_PER_SECOND) &&
           !is_excepted(sample, day, minute);
}

static void
brute_force(const Sample *sample, const Zone *zone, int64_t from, int64_t until, GArray *instants)
{
    SlotOracle oracle = {.selects = asks_for,
                         .user_data = sample,
                         .zone = zone,
                         .is_running = sample->rule.hours == 0xffffff,
                         .start_at = sample->start_at,
                         .end_at = sample->end_at};
    slot_oracle_add(&oracle, from, until, instants);
}

static uint64_t
random_bits(int width, int kind)
{
    if (kind == 0)
        return 0;
    uint64_t bits = 0;
    for (int i = 0; i < kind; i++)
        bits |= UINT64_C(1) << g_test_rand_int_range(0, width);
    return bits;
}

static Sample
random_sample(Zone *zone, int64_t around)
{
    Sample sample = {0};
    uint64_t hours = random_bits(24, g_test_rand_int_range(0, 8));
    if (g_test_rand_bit())
        hours |= 0xf << g_test_rand_int_range(0, 3);
    if (g_test_rand_int_range(0, 4) == 0)
        hours = 0;
    bitmap_rule(random_bits(60, g_test_rand_int_range(0, 6)), hours,
                random_bits(7, g_test_rand_int_range(-6, 4)),
                random_bits(32, g_test_rand_int_range(-6, 12)),
                random_bits(12, g_test_rand_int_range(-6, 8)), &sample.rule);
    sample.start_at = g_test_rand_bit() ? INT64_MIN
                                        : around + g_test_rand_int_range(-4000, 4000) * MINUTE +
                                              g_test_rand_int_range(-1, 2) * 30000000;
    sample.end_at = g_test_rand_int_range(0, 3)
                        ? SCHEDULE_NO_END
                        : around + g_test_rand_int_range(-4000, 9000) * MINUTE;
    int n_exceptions = g_test_rand_int_range(-6, G_N_ELEMENTS(sample.exceptions) + 1);
    sample.n_exceptions = n_exceptions < 0 ? 0 : (size_t)n_exceptions;
    for (size_t i = 0; i < sample.n_exceptions; i++) {
        ScheduleException *exception = &sample.exceptions[i];
        int kind = g_test_rand_int_range(0, 10);
        exception->date =
            kind < 3 ? SCHEDULE_ANY_DATE : civil_label_days(around) + g_test_rand_int_range(-2, 3);
        exception->minute =
            kind == 0 || kind > 7 ? SCHEDULE_ANY_MINUTE : g_test_rand_int_range(0, 240);
    }
    sample.oracle = oracle_new(&sample.rule);
    sample.schedule = schedule_new(1, &sample.rule, zone, sample.start_at, sample.end_at,
                                   sample.exceptions, sample.n_exceptions);
    return sample;
}

/* A change of offset between 1965 and 2110, or any instant where a zone has none. */
static int64_t
random_change(const Zone *zone)
{
    int64_t at =
        (g_test_rand_int_range(-5, 140) * INT64_C(365) + g_test_rand_int_range(0, 365)) * DAY;
    int64_t change = zone_next_transition(zone, at);
    return change == INT64_MAX || change > at + 4000 * DAY ? at : change;
}

static void
assert_next(const Schedule *const *schedules, size_t n, int64_t from, int64_t until,
            const GArray *expected)
{
    int64_t after = from;
    for (guint i = 0; i <= expected->len; i++) {
        ScheduleSlot slot = {.at = -7};
        RuleOutcome outcome = schedule_set_next(schedules, n, after, until, &slot);
        if (i == expected->len) {
            g_assert_cmpint(outcome, !=, RULE_FOUND);
            g_assert_cmpint(slot.at, ==, -7);
            return;
        }
        g_assert_cmpint(outcome, ==, RULE_FOUND);
        g_assert_cmpint(slot.at, ==, g_array_index(expected, OracleSlot, i).at);
        after = slot.at;
    }
}

static void
assert_counts(const Schedule *const *schedules, size_t n, int64_t from, int64_t until,
              const GArray *expected)
{
    int64_t limit = g_test_rand_int_range(1, 30), count = -7;
    ScheduleSlot last = {.at = -7};
    RuleOutcome outcome = schedule_set_count(schedules, n, from, until, limit, &count, &last);
    if (expected->len == 0) {
        g_assert_cmpint(outcome, !=, RULE_FOUND);
        g_assert_cmpint(count, ==, -7);
        return;
    }
    g_assert_cmpint(outcome, ==, RULE_FOUND);
    g_assert_cmpint(count, ==, MIN(limit, expected->len));
    g_assert_cmpint(last.at, ==, g_array_index(expected, OracleSlot, expected->len - 1).at);
}

static void
compare_with_brute_force(Zone *zone, int64_t around)
{
    int64_t from =
        around + g_test_rand_int_range(-3000, 200) * MINUTE + g_test_rand_int_range(-1, 2);
    int64_t until = from + g_test_rand_int_range(0, 5000) * MINUTE;
    g_autoptr(GArray) together = g_array_new(FALSE, FALSE, sizeof(OracleSlot));
    const Schedule *schedules[3];
    for (size_t k = 0; k < G_N_ELEMENTS(schedules); k++) {
        Sample sample = random_sample(zone, around);
        g_autoptr(GArray) alone = g_array_new(FALSE, FALSE, sizeof(OracleSlot));
        brute_force(&sample, zone, from, until, alone);
        oracle_free(sample.oracle);
        slot_oracle_merge(alone);
        schedules[k] = sample.schedule;
        assert_next(&schedules[k], 1, from, until, alone);
        assert_counts(&schedules[k], 1, from, until, alone);
        g_array_append_vals(together, alone->data, alone->len);
    }
    slot_oracle_merge(together);
    assert_next(schedules, G_N_ELEMENTS(schedules), from, until, together);
    assert_counts(schedules, G_N_ELEMENTS(schedules), from, until, together);
    for (size_t k = 0; k < G_N_ELEMENTS(schedules); k++)
        schedule_free((Schedule *)schedules[k]);
}

static void
real_zones_by_brute_force(void)
{
    static const char *const names[] = {
        "UTC",          "Europe/Berlin",       "America/New_York",  "America/Santiago",
        "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Kwajalein",
        "Asia/Gaza",    "Antarctica/Troll",    "Africa/Cairo",      "America/Caracas"};
    for (int i = 0; i < 1000; i++) {
        g_autoptr(Zone) zone =
            zone_load(names[g_test_rand_int_range(0, G_N_ELEMENTS(names))], NULL, NULL);
        compare_with_brute_force(zone, random_change(zone));
    }
}

/* Changes of up to two days, some of them within hours of each other, and footers that overlap themselves. */
static void
wild_zones_by_brute_force(void)
{
    static const char *const footers[] = {
        "ABC-1",
        "ABC3DEF,M3.2.0,M11.1.0",
        "ABC12DEF-12,100/167,J100/-100",
        "ABC-24DEF24,M6.1.1/30,M6.1.4/-30",
        "ABC-5:45DEF-5:15,0/-167,365/167",
    };
    for (int i = 0; i < 600; i++) {
        int64_t at[6], last = g_test_rand_int_range(0, 86400 * 365) / 60 * 60;
        int32_t offset[6];
        size_t n = (size_t)g_test_rand_int_range(0, 7);
        for (size_t k = 0; k < n; k++) {
            last += g_test_rand_int_range(1, 3000) * 60;
            at[k] = last;
            offset[k] = g_test_rand_int_range(-99, 100) * 900;
        }
        const char *footer = footers[g_test_rand_int_range(0, G_N_ELEMENTS(footers))];
        g_autoptr(GByteArray) file = tzif_make('2', 0, at, offset, n, footer);
        g_autoptr(GError) error = NULL;
        g_autoptr(Zone) zone = zone_parse("wild", file->data, file->len, &error);
        g_assert_no_error(error);
        int64_t around = zone_next_transition(zone, last * CIVIL_US_PER_SECOND);
        int64_t cycles = g_test_rand_int_range(0, 3) * CIVIL_CYCLE_DAYS * DAY;
        compare_with_brute_force(zone, around == INT64_MAX || g_test_rand_bit()
                                           ? last * CIVIL_US_PER_SECOND
                                           : around + cycles);
    }
}

static Schedule *
simple(const char *zone_name, uint64_t minutes, uint64_t hours, const ScheduleException *exceptions,
       size_t n)
{
    g_autoptr(Zone) zone = zone_load(zone_name, NULL, NULL);
    Rule rule;
    bitmap_rule(minutes, hours, 0, 0, 0, &rule);
    return schedule_new(7, &rule, zone, INT64_MIN, SCHEDULE_NO_END, exceptions, n);
}

/* A slot tells its nominal label: what was asked for, not what the clock showed. */
static void
slot_labels(void)
{
    g_autoptr(Schedule) schedule = simple("Europe/Berlin", UINT64_C(1) << 30, 1 << 2, NULL, 0);
    ScheduleSlot slot;
    int64_t after = civil_days(2026, 3, 28) * DAY + 720 * MINUTE;
    g_assert_cmpint(schedule_next(schedule, after, INT64_MAX, &slot), ==, RULE_FOUND);
    g_autofree char *label = schedule_slot_label(&slot);
    g_assert_cmpstr(label, ==, "2026-03-29 02:30 Europe/Berlin");
    g_autofree char *clock = schedule_text_print_instant(slot.at, schedule_zone(schedule));
    g_assert_cmpstr(clock, ==, "2026-03-29 03:30+02");
    g_assert_true(slot.schedule == schedule);
    g_assert_cmpint(schedule_id(slot.schedule), ==, 7);

    /* Where 02:30 and 03:30 fall on one instant, it is one slot, with the label that the clock shows. */
    g_autoptr(Schedule) both = simple("Europe/Berlin", UINT64_C(1) << 30, 3 << 2, NULL, 0);
    g_assert_cmpint(schedule_next(both, after, INT64_MAX, &slot), ==, RULE_FOUND);
    g_autofree char *shown = schedule_slot_label(&slot);
    g_assert_cmpstr(shown, ==, "2026-03-29 03:30 Europe/Berlin");
}

static void
first_schedule_owns_a_slot(void)
{
    g_autoptr(Schedule) hourly = simple("UTC", 1, 0, NULL, 0);
    g_autoptr(Schedule) noon = simple("UTC", 1, 1 << 12, NULL, 0);
    const Schedule *both[] = {noon, hourly};
    ScheduleSlot slot;
    g_assert_cmpint(schedule_set_next(both, 2, 11 * 60 * MINUTE, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_cmpint(slot.at, ==, 12 * 60 * MINUTE);
    g_assert_true(slot.schedule == noon);
    g_assert_cmpint(schedule_set_next(both, 2, 12 * 60 * MINUTE, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_true(slot.schedule == hourly);
    g_assert_cmpint(schedule_set_next(NULL, 0, 0, INT64_MAX, &slot), ==, RULE_NEVER);
}

static void
counts_over_centuries(void)
{
    g_autoptr(Schedule) schedule = simple("America/New_York", 0, 0, NULL, 0);
    const Schedule *one = schedule;
    int64_t count;
    ScheduleSlot last;
    int64_t until = civil_days(2600, 1, 1) * DAY + 59999999;
    g_assert_cmpint(schedule_set_count(&one, 1, 0, until, 1000, &count, &last), ==, RULE_FOUND);
    g_assert_cmpint(count, ==, 1000);
    g_assert_cmpint(last.at, ==, civil_days(2600, 1, 1) * DAY);
    g_assert_cmpint(schedule_set_count(&one, 1, 0, INT64_MAX, 5, &count, &last), ==, RULE_FOUND);
    g_assert_cmpint(last.at, >, CIVIL_MAX_AT - DAY);
}

static void
three_outcomes(void)
{
    g_autoptr(Zone) zone = zone_load("UTC", NULL, NULL);
    ScheduleSlot slot;
    Rule february_30, new_year;
    bitmap_rule(0, 0, 0, UINT64_C(1) << 29, 1 << 1, &february_30);
    g_autoptr(Schedule) never =
        schedule_new(1, &february_30, zone, INT64_MIN, SCHEDULE_NO_END, NULL, 0);
    g_assert_cmpint(schedule_next(never, 0, 5, &slot), ==, RULE_NEVER);

    bitmap_rule(1, 1, 0, 1, 1, &new_year);
    g_autoptr(Schedule) yearly = schedule_new(1, &new_year, zone, INT64_MIN, 400 * DAY, NULL, 0);
    g_assert_cmpint(schedule_next(yearly, 0, 300 * DAY, &slot), ==, RULE_BEYOND);
    g_assert_cmpint(schedule_next(yearly, 0, 365 * DAY, &slot), ==, RULE_FOUND);
    g_assert_cmpint(schedule_next(yearly, 365 * DAY, INT64_MAX, &slot), ==, RULE_NEVER);
    g_assert_cmpint(schedule_next(yearly, INT64_MAX, INT64_MAX, &slot), ==, RULE_NEVER);
    g_assert_cmpint(schedule_next(yearly, INT64_MIN, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_cmpint(slot.at, ==, CIVIL_MIN_AT);

    const Schedule *both[] = {never, yearly};
    g_assert_cmpint(schedule_set_next(both, 2, 0, 300 * DAY, &slot), ==, RULE_BEYOND);
    g_assert_cmpint(schedule_set_next(both, 2, 400 * DAY, INT64_MAX, &slot), ==, RULE_NEVER);

    g_autoptr(Schedule) endless =
        schedule_new(1, &new_year, zone, INT64_MIN, SCHEDULE_NO_END, NULL, 0);
    g_assert_cmpint(schedule_next(endless, CIVIL_MAX_AT - DAY, INT64_MAX, &slot), ==, RULE_BEYOND);
}

/* Exceptions that hide more than the budget lets a search look through end it, and soon. */
static void
budget(void)
{
    size_t n = SCHEDULE_STEPS + 10;
    g_autofree ScheduleException *exceptions = g_new(ScheduleException, n);
    for (size_t i = 0; i < n; i++)
        exceptions[i] = (ScheduleException){(int64_t)i, 0};
    g_autoptr(Schedule) daily = simple("UTC", 1, 1, exceptions, n);
    ScheduleSlot slot;
    g_assert_cmpint(schedule_next(daily, -1, INT64_MAX, &slot), ==, RULE_BEYOND);
    g_assert_cmpint(schedule_next(daily, 10 * DAY, 20 * DAY, &slot), ==, RULE_BEYOND);

    /* Whole days that follow each other are one exception. */
    for (size_t i = 0; i < n; i++)
        exceptions[i].minute = SCHEDULE_ANY_MINUTE;
    g_autoptr(Schedule) holidays = simple("UTC", 1, 1, exceptions, n);
    g_assert_cmpint(schedule_next(holidays, -1, INT64_MAX, &slot), ==, RULE_FOUND);
    g_assert_cmpint(slot.at, ==, (int64_t)n * DAY);

    /* Minutes of every day are gone before the search begins. */
    for (int32_t i = 0; i < 1440; i++)
        exceptions[i] = (ScheduleException){SCHEDULE_ANY_DATE, i};
    g_autoptr(Schedule) nothing = simple("UTC", 0, 0, exceptions, 1440);
    g_assert_cmpint(schedule_next(nothing, 0, INT64_MAX, &slot), ==, RULE_NEVER);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    case_table_add("data/calendar/pgagent.tsv", check_case);
    case_table_add("data/calendar/rules.tsv", check_case);
    case_table_add("data/calendar/transitions.tsv", check_case);
    g_test_add_func("/schedule/real-zones-by-brute-force", real_zones_by_brute_force);
    g_test_add_func("/schedule/wild-zones-by-brute-force", wild_zones_by_brute_force);
    g_test_add_func("/schedule/slot-labels", slot_labels);
    g_test_add_func("/schedule/first-schedule-owns-a-slot", first_schedule_owns_a_slot);
    g_test_add_func("/schedule/counts-over-centuries", counts_over_centuries);
    g_test_add_func("/schedule/three-outcomes", three_outcomes);
    g_test_add_func("/schedule/budget", budget);
    return g_test_run();
}
