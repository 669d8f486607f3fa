/* SPDX-License-Identifier: PostgreSQL */
/* A month is one 32-bit map of days, so that what the parts of a rule select is laid over each other with a few
 * instructions. */
#include "config.h"

#include "calendar/days.h"

#include <glib.h>
#include <string.h>

#include "calendar/civil.h"

#define FRIDAY   5
#define SATURDAY 6

/* Where a month lies in its year. */
typedef struct {
    int first;  /* day of the year of its first day, from 0 */
    int length; /* days of the year */
} YearPlace;

void
month_set(Month *self, int32_t year, int month)
{
    self->year = year;
    self->month = month;
    self->length = civil_month_length(year, month);
    self->first = civil_days(year, month, 1);
    self->weekday = civil_weekday(self->first);
}

void
month_of_day(Month *self, int64_t day)
{
    CivilDate date = civil_date(day);
    self->year = date.year;
    self->month = date.month;
    self->length = civil_month_length(date.year, date.month);
    self->first = day - date.day + 1;
    self->weekday = civil_weekday(self->first);
}

void
month_advance(Month *self, uint32_t months)
{
    uint32_t rest = months >> self->month;
    if (!(rest & 1)) {
        if (rest)
            month_set(self, self->year, self->month + __builtin_ctz(rest) + 1);
        else
            month_set(self, self->year + 1, __builtin_ctz(months) + 1);
        return;
    }
    self->first += self->length;
    self->weekday = (self->weekday + self->length) % 7;
    self->month++;
    self->length = civil_month_length(self->year, self->month);
}

static int
year_length(int32_t year)
{
    return civil_is_leap_year(year) ? 366 : 365;
}

static YearPlace
year_place(const Month *month)
{
    int64_t new_year = civil_days(month->year, 1, 1);
    return (YearPlace){
        .first = (int)(month->first - new_year),
        .length = year_length(month->year),
    };
}

/* A week laid five times in a row, so that its first bit is the weekday of the month's first day. */
static uint32_t
spread_weekdays(uint32_t weekdays, int first_weekday)
{
    uint64_t week = weekdays & RULE_ALL_WEEKDAYS;
    week = (week >> first_weekday | week << (7 - first_weekday)) & RULE_ALL_WEEKDAYS;
    return (uint32_t)(week * UINT64_C(0x10204081));
}

/* The day (from 0) of the Monday to Friday nearest to that one, without leaving the month. */
static int
nearest_weekday(const Month *month, int day)
{
    switch ((month->weekday + day) % 7) {
    case SATURDAY:
        return day > 0 ? day - 1 : day + 2;
    case 0:
        return day < month->length - 1 ? day + 1 : day - 2;
    default:
        return day;
    }
}

static uint32_t
near_weekdays(uint32_t wanted, const Month *month)
{
    uint32_t map = 0;
    g_assert(month->length >= 28);
    if (wanted & RULE_LAST_DAY) {
        int day = month->length - 1;
        int weekday = (month->weekday + day) % 7;
        map |= 1u << (weekday == 0 ? day - 2 : day - (weekday == SATURDAY));
    }
    for (int day = 0; day < month->length; day++) {
        if (wanted & 1u << day & ~RULE_LAST_DAY)
            map |= 1u << nearest_weekday(month, day);
    }
    return map;
}

static uint32_t
month_days(const Rule *rule, const Month *month)
{
    uint32_t valid = RULE_ALL_MONTH_DAYS >> (31 - month->length);
    if (rule->month_days == RULE_ALL_MONTH_DAYS)
        return rule->has_year_days ? UINT32_MAX : valid;

    uint32_t map = (rule->month_days & valid) | rule->month_days_back >> (32 - month->length);
    if (rule->near_weekdays)
        map |= near_weekdays(rule->near_weekdays, month);
    if (rule->skip == RULE_SKIP_OMIT)
        return map;
    uint32_t missing = rule->month_days & ~valid;
    uint32_t missing_back = rule->month_days_back & UINT32_MAX >> month->length & ~1u;
    if (missing || missing_back)
        map |= rule->skip == RULE_SKIP_BACKWARD ? 1u << (month->length - 1) : 1u << month->length;
    return map;
}

static uint32_t
nth_of_month(const Rule *rule, const Month *month)
{
    uint32_t map = 0;
    for (int weekday = 0; weekday < 7; weekday++) {
        uint32_t wanted = rule->nth_of_month[weekday];
        if (!wanted)
            continue;
        int first = (weekday - month->weekday + 7) % 7;
        int count = (month->length - 1 - first) / 7 + 1;
        for (int i = 0; i < count; i++) {
            if (wanted >> (i + 1) & 1 || wanted >> (8 + count - i) & 1)
                map |= 1u << (first + 7 * i);
        }
    }
    return map;
}

