/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/rule.h"

#include <glib.h>
#include <inttypes.h>

#include "calendar/bitmap.h"
#include "calendar/civil.h"
#include "calendar/schedule.h"

#include "random-rule.h"
#include "rule-oracle.h"

#define DAY(year, month, day) civil_days(year, month, day)
#define DAY_SECONDS           86400
#define SECOND                CIVIL_US_PER_SECOND

/* ---- Against the definition, second by second ---- */

/* A stretch in which all labels of a rule are looked at. */
typedef struct {
    int64_t from; /* seconds */
    int64_t last;
} Window;

/* As everybody searches: not in vain. */
static int64_t
search_next(const Rule *rule, int64_t from, int64_t last)
{
    int steps = SCHEDULE_STEPS;
    int64_t label;
    if (rule_why_never(rule))
        return INT64_MAX;
    RuleOutcome outcome = rule_next(rule, from * SECOND, last * SECOND, &steps, &label);
    g_assert_cmpint(steps, >=, 0);
    return outcome == RULE_FOUND ? label / SECOND : INT64_MAX;
}

/* True if any of the first labels in the window is another one than it should be. */
static bool
differs(const Rule *rule, const void *user_data)
{
    const Window *window = user_data;
    g_autoptr(Oracle) oracle = oracle_new(rule);
    int64_t from = window->from;
    for (int i = 0; i < 20; i++) {
        int64_t expected = oracle_next(oracle, from, window->last);
        if (search_next(rule, from, window->last) != expected)
            return true;
        if (expected == INT64_MAX)
            return false;
        from = expected + 1;
    }
    return false;
}

static void
fail_with(Rule *rule, const Window *window, const char *what)
{
    shrink_rule(rule, differs, window);
    g_autofree char *text = describe_rule(rule);
    int64_t got = search_next(rule, window->from, window->last);
    g_autoptr(Oracle) oracle = oracle_new(rule);
    int64_t expected = oracle_next(oracle, window->from, window->last);
    g_error("%s: %s, from %" PRId64 " to %" PRId64 ": %" PRId64 " instead of %" PRId64, what, text,
            window->from, window->last, got, expected);
}

/* So that the oracle has fewer seconds to look at. */
static void
thin_out(Rule *rule)
{
    if (rule->seconds == RULE_ALL_60)
        rule->seconds = UINT64_C(1) << g_test_rand_int_range(0, 60);
    if (rule->minutes == RULE_ALL_60)
        rule->minutes = UINT64_C(1) << g_test_rand_int_range(0, 60) | 1;
}

static void
compare(int days, int times)
{
    for (int i = 0; i < times; i++) {
        int64_t day = g_test_rand_int_range((int32_t)DAY(1890, 1, 1), (int32_t)DAY(2400, 1, 1));
        Window window = {day * DAY_SECONDS + g_test_rand_int_range(0, DAY_SECONDS), 0};
        window.last = window.from + (int64_t)days * DAY_SECONDS;
        Rule rule;
        random_rule(&rule, window.from * SECOND);
        if (days > 2)
            thin_out(&rule);
        if (differs(&rule, &window))
            fail_with(&rule, &window, "a random rule");
    }
}

static void
seconds_by_brute_force(void)
{
    compare(2, 8000);
}

static void
days_by_brute_force(void)
{
    compare(60, 8000);
}

static void
years_by_brute_force(void)
{
    compare(3000, 400);
}

/* ---- What cannot be ---- */

static void
assert_never(const Rule *rule)
{
    int64_t label = -7;
    int steps = SCHEDULE_STEPS;
    const char *reason = rule_why_never(rule);
    g_autofree char *text = describe_rule(rule);
    if (!reason)
        g_error("%s is called possible", text);
    g_test_message("%s: %s", text, reason);
    g_assert_cmpint(rule_next(rule, 0, INT64_MAX, &steps, &label), ==, RULE_BEYOND);
    g_assert_cmpint(label, ==, -7);
}

