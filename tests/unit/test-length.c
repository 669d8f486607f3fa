/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/length.h"

#include <string.h>

#include "base/error.h"
#include "calendar/civil.h"

#include "case-table.h"
#include "schedule-text.h"

#define SECOND CIVIL_US_PER_SECOND
#define MINUTE CIVIL_US_PER_MINUTE
#define HOUR   (60 * MINUTE)

static void
test_parse(void)
{
    static const struct {
        const char *text;
        Length length;
        const char *printed;
    } cases[] = {
        {"90 minutes", {0, 0, 90 * MINUTE}, "1 hour 30 minutes"},
        {"1h30m", {0, 0, 90 * MINUTE}, "1 hour 30 minutes"},
        {"2 days 12 hours", {0, 2, 12 * HOUR}, "2 days 12 hours"},
        {"01:30:00", {0, 0, 90 * MINUTE}, "1 hour 30 minutes"},
        {"100:00", {0, 0, 100 * HOUR}, "100 hours"},
        {"00:00:00.000001", {0, 0, 1}, "0.000001 seconds"},
        {"1 month", {1, 0, 0}, "1 month"},
        {"1 year 2 mons 3 days 04:05:06.7",
         {14, 3, 4 * HOUR + 5 * MINUTE + 6 * SECOND + 700000},
         "1 year 2 months 3 days 4 hours 5 minutes 6.7 seconds"},
        {"-1 days +02:03:00", {0, -1, 2 * HOUR + 3 * MINUTE}, "-1 days 2 hours 3 minutes"},
        {"-01:30:30.5", {0, 0, -90 * MINUTE - 30500000}, "-1 hours -30 minutes -30.5 seconds"},
        {" 1 W\t3d\n", {0, 10, 0}, "10 days"},
        {"1.5 weeks", {0, 10, 12 * HOUR}, "10 days 12 hours"},
        {"-1.5 d", {0, -1, -12 * HOUR}, "-1 days -12 hours"},
        {"1.5h", {0, 0, 90 * MINUTE}, "1 hour 30 minutes"},
        {"0.1s", {0, 0, 100000}, "0.1 seconds"},
        {"500ms", {0, 0, 500000}, "0.5 seconds"},
        {"7 us", {0, 0, 7}, "0.000007 seconds"},
        {"1 Sec 1 SECS 1 second 2 Seconds", {0, 0, 5 * SECOND}, "5 seconds"},
        {"1m 1min 1mins 1minute 1minutes", {0, 0, 5 * MINUTE}, "5 minutes"},
        {"1h 1hr 1hrs 1hour 1hours", {0, 0, 5 * HOUR}, "5 hours"},
        {"1y 1yr 1yrs 1year 1years 1mon", {61, 0, 0}, "5 years 1 month"},
        {"0s", {0, 0, 0}, "0 seconds"},
        {"9223372036854775807us", {0, 0, INT64_MAX}, "2562047788 hours 54.775807 seconds"},
        {"-9223372036854775808us", {0, 0, INT64_MIN}, "-2562047788 hours -54.775808 seconds"},
        {"-2147483648 months", {INT32_MIN, 0, 0}, "-178956970 years -8 months"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Length length, again;
        g_test_message("%s", cases[i].text);
        g_assert_true(length_parse(cases[i].text, &length, NULL));
        g_assert_cmpint(length.months, ==, cases[i].length.months);
        g_assert_cmpint(length.days, ==, cases[i].length.days);
        g_assert_cmpint(length.us, ==, cases[i].length.us);
        g_autofree char *text = length_print(&length);
        g_assert_cmpstr(text, ==, cases[i].printed);
        g_assert_true(length_parse(text, &again, NULL));
        g_assert_cmpmem(&again, sizeof again, &length, sizeof length);
    }
}

static void
test_refused(void)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"", "needs numbers with units"},
        {" ", "needs numbers with units"},
        {"hour", "needs numbers with units"},
        {"--1 hour", "needs numbers with units"},
        {"1e3 s", "units are"},
        {"5", "has no unit"},
        {"1h 5", "has no unit"},
        {"5 fortnights", "units are"},
        {"1 mss", "units are"},
        {"1 da", "units are"},
        {"1. h", "needs numbers with units"},
        {"0.0000001 s", "finer than millionths"},
        {"1.5 months", "cannot have fractions"},
        {"1h, 2m", "needs numbers with units"},
        {"01:60", "a time is"},
        {"01:5", "a time is"},
        {"01:30.5", "needs numbers with units"},
        {"1.5:30", "a time is"},
        {"01:30:00:00", "needs numbers with units"},
        {"9223372036854775808 us", "too large"},
        {"9223372036854775807 us 1 us", "too large"},
        {"2147483648 months", "too large"},
        {"2147483648 days", "too large"},
        {"2562047789 h", "too large"},
        {"99999999999999999999 s", "too large"},
        {"-99999999999999999999 s", "too large"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        Length length = {1, 2, 3};
        g_test_message("%s", cases[i].text);
        g_assert_false(length_parse(cases[i].text, &length, &error));
        g_assert_error(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT);
        if (!strstr(error->message, cases[i].reason))
            g_error("\"%s\" does not say \"%s\"", error->message, cases[i].reason);
        g_assert_cmpint(length.us, ==, 3);
    }
}

