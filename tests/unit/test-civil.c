/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/civil.h"

#include <glib.h>

/* Counts through every day of ten thousand years with nothing but the rules everybody knows. */
static void
every_day(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = CIVIL_MIN_DAYS;
    int weekday = 1; /* 0001-01-01 is a Monday */
    for (int32_t year = 1; year <= 9999; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        g_assert_cmpint(civil_is_leap_year(year), ==, leap);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);
            g_assert_cmpint(civil_month_length(year, month), ==, length);
            for (int day = 1; day <= length; day++, days++, weekday = (weekday + 1) % 7) {
                CivilDate date = civil_date(days);
                if (date.year != year || date.month != month || date.day != day ||
                    civil_days(year, month, day) != days || civil_weekday(days) != weekday)
                    g_error("day %" G_GINT64_FORMAT " is not %d-%d-%d", days, year, month, day);
            }
        }
    }
    g_assert_cmpint(days - 1, ==, CIVIL_MAX_DAYS);
}

static void
known_days(void)
{
    g_assert_cmpint(civil_days(1970, 1, 1), ==, 0);
    g_assert_cmpint(civil_days(2000, 3, 1), ==, 11017);
    g_assert_cmpint(civil_weekday(civil_days(2026, 11, 22)), ==, 0);
    g_assert_cmpint(civil_days(2400, 1, 1) - civil_days(2000, 1, 1), ==, CIVIL_CYCLE_DAYS);
    g_assert_cmpint(CIVIL_CYCLE_DAYS % 7, ==, 0);
}

static void
days_of_labels(void)
{
    g_assert_cmpint(civil_label_days(0), ==, 0);
    g_assert_cmpint(civil_label_days(-1), ==, -1);
    g_assert_cmpint(civil_label_days(-CIVIL_US_PER_DAY), ==, -1);
    g_assert_cmpint(civil_label_days(CIVIL_US_PER_DAY - 1), ==, 0);
    g_assert_cmpint(civil_label_days(CIVIL_MIN_AT), ==, CIVIL_MIN_DAYS);
    g_assert_cmpint(civil_label_days(CIVIL_MAX_AT), ==, CIVIL_MAX_DAYS);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/civil/every-day", every_day);
    g_test_add_func("/civil/known-days", known_days);
    g_test_add_func("/civil/days-of-labels", days_of_labels);
    return g_test_run();
}
