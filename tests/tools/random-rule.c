/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "random-rule.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "calendar/civil.h"

static bool
one_in(int n)
{
    return g_test_rand_int_range(0, n) == 0;
}

/* A few bits from `first` to before `end`. */
static uint64_t
some_bits(int first, int end)
{
    uint64_t bits = 0;
    for (int n = g_test_rand_int_range(1, 5); n > 0; n--)
        bits |= UINT64_C(1) << g_test_rand_int_range(first, end);
    return bits;
}

static void
some_numbers(RuleNumbers *numbers, int last)
{
    for (int n = g_test_rand_int_range(1, 5); n > 0; n--)
        rule_numbers_add(numbers, g_test_rand_int_range(1, last + 1));
}

static void
random_times(Rule *rule)
{
    if (!one_in(4))
        rule->hours = (uint32_t)some_bits(0, 24);
    if (!one_in(4))
        rule->minutes = some_bits(0, 60);
    if (!one_in(8))
        rule->seconds = one_in(2) ? 1 : some_bits(0, 60);
}

static void
random_month_days(Rule *rule)
{
    rule->month_days = one_in(3) ? 0 : (uint32_t)some_bits(0, 31);
    if (one_in(2) || rule->month_days == 0)
        rule->month_days_back = (uint32_t)some_bits(1, 32);
    if (one_in(4))
        rule->near_weekdays = (uint32_t)some_bits(0, 32);
}

static void
random_weekdays(Rule *rule)
{
    rule->weekdays = one_in(3) ? 0 : (uint8_t)some_bits(0, 7);
    if (one_in(3))
        rule->nth_of_month[g_test_rand_int_range(0, 7)] =
            (uint16_t)(some_bits(1, 6) | (one_in(2) ? some_bits(9, 14) : 0));
    if (one_in(6)) {
        rule->nth_of_year[g_test_rand_int_range(0, 7)] = some_bits(1, 54);
        rule->nth_of_year_back[g_test_rand_int_range(0, 7)] = some_bits(1, 54);
    }
}

static void
random_days(Rule *rule)
{
    if (one_in(3))
        rule->months = (uint16_t)some_bits(0, 12);
    if (one_in(3))
        random_month_days(rule);
    if (one_in(3))
        random_weekdays(rule);
    rule->either_day = one_in(6);
    if (one_in(8)) {
        rule->has_year_days = 1;
        some_numbers(&rule->year_days, 366);
        some_numbers(&rule->year_days_back, 366);
    }
    if (one_in(8)) {
        rule->has_weeks = 1;
        rule->weeks = some_bits(1, 54);
        rule->weeks_back = one_in(2) ? some_bits(1, 54) : 0;
    }
    rule->week_start = (uint8_t)g_test_rand_int_range(0, 7);
}

static void
random_positions(Rule *rule)
{
    rule->has_positions = 1;
    int last = one_in(3) ? 366 : 4;
    if (!one_in(3))
        some_numbers(&rule->positions, last);
    if (one_in(2))
        some_numbers(&rule->positions_back, last);
}

void
random_rule(Rule *rule, int64_t around)
{
    rule_init(rule);
    rule->frequency = (uint8_t)g_test_rand_int_range(0, N_RULE_FREQUENCIES);
    random_times(rule);
    random_days(rule);
    if (one_in(3))
        random_positions(rule);
    if (one_in(2)) {
        rule->interval = (uint32_t)g_test_rand_int_range(2, one_in(3) ? 400 : 12);
        rule->anchor = around + g_test_rand_int_range(-100000000, 1000) * CIVIL_US_PER_SECOND;
    }
    if (rule->frequency <= RULE_MONTHLY && one_in(4)) {
        rule->skip = RULE_SKIP_BACKWARD;
        if (rule->interval == 1 && !rule->has_positions && one_in(2))
            rule->skip = RULE_SKIP_FORWARD;
    }
}

/* Parts of a rule that can be set back on their own, and the steps towards simpler intervals. */
typedef void (*Simplify)(Rule *rule, const Rule *plain);

#define SET_BACK(name)                                                                             \
    static void set_back_##name(Rule *rule, const Rule *plain)                                     \
    {                                                                                              \
        memcpy(&rule->name, &plain->name, sizeof rule->name);                                      \
    }
