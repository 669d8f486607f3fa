/* SPDX-License-Identifier: PostgreSQL */
/* What a recurrence rule means by what it leaves out (RFC 5545 3.3.10: "information … is implied by DTSTART"). */
#include "config.h"

#include "calendar/civil.h"
#include "calendar/rrule-private.h"

#define GIVEN(part) (UINT32_C(1) << (part))
#define GIVEN_DAYS                                                                                 \
    (GIVEN(RRULE_BYMONTHDAY) | GIVEN(RRULE_BYDAY) | GIVEN(RRULE_BYYEARDAY) | GIVEN(RRULE_BYWEEKNO))

const char *const rrule_part_names[N_RRULE_PARTS + 1] = {
    [RRULE_FREQ] = "FREQ",
    [RRULE_INTERVAL] = "INTERVAL",
    [RRULE_COUNT] = "COUNT",
    [RRULE_UNTIL] = "UNTIL",
    [RRULE_RSCALE] = "RSCALE",
    [RRULE_SKIP] = "SKIP",
    [RRULE_WKST] = "WKST",
    [RRULE_BYMONTH] = "BYMONTH",
    [RRULE_BYWEEKNO] = "BYWEEKNO",
    [RRULE_BYYEARDAY] = "BYYEARDAY",
    [RRULE_BYMONTHDAY] = "BYMONTHDAY",
    [RRULE_BYDAY] = "BYDAY",
    [RRULE_BYHOUR] = "BYHOUR",
    [RRULE_BYMINUTE] = "BYMINUTE",
    [RRULE_BYSECOND] = "BYSECOND",
    [RRULE_BYSETPOS] = "BYSETPOS",
};

const char *const rrule_frequency_names[N_RULE_FREQUENCIES] = {
    [RULE_YEARLY] = "YEARLY",     [RULE_MONTHLY] = "MONTHLY", [RULE_WEEKLY] = "WEEKLY",
    [RULE_DAILY] = "DAILY",       [RULE_HOURLY] = "HOURLY",   [RULE_MINUTELY] = "MINUTELY",
    [RULE_SECONDLY] = "SECONDLY",
};

const char *const rrule_skip_names[3] = {
    [RULE_SKIP_OMIT] = "OMIT",
    [RULE_SKIP_BACKWARD] = "BACKWARD",
    [RULE_SKIP_FORWARD] = "FORWARD",
};

const char *const rrule_weekday_names[7] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

void
rrule_begin(Rule *rule, RuleFrequency frequency)
{
    rule_init(rule);
    rule->frequency = (uint8_t)frequency;
    rule->week_start = 1;
    rule->months = 0;
    rule->month_days = 0;
    rule->weekdays = 0;
    rule->hours = 0;
    rule->minutes = 0;
    rule->seconds = 0;
}

static void
supply_days(Rule *rule, uint32_t given, int64_t days)
{
    CivilDate date = civil_date(days);
    bool has_days = given & GIVEN_DAYS;
    bool has_only_weeks = (given & GIVEN_DAYS) == GIVEN(RRULE_BYWEEKNO);
    bool of_month_day =
        !has_days && (rule->frequency == RULE_YEARLY || rule->frequency == RULE_MONTHLY);
    bool of_month = !has_days && rule->frequency == RULE_YEARLY;
    bool of_weekday =
        has_only_weeks || (rule->frequency == RULE_WEEKLY && !(given & GIVEN(RRULE_BYDAY)));

    if (!(given & GIVEN(RRULE_BYMONTH)))
        rule->months = of_month ? (uint16_t)(1u << (date.month - 1)) : RULE_ALL_MONTHS;
    if (!(given & GIVEN(RRULE_BYMONTHDAY)))
        rule->month_days = of_month_day ? 1u << (date.day - 1) : RULE_ALL_MONTH_DAYS;
    if (!(given & GIVEN(RRULE_BYDAY)))
        rule->weekdays = of_weekday ? (uint8_t)(1u << civil_weekday(days)) : RULE_ALL_WEEKDAYS;
}

void
rrule_supply(Rule *rule, uint32_t given, int64_t dtstart)
{
    int64_t days = civil_label_days(dtstart);
    int64_t second = (dtstart - days * CIVIL_US_PER_DAY) / CIVIL_US_PER_SECOND;
    supply_days(rule, given, days);
    if (!(given & GIVEN(RRULE_BYHOUR)))
        rule->hours = rule->frequency < RULE_HOURLY ? UINT32_C(1) << second / 3600 : RULE_ALL_HOURS;
    if (!(given & GIVEN(RRULE_BYMINUTE)))
        rule->minutes =
            rule->frequency < RULE_MINUTELY ? UINT64_C(1) << second / 60 % 60 : RULE_ALL_60;
    if (!(given & GIVEN(RRULE_BYSECOND)))
        rule->seconds = rule->frequency < RULE_SECONDLY ? UINT64_C(1) << second % 60 : RULE_ALL_60;
}
