/* SPDX-License-Identifier: PostgreSQL */
/* The search over masks: a month is one 32-bit map of days, so a day costs a few instructions, and the 4800
 * months of a Gregorian cycle are soon looked through, which proves "never". */
#include "config.h"

#include "calendar/rule.h"

#include <glib.h>
#include <string.h>

#include "calendar/civil.h"

#define MINUTE_BITS    (UINT64_MAX >> 4)
#define HOUR_BITS      0xffffffu
#define MONTH_DAY_BITS 0x7fffffffu
#define LAST_DAY_BIT   (1u << 31)
#define MONTH_BITS     0xfffu
#define WEEKDAY_BITS   0x7fu
#define CYCLE_YEARS    400

static uint64_t
selected_or_all(uint64_t bits, uint64_t valid, uint64_t all)
{
    return bits & valid ? bits & valid : all;
}

RuleMask
rule_mask_from_bits(uint64_t minutes, uint64_t hours, uint64_t weekdays, uint64_t month_days,
                    uint64_t months)
{
    return (RuleMask){
        .minutes = selected_or_all(minutes, MINUTE_BITS, MINUTE_BITS),
        .hours = (uint32_t)selected_or_all(hours, HOUR_BITS, HOUR_BITS),
        .month_days = (uint32_t)selected_or_all(month_days, UINT32_MAX, MONTH_DAY_BITS),
        .months = (uint16_t)selected_or_all(months, MONTH_BITS, MONTH_BITS),
        .weekdays = (uint8_t)selected_or_all(weekdays, WEEKDAY_BITS, WEEKDAY_BITS),
    };
}

bool
rule_mask_is_running(const RuleMask *self)
{
    return (self->hours & HOUR_BITS) == HOUR_BITS;
}

/* The matching days of a month, bit 0 = the first; first_weekday is that of the first day. */
static uint32_t
days_of_month(const RuleMask *self, int length, int first_weekday)
{
    uint32_t valid = MONTH_DAY_BITS >> (31 - length);
    uint32_t days = self->month_days & valid;
    if (self->month_days & LAST_DAY_BIT)
        days |= 1u << (length - 1);

    /* Turn the week so that it begins with the first day's weekday, then lay five of them in a row. */
    uint64_t week = self->weekdays & WEEKDAY_BITS;
    week = (week >> first_weekday | week << (7 - first_weekday)) & WEEKDAY_BITS;
    return days & (uint32_t)(week * UINT64_C(0x10204081));
}

bool
rule_mask_matches_day(const RuleMask *self, int64_t days)
{
    CivilDate date = civil_date(days);
    if (!(self->months & 1u << (date.month - 1)))
        return false;
    uint32_t month = days_of_month(self, civil_month_length(date.year, date.month),
                                   civil_weekday(days - date.day + 1));
    return month & 1u << (date.day - 1);
}

/* Where a search is: a month, and the day that begins it. */
typedef struct {
    int32_t year;
    int month;
    int64_t first;
    int weekday; /* of the first */
} Month;

/* Goes on to the next month; where that is not selected, to the next one that is. */
static void
next_month(Month *month, uint32_t months)
{
    uint32_t rest = months >> month->month;
    if (rest & 1) {
        int length = civil_month_length(month->year, month->month);
        month->month++;
        month->first += length;
        month->weekday = (month->weekday + length) % 7;
        return;
    }
    if (rest) {
        month->month += __builtin_ctz(rest) + 1;
    } else {
        month->year++;
        month->month = __builtin_ctz(months) + 1;
    }
    month->first = civil_days(month->year, month->month, 1);
    month->weekday = civil_weekday(month->first);
}

RuleOutcome
rule_mask_next_day(const RuleMask *self, int64_t days, int64_t last, int64_t *found)
{
    uint32_t months = self->months & MONTH_BITS;
    days = MAX(days, CIVIL_MIN_DAYS);
    last = MIN(last, CIVIL_MAX_DAYS);
    if (!months)
        return RULE_NEVER;
    if (days > last)
        return RULE_BEYOND;

    CivilDate date = civil_date(days);
    Month month = {date.year, date.month, days - date.day + 1, 0};
    month.weekday = civil_weekday(month.first);
    uint32_t wanted = UINT32_MAX << (date.day - 1);

    /* To the same month after a cycle: of the first one only the end was looked at. */
    while (month.year <= date.year + CYCLE_YEARS) {
        if (month.first > last)
            return RULE_BEYOND;
        if (months & 1u << (month.month - 1)) {
            int length = civil_month_length(month.year, month.month);
            uint32_t match = days_of_month(self, length, month.weekday) & wanted;
            if (match) {
                int64_t day = month.first + __builtin_ctz(match);
                if (day > last)
                    return RULE_BEYOND;
                *found = day;
                return RULE_FOUND;
            }
        }
        wanted = UINT32_MAX;
        next_month(&month, months);
    }
    return RULE_NEVER;
}

int
rule_mask_next_minute(const RuleMask *self, int minute)
{
    if (minute < 0)
        minute = 0;
    if (minute >= 24 * 60)
        return -1;

    uint64_t minutes = self->minutes & MINUTE_BITS;
    uint32_t hours = self->hours & HOUR_BITS;
    int hour = minute / 60;
    uint64_t rest = minutes & UINT64_MAX << minute % 60;
    if (hours & 1u << hour && rest)
        return hour * 60 + __builtin_ctzll(rest);

    hours &= (UINT32_MAX << hour) << 1;
    if (!hours || !minutes)
        return -1;
    return __builtin_ctz(hours) * 60 + __builtin_ctzll(minutes);
}

G_STATIC_ASSERT(sizeof(Rule) % sizeof(uint64_t) == 0);

void
rule_init(Rule *self)
{
    memset(self, 0, sizeof *self);
    self->interval = 1;
    self->frequency = RULE_SECONDLY;
    self->week_start = 1;
    self->seconds = RULE_ALL_60;
    self->minutes = RULE_ALL_60;
    self->hours = RULE_ALL_HOURS;
    self->months = RULE_ALL_MONTHS;
    self->weekdays = RULE_ALL_WEEKDAYS;
    self->month_days = RULE_ALL_MONTH_DAYS;
}

bool
rule_equal(const Rule *a, const Rule *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

void
rule_numbers_add(RuleNumbers *self, int number)
{
    g_assert(number >= 1 && number <= 366);
    self->words[number / 64] |= UINT64_C(1) << number % 64;
}

bool
rule_numbers_has(const RuleNumbers *self, int number)
{
    return self->words[number / 64] >> number % 64 & 1;
}