SET_BACK(seconds)
SET_BACK(minutes)
SET_BACK(hours)
SET_BACK(months)
SET_BACK(weekdays)
SET_BACK(month_days)
SET_BACK(month_days_back)
SET_BACK(near_weekdays)
SET_BACK(nth_of_month)
SET_BACK(nth_of_year)
SET_BACK(nth_of_year_back)
SET_BACK(has_weeks)
SET_BACK(has_year_days)
SET_BACK(has_positions)
SET_BACK(weeks)
SET_BACK(weeks_back)
SET_BACK(year_days)
SET_BACK(year_days_back)
SET_BACK(positions)
SET_BACK(positions_back)
SET_BACK(either_day)
SET_BACK(skip)
SET_BACK(week_start)
SET_BACK(interval)
SET_BACK(frequency)

static void
halve_interval(Rule *rule, const Rule *plain)
{
    (void)plain;
    if (rule->interval > 1)
        rule->interval /= 2;
}

static const Simplify simplifications[] = {
    set_back_seconds,
    set_back_minutes,
    set_back_hours,
    set_back_months,
    set_back_weekdays,
    set_back_month_days,
    set_back_has_weeks,
    set_back_month_days_back,
    set_back_near_weekdays,
    set_back_has_year_days,
    set_back_nth_of_month,
    set_back_nth_of_year,
    set_back_nth_of_year_back,
    set_back_has_positions,
    set_back_weeks,
    set_back_weeks_back,
    set_back_year_days,
    set_back_year_days_back,
    set_back_positions,
    set_back_positions_back,
    set_back_either_day,
    set_back_skip,
    set_back_week_start,
    set_back_interval,
    set_back_frequency,
    halve_interval,
};

void
shrink_rule(Rule *rule, RuleFails fails, const void *user_data)
{
    Rule plain;
    rule_init(&plain);
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < G_N_ELEMENTS(simplifications); i++) {
            Rule simpler = *rule;
            simplifications[i](&simpler, &plain);
            if (rule_equal(&simpler, rule) || !fails(&simpler, user_data))
                continue;
            *rule = simpler;
            changed = true;
        }
    }
}

static void
describe_number(GString *text, const char *name, uint64_t value, uint64_t plain)
{
    if (value != plain)
        g_string_append_printf(text, " %s=%#" PRIx64, name, value);
}

static void
describe_numbers(GString *text, const char *name, const RuleNumbers *numbers)
{
    for (int number = 1; number <= 366; number++) {
        if (rule_numbers_has(numbers, number))
            g_string_append_printf(text, " %s=%d", name, number);
    }
}

char *
describe_rule(const Rule *rule)
{
    static const char *const names[] = {"yearly", "monthly",  "weekly",  "daily",
                                        "hourly", "minutely", "secondly"};
    GString *text = g_string_new(names[rule->frequency]);
    Rule plain;
    rule_init(&plain);
    describe_number(text, "interval", rule->interval, 1);
    if (rule->interval > 1)
        g_string_append_printf(text, " anchor=%" PRId64, rule->anchor);
    describe_number(text, "skip", rule->skip, 0);
    describe_number(text, "week_start", rule->week_start, plain.week_start);
    describe_number(text, "either_day", rule->either_day, 0);
    describe_number(text, "seconds", rule->seconds, plain.seconds);
    describe_number(text, "minutes", rule->minutes, plain.minutes);
    describe_number(text, "hours", rule->hours, plain.hours);
    describe_number(text, "months", rule->months, plain.months);
    describe_number(text, "weekdays", rule->weekdays, plain.weekdays);
    describe_number(text, "month_days", rule->month_days, plain.month_days);
    describe_number(text, "month_days_back", rule->month_days_back, 0);
    describe_number(text, "near_weekdays", rule->near_weekdays, 0);
    for (int i = 0; i < 7; i++) {
        describe_number(text, "nth_of_month", rule->nth_of_month[i], 0);
        describe_number(text, "nth_of_year", rule->nth_of_year[i], 0);
        describe_number(text, "nth_of_year_back", rule->nth_of_year_back[i], 0);
    }
    describe_number(text, "has_weeks", rule->has_weeks, 0);
    describe_number(text, "weeks", rule->weeks, 0);
    describe_number(text, "weeks_back", rule->weeks_back, 0);
    describe_number(text, "has_year_days", rule->has_year_days, 0);
    describe_numbers(text, "year_days", &rule->year_days);
    describe_numbers(text, "year_days_back", &rule->year_days_back);
    describe_number(text, "has_positions", rule->has_positions, 0);
    describe_numbers(text, "positions", &rule->positions);
    describe_numbers(text, "positions_back", &rule->positions_back);
    return g_string_free(text, FALSE);
}
