/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "rrule-maker.h"

#include <stdbool.h>
#include <stdint.h>

static const char *const frequencies[] = {"YEARLY", "MONTHLY",  "WEEKLY",  "DAILY",
                                          "HOURLY", "MINUTELY", "SECONDLY"};
enum {
    YEARLY,
    MONTHLY,
    WEEKLY,
    DAILY,
    HOURLY,
};

static bool
one_in(GRand *random, int n)
{
    return g_rand_int_range(random, 0, n) == 0;
}

static const char *
pick_weekday(GRand *random)
{
    static const char *const names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    return names[g_rand_int_range(random, 0, G_N_ELEMENTS(names))];
}

/* Some numbers from minimum to maximum, also negative ones if it is signed. */
static void
add_numbers(GRand *random, GString *text, const char *name, int minimum, int maximum,
            bool is_signed)
{
    int n = g_rand_int_range(random, 1, one_in(random, 10) ? 30 : 4);
    g_string_append_printf(text, ";%s=", name);
    for (int i = 0; i < n; i++) {
        int number = g_rand_int_range(random, minimum, maximum + 1);
        bool is_back = is_signed && one_in(random, 3);
        g_string_append_printf(text, "%s%d", i > 0 ? "," : "", is_back ? -number : number);
    }
}

static void
add_weekdays(GRand *random, GString *text, int max_number)
{
    int n = g_rand_int_range(random, 1, one_in(random, 10) ? 12 : 4);
    g_string_append(text, ";BYDAY=");
    for (int i = 0; i < n; i++) {
        int number = max_number > 0 && one_in(random, 2)
                         ? g_rand_int_range(random, -max_number, max_number + 1)
                         : 0;
        g_string_append(text, i > 0 ? "," : "");
        if (number != 0)
            g_string_append_printf(text, "%d", number);
        g_string_append(text, pick_weekday(random));
    }
}

/* True if any was added. */
static bool
add_days(GRand *random, GString *text, int frequency)
{
    gsize before = text->len;
    bool has_months = one_in(random, 3);
    bool has_weeks = frequency == YEARLY && one_in(random, 4);
    if (has_months)
        add_numbers(random, text, "BYMONTH", 1, 12, false);
    if (has_weeks)
        add_numbers(random, text, "BYWEEKNO", 1, 53, true);
    if ((frequency == YEARLY || frequency >= HOURLY) && one_in(random, 4))
        add_numbers(random, text, "BYYEARDAY", 1, 366, true);
    if (frequency != WEEKLY && one_in(random, 3))
        add_numbers(random, text, "BYMONTHDAY", 1, 31, true);
    if (one_in(random, 3))
        add_weekdays(random, text,
                     frequency > MONTHLY || has_weeks     ? 0
                     : frequency == MONTHLY || has_months ? 5
                                                          : 53);
    return text->len > before;
}

static bool
add_times(GRand *random, GString *text)
{
    gsize before = text->len;
    if (one_in(random, 4))
        add_numbers(random, text, "BYHOUR", 0, 23, false);
    if (one_in(random, 4))
        add_numbers(random, text, "BYMINUTE", 0, 59, false);
    if (one_in(random, 6))
        add_numbers(random, text, "BYSECOND", 0, 60, false);
    return text->len > before;
}

static void
add_bounds(GRand *random, GString *text)
{
    if (one_in(random, 4)) {
        g_string_append_printf(text, ";COUNT=%d", g_rand_int_range(random, 1, 200));
    } else if (one_in(random, 3)) {
        g_string_append_printf(text, ";UNTIL=%d",
                               20260101 + g_rand_int_range(random, 0, 28) +
                                   10000 * g_rand_int_range(random, 0, 10));
        int time = 10000 * g_rand_int_range(random, 0, 24) + g_rand_int_range(random, 0, 60);
        if (one_in(random, 2))
            g_string_append_printf(text, "T%06d%s", time, one_in(random, 2) ? "Z" : "");
    }
}

char *
rrule_maker_make(GRand *random)
{
    int frequency = g_rand_int_range(random, 0, G_N_ELEMENTS(frequencies));
    GString *text = g_string_new("FREQ=");
    g_string_append(text, frequencies[frequency]);
    if (one_in(random, 2))
        g_string_append_printf(text, ";INTERVAL=%d",
                               g_rand_int_range(random, 1, one_in(random, 9) ? INT32_MAX : 20));
    add_bounds(random, text);
    if (one_in(random, 6)) {
        static const char *const names[] = {"OMIT", "BACKWARD", "FORWARD"};
        g_string_append_printf(text, ";RSCALE=GREGORIAN;SKIP=%s",
                               names[g_rand_int_range(random, 0, 3)]);
    }
    if (one_in(random, 4))
        g_string_append_printf(text, ";WKST=%s", pick_weekday(random));
    bool has_days = add_days(random, text, frequency);
    bool has_times = add_times(random, text);
    if ((has_days || has_times) && one_in(random, 4))
        add_numbers(random, text, "BYSETPOS", 1, one_in(random, 2) ? 4 : 366, true);
    return g_string_free(text, FALSE);
}