static void
never_by_day(void)
{
    Rule rule;
    bitmap_rule(0, 0, 0, UINT64_C(3) << 29, 1 << 1, &rule);
    assert_never(&rule);
    bitmap_rule(0, 0, 0, UINT64_C(1) << 30, 1 << 3 | 1 << 5 | 1 << 8 | 1 << 10, &rule);
    assert_never(&rule);

    /* A 31st that is the first Monday. */
    rule_init(&rule);
    rule.weekdays = 0;
    rule.nth_of_month[1] = 1 << 1;
    rule.month_days = 1u << 30;
    assert_never(&rule);

    /* Week 20 in December. */
    rule_init(&rule);
    rule.has_weeks = 1;
    rule.weeks = UINT64_C(1) << 20;
    rule.months = 1 << 11;
    assert_never(&rule);
}

static void
never_by_interval(void)
{
    Rule rule;

    /* 29 February every four years from an odd one. */
    rule_init(&rule);
    rule.frequency = RULE_YEARLY;
    rule.interval = 4;
    rule.anchor = DAY(2025, 1, 1) * CIVIL_US_PER_DAY;
    rule.months = 1 << 1;
    rule.month_days = 1u << 28;
    assert_never(&rule);
    rule.anchor = DAY(2023, 1, 1) * CIVIL_US_PER_DAY;
    rule.interval = 3;
    g_assert_null(rule_why_never(&rule));

    /* March, every twelve months from January. */
    rule_init(&rule);
    rule.frequency = RULE_MONTHLY;
    rule.interval = 12;
    rule.anchor = DAY(2025, 1, 15) * CIVIL_US_PER_DAY;
    rule.months = 1 << 2;
    assert_never(&rule);

    /* Mondays, every seven days from a Tuesday; and the same in hours. */
    rule_init(&rule);
    rule.frequency = RULE_DAILY;
    rule.interval = 7;
    rule.anchor = DAY(2026, 11, 24) * CIVIL_US_PER_DAY;
    rule.weekdays = 1 << 1;
    assert_never(&rule);
    rule.frequency = RULE_HOURLY;
    rule.interval = 168;
    assert_never(&rule);

    /* Five o'clock, every six hours from four. */
    rule_init(&rule);
    rule.frequency = RULE_HOURLY;
    rule.interval = 6;
    rule.anchor = DAY(2026, 11, 24) * CIVIL_US_PER_DAY + 4 * 3600 * SECOND;
    rule.hours = 1 << 5;
    assert_never(&rule);

    /* An odd second, every second second from an even one. */
    rule_init(&rule);
    rule.frequency = RULE_SECONDLY;
    rule.interval = 2;
    rule.seconds = 1 << 1;
    assert_never(&rule);
}

static void
never_by_position(void)
{
    Rule rule;
    rule_init(&rule);
    rule.frequency = RULE_MONTHLY;
    rule.month_days = 1;
    rule.hours = 1;
    rule.minutes = 1;
    rule.seconds = 1;
    rule.has_positions = 1;
    rule_numbers_add(&rule.positions, 2);
    assert_never(&rule);
    rule.frequency = RULE_DAILY;
    assert_never(&rule);
    rule.frequency = RULE_WEEKLY;
    rule.month_days = RULE_ALL_MONTH_DAYS;
    rule.weekdays = 1;
    assert_never(&rule);
    rule.weekdays = 3;
    g_assert_null(rule_why_never(&rule));
    rule_numbers_add(&rule.positions_back, 1);
    rule.weekdays = 1;
    g_assert_null(rule_why_never(&rule));
}

static void
never_by_time(void)
{
    Rule rule;
    rule_init(&rule);
    rule.seconds = 0;
    assert_never(&rule);
    rule_init(&rule);
    rule.hours = 0;
    assert_never(&rule);
}

/* ---- Single things ---- */