static uint32_t
nth_of_year(const Rule *rule, const Month *month)
{
    uint32_t map = 0;
    YearPlace year = year_place(month);
    for (int weekday = 0; weekday < 7; weekday++) {
        uint64_t wanted = rule->nth_of_year[weekday], wanted_back = rule->nth_of_year_back[weekday];
        if (!(wanted | wanted_back))
            continue;
        for (int day = (weekday - month->weekday + 7) % 7; day < month->length; day += 7) {
            int nth = (year.first + day) / 7 + 1;
            int nth_back = (year.length - 1 - year.first - day) / 7 + 1;
            if (wanted >> nth & 1 || wanted_back >> nth_back & 1)
                map |= 1u << day;
        }
    }
    return map;
}

static bool
has_nth_of_month(const Rule *rule)
{
    static const uint16_t none[7];
    return memcmp(rule->nth_of_month, none, sizeof none) != 0;
}

static bool
has_nth_of_year(const Rule *rule)
{
    static const uint64_t none[7];
    return memcmp(rule->nth_of_year, none, sizeof none) != 0 ||
           memcmp(rule->nth_of_year_back, none, sizeof none) != 0;
}

static uint32_t
weekdays(const Rule *rule, const Month *month)
{
    if (rule->weekdays == RULE_ALL_WEEKDAYS)
        return UINT32_MAX;
    uint32_t map = spread_weekdays(rule->weekdays, month->weekday);
    if (has_nth_of_month(rule))
        map |= nth_of_month(rule, month);
    if (has_nth_of_year(rule))
        map |= nth_of_year(rule, month);
    return map;
}

/* Bit n = the number `first` + n. */
static uint32_t
numbers_from(const RuleNumbers *numbers, int first)
{
    int word = first / 64, shift = first % 64;
    uint64_t bits = numbers->words[word] >> shift;
    if (shift > 0 && word + 1 < (int)G_N_ELEMENTS(numbers->words))
        bits |= numbers->words[word + 1] << (64 - shift);
    return (uint32_t)bits;
}

static uint32_t
year_days(const Rule *rule, const Month *month)
{
    YearPlace year = year_place(month);
    uint32_t valid = RULE_ALL_MONTH_DAYS >> (31 - month->length);
    uint32_t map = numbers_from(&rule->year_days, year.first + 1) & valid;
    int last_back = year.length - year.first - month->length + 1; /* of the month's last day */
    for (uint32_t back = numbers_from(&rule->year_days_back, last_back) & valid; back;
         back &= back - 1)
        map |= 1u << (month->length - 1 - __builtin_ctz(back));

    bool misses_last =
        rule_numbers_has(&rule->year_days, 366) || rule_numbers_has(&rule->year_days_back, 366);
    if (misses_last && rule->skip != RULE_SKIP_OMIT && year.length < 366 && month->month == 12)
        map |= rule->skip == RULE_SKIP_BACKWARD ? 1u << 30 : 1u << 31;
    return map;
}

/* Each day belongs to the week that its fourth day decides about: to that day's year, as its number says. */
static uint32_t
weeks(const Rule *rule, const Month *month)
{
    uint32_t map = 0;
    YearPlace year = year_place(month);
    int into_week = (month->weekday - rule->week_start + 7) % 7;
    for (int begin = -into_week; begin <= month->length; begin += 7) {
        int fourth = year.first + begin + 3, length = year.length;
        if (fourth < 0) {
            length = year_length(month->year - 1);
            fourth += length;
        } else if (fourth >= length) {
            fourth -= length;
            length = year_length(month->year + 1);
        }
        int number = fourth / 7 + 1;
        int number_back = (length - 1 - fourth) / 7 + 1;
        if (rule->weeks >> number & 1 || (rule->weeks_back && rule->weeks_back >> number_back & 1))
            map |= (uint32_t)(begin < 0 ? UINT64_C(0x7f) >> -begin : UINT64_C(0x7f) << begin);
    }
    return map;
}

uint32_t
days_of_month(const Rule *rule, const Month *month)
{
    uint32_t valid = UINT32_MAX >> (31 - month->length);
    uint32_t by_day = month_days(rule, month);
    uint32_t by_weekday = weekdays(rule, month);
    uint32_t map = rule->either_day ? by_day | by_weekday : by_day & by_weekday;

    /* Only SKIP brings a day to the first of the next month. */
    if (rule->skip != RULE_SKIP_FORWARD)
        valid >>= 1;
    map &= valid;
    if (map && rule->has_year_days)
        map &= year_days(rule, month);
    if (map && rule->has_weeks)
        map &= weeks(rule, month);
    return map;
}
