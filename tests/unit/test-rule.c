/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/rule.h"

#include <glib.h>

#include "calendar/civil.h"

#define DAY(year, month, day) civil_days(year, month, day)

static uint64_t
random_bits(int width)
{
    uint64_t bits = 0;
    switch (g_test_rand_int_range(0, 3)) {
    case 0:
        return 0;
    case 1:
        return UINT64_C(1) << g_test_rand_int_range(0, width);
    default:
        for (int i = 0; i < width; i++)
            bits |= (uint64_t)(g_test_rand_int_range(0, 4) == 0) << i;
        return bits;
    }
}

/* As pgAgent's documentation says it, and as slowly. */
static bool
matches(const RuleMask *mask, int64_t days)
{
    CivilDate date = civil_date(days);
    bool last = date.day == civil_month_length(date.year, date.month);
    return mask->months >> (date.month - 1) & 1 && mask->weekdays >> civil_weekday(days) & 1 &&
           (mask->month_days >> (date.day - 1) & 1 || (last && mask->month_days >> 31));
}

static void
days_by_brute_force(void)
{
    for (int i = 0; i < 3000; i++) {
        RuleMask mask = rule_mask_from_bits(0, 0, random_bits(7), random_bits(32), random_bits(12));
        int64_t from = g_test_rand_int_range((int32_t)DAY(1890, 1, 1), (int32_t)DAY(2400, 1, 1));
        int64_t last = from + g_test_rand_int_range(0, 4000);
        int64_t day = from;
        for (; day <= last && !matches(&mask, day); day++)
            g_assert_false(rule_mask_matches_day(&mask, day));
        int64_t found = -1;
        RuleOutcome outcome = rule_mask_next_day(&mask, from, last, &found);
        if (day > last) {
            g_assert_cmpint(outcome, ==, RULE_BEYOND);
        } else {
            g_assert_cmpint(outcome, ==, RULE_FOUND);
            g_assert_cmpint(found, ==, day);
            g_assert_true(rule_mask_matches_day(&mask, day));
        }
    }
}

static void
minutes_by_brute_force(void)
{
    for (int i = 0; i < 500; i++) {
        RuleMask mask = rule_mask_from_bits(random_bits(60), random_bits(24), 0, 0, 0);
        int next = -1;
        for (int minute = 1439; minute >= 0; minute--) {
            if (mask.hours >> minute / 60 & 1 && mask.minutes >> minute % 60 & 1)
                next = minute;
            g_assert_cmpint(rule_mask_next_minute(&mask, minute), ==, next);
        }
        g_assert_cmpint(rule_mask_next_minute(&mask, -5), ==, next);
        g_assert_cmpint(rule_mask_next_minute(&mask, 1440), ==, -1);
    }
}

static void
nothing_selected_is_everything(void)
{
    RuleMask mask = rule_mask_from_bits(0, 0, 0, 0, 0);
    int64_t found;
    g_assert_cmphex(mask.minutes, ==, UINT64_MAX >> 4);
    g_assert_cmphex(mask.hours, ==, 0xffffff);
    g_assert_true(rule_mask_is_running(&mask));
    g_assert_cmpint(rule_mask_next_day(&mask, 100, 100, &found), ==, RULE_FOUND);
    g_assert_cmpint(found, ==, 100);

    /* Bits beyond an array's length select nothing. */
    mask = rule_mask_from_bits(UINT64_C(1) << 60, UINT64_C(1) << 24, 1 << 7, 0, 1 << 12);
    g_assert_cmphex(mask.minutes, ==, UINT64_MAX >> 4);
    g_assert_cmphex(mask.months, ==, 0xfff);

    mask = rule_mask_from_bits(0, 0xffffff & ~1u, 0, 0, 0);
    g_assert_false(rule_mask_is_running(&mask));
}

static void
assert_next(RuleMask mask, int64_t from, int64_t expected)
{
    int64_t found = -1;
    g_assert_cmpint(rule_mask_next_day(&mask, from, INT64_MAX, &found), ==, RULE_FOUND);
    g_assert_cmpint(found, ==, expected);
}

static void
rare_days(void)
{
    RuleMask leap_monday = rule_mask_from_bits(0, 0, 1 << 1, UINT64_C(1) << 28, 1 << 1);
    assert_next(leap_monday, DAY(2044, 3, 1), DAY(2072, 2, 29));
    /* No leap day in 2100, 2200, 2300: the longest wait that weekdays can make. */
    RuleMask leap_sunday = rule_mask_from_bits(0, 0, 1, UINT64_C(1) << 28, 1 << 1);
    assert_next(leap_sunday, DAY(2088, 3, 1), DAY(2128, 2, 29));

    RuleMask last_february = rule_mask_from_bits(0, 0, 0, UINT64_C(1) << 31, 1 << 1);
    assert_next(last_february, DAY(2100, 2, 1), DAY(2100, 2, 28));
    assert_next(last_february, DAY(2104, 2, 1), DAY(2104, 2, 29));
}

static void
never(void)
{
    int64_t found = -7;
    RuleMask mask = rule_mask_from_bits(0, 0, 0, UINT64_C(3) << 29, 1 << 1);
    g_assert_cmpint(rule_mask_next_day(&mask, 0, INT64_MAX, &found), ==, RULE_NEVER);
    mask = rule_mask_from_bits(0, 0, 0, UINT64_C(1) << 30, 1 << 3 | 1 << 5 | 1 << 8 | 1 << 10);
    g_assert_cmpint(rule_mask_next_day(&mask, 0, INT64_MAX, &found), ==, RULE_NEVER);
    mask = (RuleMask){0};
    g_assert_cmpint(rule_mask_next_day(&mask, 0, INT64_MAX, &found), ==, RULE_NEVER);
    g_assert_cmpint(rule_mask_next_minute(&mask, 0), ==, -1);
    g_assert_cmpint(found, ==, -7);
}

static void
horizons(void)
{
    int64_t found = -7;
    RuleMask mask = rule_mask_from_bits(0, 0, 0, 1, 1);
    g_assert_cmpint(rule_mask_next_day(&mask, 1, 364, &found), ==, RULE_BEYOND);
    g_assert_cmpint(rule_mask_next_day(&mask, 5, 4, &found), ==, RULE_BEYOND);
    g_assert_cmpint(rule_mask_next_day(&mask, CIVIL_MAX_DAYS - 5, INT64_MAX, &found), ==,
                    RULE_BEYOND);
    g_assert_cmpint(found, ==, -7);
    assert_next(mask, 1, 365);
    assert_next(mask, INT64_MIN, CIVIL_MIN_DAYS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rule/days-by-brute-force", days_by_brute_force);
    g_test_add_func("/rule/minutes-by-brute-force", minutes_by_brute_force);
    g_test_add_func("/rule/nothing-selected-is-everything", nothing_selected_is_everything);
    g_test_add_func("/rule/rare-days", rare_days);
    g_test_add_func("/rule/never", never);
    g_test_add_func("/rule/horizons", horizons);
    return g_test_run();
}