static void
assert_next_day(const Rule *rule, int64_t from, int64_t expected)
{
    int64_t label = -1;
    int steps = SCHEDULE_STEPS;
    g_assert_cmpint(rule_next(rule, from * CIVIL_US_PER_DAY, INT64_MAX, &steps, &label), ==,
                    RULE_FOUND);
    g_assert_cmpint(civil_label_days(label), ==, expected);
}

static void
nothing_selected_is_everything(void)
{
    Rule rule, everything;
    bitmap_rule(0, 0, 0, 0, 0, &rule);
    rule_init(&everything);
    everything.seconds = 1;
    g_assert_true(rule_equal(&rule, &everything));
    g_assert_true(rule_is_running(&rule));

    /* Bits beyond an array's length select nothing. */
    bitmap_rule(UINT64_C(1) << 60, UINT64_C(1) << 24, 1 << 7, 0, 1 << 12, &rule);
    g_assert_true(rule_equal(&rule, &everything));

    bitmap_rule(0, 0xffffff & ~1u, 0, 0, 0, &rule);
    g_assert_false(rule_is_running(&rule));
}

static void
rare_days(void)
{
    Rule rule;
    bitmap_rule(1, 1, 1 << 1, UINT64_C(1) << 28, 1 << 1, &rule);
    assert_next_day(&rule, DAY(2044, 3, 1), DAY(2072, 2, 29));
    /* No leap day in 2100, 2200, 2300: the longest wait that weekdays can make. */
    bitmap_rule(1, 1, 1, UINT64_C(1) << 28, 1 << 1, &rule);
    assert_next_day(&rule, DAY(2088, 3, 1), DAY(2128, 2, 29));

    bitmap_rule(1, 1, 0, UINT64_C(1) << 31, 1 << 1, &rule);
    assert_next_day(&rule, DAY(2100, 2, 1), DAY(2100, 2, 28));
    assert_next_day(&rule, DAY(2104, 2, 1), DAY(2104, 2, 29));
}

static void
horizons(void)
{
    int64_t label = -7;
    int steps = SCHEDULE_STEPS;
    Rule rule;
    bitmap_rule(1, 1, 0, 1, 1, &rule);
    g_assert_cmpint(rule_next(&rule, 1, 364 * CIVIL_US_PER_DAY, &steps, &label), ==, RULE_BEYOND);
    g_assert_cmpint(rule_next(&rule, 5, 4, &steps, &label), ==, RULE_BEYOND);
    g_assert_cmpint(
        rule_next(&rule, CIVIL_MAX_AT - 5 * CIVIL_US_PER_DAY, INT64_MAX, &steps, &label), ==,
        RULE_BEYOND);
    g_assert_cmpint(label, ==, -7);
    g_assert_cmpint(rule_next(&rule, INT64_MIN, INT64_MAX, &steps, &label), ==, RULE_FOUND);
    g_assert_cmpint(label, ==, CIVIL_MIN_AT);
    assert_next_day(&rule, 1, 365);

    steps = 3;
    bitmap_rule(1, 1, 1, UINT64_C(1) << 28, 1 << 1, &rule);
    g_assert_cmpint(rule_next(&rule, 0, INT64_MAX, &steps, &label), ==, RULE_BEYOND);
    g_assert_cmpint(steps, <, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rule/seconds-by-brute-force", seconds_by_brute_force);
    g_test_add_func("/rule/days-by-brute-force", days_by_brute_force);
    g_test_add_func("/rule/years-by-brute-force", years_by_brute_force);
    g_test_add_func("/rule/never-by-day", never_by_day);
    g_test_add_func("/rule/never-by-interval", never_by_interval);
    g_test_add_func("/rule/never-by-position", never_by_position);
    g_test_add_func("/rule/never-by-time", never_by_time);
    g_test_add_func("/rule/nothing-selected-is-everything", nothing_selected_is_everything);
    g_test_add_func("/rule/rare-days", rare_days);
    g_test_add_func("/rule/horizons", horizons);
    return g_test_run();
}
