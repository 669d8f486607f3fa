/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "calendar/bitmap.h"

static uint64_t
selected_or_all(uint64_t bits, uint64_t valid, uint64_t all)
{
    return bits & valid ? bits & valid : all;
}

void
bitmap_rule(uint64_t minutes, uint64_t hours, uint64_t weekdays, uint64_t month_days,
            uint64_t months, Rule *rule)
{
    uint32_t days = (uint32_t)selected_or_all(month_days, UINT32_MAX, RULE_ALL_MONTH_DAYS);

    rule_init(rule);
    rule->seconds = 1;
    rule->minutes = selected_or_all(minutes, RULE_ALL_60, RULE_ALL_60);
    rule->hours = (uint32_t)selected_or_all(hours, RULE_ALL_HOURS, RULE_ALL_HOURS);
    rule->weekdays = (uint8_t)selected_or_all(weekdays, RULE_ALL_WEEKDAYS, RULE_ALL_WEEKDAYS);
    rule->months = (uint16_t)selected_or_all(months, RULE_ALL_MONTHS, RULE_ALL_MONTHS);
    rule->month_days = days & RULE_ALL_MONTH_DAYS;
    rule->month_days_back = days & RULE_LAST_DAY;
}
