/* SPDX-License-Identifier: PostgreSQL */
/* Writes a recurrence rule: only what DTSTART does not supply, and each list in ascending order. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "calendar/civil.h"
#include "calendar/icalvalue.h"
#include "calendar/rrule-private.h"

static void
append_part(GString *text, RrulePart part, const char *value)
{
    g_string_append_printf(text, ";%s=%s", rrule_part_names[part], value);
}

/* ";NAME=" before the first of a list, a comma before the others. */
static void
append_separator(GString *text, RrulePart part, bool *is_first)
{
    if (*is_first)
        append_part(text, part, "");
    else
        g_string_append_c(text, ',');
    *is_first = false;
}

static void
append_number(GString *text, RrulePart part, bool *is_first, int number)
{
    append_separator(text, part, is_first);
    g_string_append_printf(text, "%d", number);
}

/* Bit n = the number n + first. */
static void
append_bits(GString *text, RrulePart part, uint64_t bits, int first)
{
    bool is_first = true;
    for (; bits; bits &= bits - 1)
        append_number(text, part, &is_first, __builtin_ctzll(bits) + first);
}

/* Numbers from the beginning of something, then those from its end: -1 is bit 1 of back. */
static void
append_both_ways(GString *text, RrulePart part, const RuleNumbers *forward, const RuleNumbers *back)
{
    bool is_first = true;
    for (int n = 1; n <= 366; n++) {
        if (rule_numbers_has(forward, n))
            append_number(text, part, &is_first, n);
    }
    for (int n = 366; n >= 1; n--) {
        if (rule_numbers_has(back, n))
            append_number(text, part, &is_first, -n);
    }
}

static void
append_month_days(GString *text, const Rule *rule)
{
    RuleNumbers forward = {{(uint64_t)rule->month_days << 1}}, back = {{0}};
    for (int n = 1; n <= 31; n++) {
        if (rule->month_days_back & UINT32_C(1) << (32 - n))
            rule_numbers_add(&back, n);
    }
    append_both_ways(text, RRULE_BYMONTHDAY, &forward, &back);
}

static bool
has_nth_of_month(const Rule *rule)
{
    for (int i = 0; i < 7; i++) {
        if (rule->nth_of_month[i])
            return true;
    }
    return false;
}

static bool
has_nth_of_year(const Rule *rule)
{
    for (int i = 0; i < 7; i++) {
        if (rule->nth_of_year[i] || rule->nth_of_year_back[i])
            return true;
    }
    return false;
}

static void
append_weekdays(GString *text, const Rule *rule)
{
    bool is_first = true;
    for (int i = 0; i < 7; i++) {
        uint64_t forward = rule->nth_of_year[i] | (rule->nth_of_month[i] & 0xff);
        uint64_t back = rule->nth_of_year_back[i] | rule->nth_of_month[i] >> 8;
        for (int n = -53; n <= 53; n++) {
            bool is_asked = n < 0   ? back >> -n & 1
                            : n > 0 ? forward >> n & 1
                                    : rule->weekdays >> i & 1;
            if (!is_asked)
                continue;
            append_separator(text, RRULE_BYDAY, &is_first);
            if (n != 0)
                g_string_append_printf(text, "%d", n);
            g_string_append(text, rrule_weekday_names[i]);
        }
    }
}

/* True if DTSTART supplies all fields of the day: no part has to say any. */
static bool
days_are_supplied(const Rule *rule, const Rule *bare)
{
    return rule->months == bare->months && rule->month_days == bare->month_days &&
           rule->month_days_back == 0 && rule->weekdays == bare->weekdays &&
           !has_nth_of_month(rule) && !has_nth_of_year(rule) && !rule->has_year_days &&
           !rule->has_weeks;
}

static void
append_days(GString *text, const Rule *rule)
{
    bool names_weekdays =
        rule->weekdays != RULE_ALL_WEEKDAYS || has_nth_of_month(rule) || has_nth_of_year(rule);
    bool names_month_days = rule->month_days != RULE_ALL_MONTH_DAYS || rule->month_days_back != 0;

    /* Weekdays are counted in the months where months are named. */
    if (rule->months != RULE_ALL_MONTHS ||
        (rule->frequency == RULE_YEARLY && has_nth_of_month(rule)))
        append_bits(text, RRULE_BYMONTH, rule->months, 1);
    if (rule->has_weeks)
        append_both_ways(text, RRULE_BYWEEKNO, &(RuleNumbers){{rule->weeks}},
                         &(RuleNumbers){{rule->weeks_back}});
    if (rule->has_year_days)
        append_both_ways(text, RRULE_BYYEARDAY, &rule->year_days, &rule->year_days_back);
    if (names_month_days)
        append_month_days(text, rule);
    /* Without any of these, DTSTART would supply the day. */
    bool may_be_supplied =
        rule->frequency <= RULE_WEEKLY && !names_month_days && !rule->has_year_days;
    if (names_weekdays || may_be_supplied)
        append_weekdays(text, rule);
}

static void
append_times(GString *text, const Rule *rule, const Rule *bare)
{
    if (rule->hours != bare->hours)
        append_bits(text, RRULE_BYHOUR, rule->hours, 0);
    if (rule->minutes != bare->minutes)
        append_bits(text, RRULE_BYMINUTE, rule->minutes, 0);
    /* The 60th second alone leaves none. */
    if (rule->seconds == 0)
        append_part(text, RRULE_BYSECOND, "60");
    else if (rule->seconds != bare->seconds)
        append_bits(text, RRULE_BYSECOND, rule->seconds, 0);
}

static void
append_positions(GString *text, const Rule *rule)
{
    /* They need another BY part. */
    if (!strstr(text->str, ";BY"))
        append_bits(text, RRULE_BYSECOND, rule->seconds, 0);
    append_both_ways(text, RRULE_BYSETPOS, &rule->positions, &rule->positions_back);
}

static void
append_bounds(GString *text, const Rrule *rrule)
{
    if (rrule->count > 0)
        g_string_append_printf(text, ";COUNT=%" PRId64, rrule->count);
    if (rrule->until_kind == UNTIL_NONE)
        return;
    append_part(text, RRULE_UNTIL, "");
    ical_value_append(text, rrule->until, rrule->until_kind == UNTIL_DATE);
    if (rrule->until_kind == UNTIL_UTC)
        g_string_append_c(text, 'Z');
}

char *
rrule_print(const Rrule *rrule, int64_t dtstart)
{
    const Rule *rule = &rrule->rule;
    Rule bare;
    rrule_begin(&bare, rule->frequency);
    rrule_supply(&bare, 0, dtstart);

    GString *text = g_string_new("FREQ=");
    g_string_append(text, rrule_frequency_names[rule->frequency]);
    if (rule->interval > 1)
        g_string_append_printf(text, ";INTERVAL=%" PRIu32, rule->interval);
    append_bounds(text, rrule);
    if (rule->skip != RULE_SKIP_OMIT) {
        append_part(text, RRULE_RSCALE, "GREGORIAN");
        append_part(text, RRULE_SKIP, rrule_skip_names[rule->skip]);
    }
    if (rule->week_start != bare.week_start)
        append_part(text, RRULE_WKST, rrule_weekday_names[rule->week_start]);
    if (!days_are_supplied(rule, &bare))
        append_days(text, rule);
    append_times(text, rule, &bare);
    if (rule->has_positions)
        append_positions(text, rule);
    return g_string_free(text, FALSE);
}