static void
check_after(char *const *columns)
{
    g_autoptr(Zone) zone = zone_load(columns[0], NULL, NULL);
    Length length;
    int64_t from;
    g_assert_nonnull(zone);
    g_assert_true(schedule_text_read_instant(columns[1], zone, &from));
    g_assert_true(length_parse(columns[2], &length, NULL));
    g_autofree char *got = schedule_text_print_instant(length_after(&length, zone, from), zone);
    g_assert_cmpstr(got, ==, columns[3]);
}

static void
test_limits(void)
{
    static const Length future[] = {{INT32_MAX, 0, 0}, {0, INT32_MAX, 0}, {0, 0, INT64_MAX}};
    static const Length past[] = {{INT32_MIN, 0, 0}, {0, INT32_MIN, 0}, {0, 0, INT64_MIN}};
    g_autoptr(Zone) utc = zone_load("UTC", NULL, NULL);
    g_autoptr(Zone) east = zone_load("Pacific/Kiritimati", NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(future); i++) {
        g_assert_cmpint(length_after(&future[i], utc, INT64_MAX), ==, CIVIL_MAX_AT);
        g_assert_cmpint(length_after(&past[i], utc, INT64_MIN), ==, CIVIL_MIN_AT);
        g_assert_cmpint(length_after(&future[i], utc, 0), ==, CIVIL_MAX_AT);
        g_assert_cmpint(length_after(&past[i], utc, 0), ==, CIVIL_MIN_AT);
        g_assert_cmpint(length_after(&future[i], east, INT64_MAX), >, CIVIL_MAX_AT - 24 * HOUR);
        g_assert_cmpint(length_after(&past[i], east, INT64_MIN), <, CIVIL_MIN_AT + 24 * HOUR);
    }
    g_assert_cmpint(length_elapsed(&(Length){0, INT32_MAX, 0}), ==, INT64_MAX);
    g_assert_cmpint(length_elapsed(&(Length){0, INT32_MIN, 0}), ==, INT64_MIN);
    g_assert_cmpint(length_elapsed(&(Length){0, 1, INT64_MAX}), ==, INT64_MAX);
    g_assert_cmpint(length_elapsed(&(Length){0, -1, INT64_MIN}), ==, INT64_MIN);
    g_assert_cmpint(length_elapsed(&(Length){7, 2, -HOUR}), ==, 47 * HOUR);
}

static void
test_positive(void)
{
    g_assert_true(length_is_positive(&(Length){1, 0, 0}));
    g_assert_true(length_is_positive(&(Length){0, 1, 0}));
    g_assert_true(length_is_positive(&(Length){0, 0, 1}));
    g_assert_false(length_is_positive(&(Length){0, 0, 0}));
    g_assert_false(length_is_positive(&(Length){1, -1, 0}));
    g_assert_false(length_is_positive(&(Length){1, 1, -1}));
    g_assert_false(length_is_positive(&(Length){-1, 1, 1}));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/length/parse", test_parse);
    g_test_add_func("/length/refused", test_refused);
    case_table_add("data/calendar/lengths.tsv", check_after);
    g_test_add_func("/length/limits", test_limits);
    g_test_add_func("/length/positive", test_positive);
    return g_test_run();
}
