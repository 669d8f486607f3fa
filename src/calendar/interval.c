/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/interval.h"

#include <glib.h>

#include "calendar/civil.h"

#define CYCLE_YEARS 400
#define NO_DAY      (CIVIL_MAX_DAYS + 1)

int
interval_seconds(RuleFrequency frequency)
{
    switch (frequency) {
    case RULE_DAILY:
        return 86400;
    case RULE_HOURLY:
        return 3600;
    case RULE_MINUTELY:
        return 60;
    case RULE_SECONDLY:
        return 1;
    case RULE_YEARLY:
    case RULE_MONTHLY:
    case RULE_WEEKLY:
    case N_RULE_FREQUENCIES:
        break;
    }
    g_assert_not_reached();
}

int64_t
interval_cycle(const Rule *rule)
{
    switch ((RuleFrequency)rule->frequency) {
    case RULE_YEARLY:
        return CYCLE_YEARS;
    case RULE_MONTHLY:
        return CYCLE_YEARS * 12;
    case RULE_WEEKLY:
        return CIVIL_CYCLE_DAYS / 7;
    case RULE_DAILY:
    case RULE_HOURLY:
    case RULE_MINUTELY:
    case RULE_SECONDLY:
    case N_RULE_FREQUENCIES:
        break;
    }
    return CIVIL_CYCLE_DAYS * (86400 / interval_seconds(rule->frequency));
}

/* How many periods it is from that one to the next visited one; 0 = it is visited. */
static int64_t
wait_from(const Rule *rule, int64_t period, int64_t anchor)
{
    int64_t past = (period - anchor) % rule->interval;
    if (past == 0)
        return 0;
    return past < 0 ? -past : rule->interval - past;
}

static int64_t
anchor_day(const Rule *rule)
{
    return civil_label_days(rule->anchor);
}

/* Weeks since a day long ago that began one. */
static int64_t
week_of_day(const Rule *rule, int64_t day)
{
    return civil_floor_divide(day + 4 - rule->week_start, 7);
}

static int64_t
first_of_week(const Rule *rule, int64_t week)
{
    return week * 7 - 4 + rule->week_start;
}

static int64_t
next_day_of_years(const Rule *rule, int64_t day)
{
    int32_t year = civil_date(day).year;
    int64_t wait = wait_from(rule, year, civil_date(anchor_day(rule)).year);
    if (wait == 0)
        return day;
    return year + wait > 9999 ? NO_DAY : civil_days((int32_t)(year + wait), 1, 1);
}

static int64_t
next_day_of_months(const Rule *rule, int64_t day)
{
    CivilDate date = civil_date(day), anchor = civil_date(anchor_day(rule));
    int64_t month = date.year * INT64_C(12) + date.month - 1;
    int64_t wait = wait_from(rule, month, anchor.year * INT64_C(12) + anchor.month - 1);
    if (wait == 0)
        return day;
    month += wait;
    return month / 12 > 9999 ? NO_DAY : civil_days((int32_t)(month / 12), (int)(month % 12) + 1, 1);
}

static int64_t
next_day_of_weeks(const Rule *rule, int64_t day)
{
    int64_t week = week_of_day(rule, day);
    int64_t wait = wait_from(rule, week, week_of_day(rule, anchor_day(rule)));
    if (wait == 0)
        return day;
    return MIN(first_of_week(rule, week + wait), NO_DAY);
}

int64_t
interval_next_day(const Rule *rule, int64_t day)
{
    if (rule->interval == 1)
        return day;
    switch ((RuleFrequency)rule->frequency) {
    case RULE_YEARLY:
        return next_day_of_years(rule, day);
    case RULE_MONTHLY:
        return next_day_of_months(rule, day);
    case RULE_WEEKLY:
        return next_day_of_weeks(rule, day);
    case RULE_DAILY:
        return MIN(day + wait_from(rule, day, anchor_day(rule)), NO_DAY);
    case RULE_HOURLY:
    case RULE_MINUTELY:
    case RULE_SECONDLY:
    case N_RULE_FREQUENCIES:
        break;
    }
    return day;
}

/* Those days (bit 0 = the first) again and again, every `step` days from `begin` on. */
static uint32_t
repeat_days(const Month *month, int64_t begin, uint32_t days, int64_t step)
{
    uint32_t map = 0;
    for (int64_t day = begin - month->first; day < month->length; day += step)
        map |= day < 0 ? days >> -day : days << day;
    return map;
}

uint32_t
interval_days_of_month(const Rule *rule, const Month *month)
{
    if (rule->interval == 1 || rule->frequency > RULE_DAILY)
        return UINT32_MAX;
    int64_t day = interval_next_day(rule, month->first);
    if (rule->frequency == RULE_DAILY)
        return repeat_days(month, day, 1, rule->interval);
    if (rule->frequency == RULE_WEEKLY)
        return repeat_days(month, first_of_week(rule, week_of_day(rule, day)), RULE_ALL_WEEKDAYS,
                           INT64_C(7) * rule->interval);
    return day == month->first ? UINT32_MAX : 0;
}

void
interval_advance_month(const Rule *rule, Month *month)
{
    month_advance(month, rule->months);
    if (rule->interval == 1)
        return;
    int64_t visited = interval_next_day(rule, month->first);
    if (visited >= month->first + month->length)
        month_of_day(month, visited);
}

int64_t
interval_next_second(const Rule *rule, int64_t second)
{
    if (rule->interval == 1 || rule->frequency <= RULE_DAILY)
        return second;
    int length = interval_seconds(rule->frequency);
    int64_t period = civil_floor_divide(second, length);
    int64_t anchor = civil_floor_divide(civil_label_seconds(rule->anchor), length);
    int64_t wait = wait_from(rule, period, anchor);
    return wait == 0 ? second : (period + wait) * length;
}
