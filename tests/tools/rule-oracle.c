/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "rule-oracle.h"

#include <glib.h>

#include "calendar/civil.h"

#define DAY_SECONDS   86400
#define LAST_POSITION 366

struct Oracle {
    Rule rule;
    int n_times;
    int times[DAY_SECONDS]; /* the seconds of the day that its times select, in order */
};

static int
year_length(int year)
{
    return civil_is_leap_year(year) ? 366 : 365;
}

/* The selected Monday to Friday that a near-weekday of this month stands for is that day. */
static bool
is_near_weekday(const Rule *rule, CivilDate date)
{
    int length = civil_month_length(date.year, date.month);
    for (int wanted = 1; wanted <= length; wanted++) {
        bool last = wanted == length && rule->near_weekdays & RULE_LAST_DAY;
        if (!last && !(rule->near_weekdays & ~RULE_LAST_DAY & 1u << (wanted - 1)))
            continue;
        for (int distance = 0; distance < 3; distance++) {
            static const int directions[] = {-1, 1};
            bool found = false;
            for (int i = 0; i < 2 && !found; i++) {
                int day = wanted + directions[i] * distance;
                int weekday = civil_weekday(civil_days(date.year, date.month, day));
                if (day < 1 || day > length || weekday == 0 || weekday == 6 ||
                    (last && directions[i] > 0 && distance > 0))
                    continue;
                if (day == date.day)
                    return true;
                found = true;
            }
            if (found)
                break;
        }
    }
    return false;
}

static bool
is_month_day(const Rule *rule, CivilDate date)
{
    int length = civil_month_length(date.year, date.month);
    return rule->month_days >> (date.day - 1) & 1 ||
           rule->month_days_back >> (31 - (length - date.day)) & 1 || is_near_weekday(rule, date);
}

static bool
is_weekday(const Rule *rule, CivilDate date, int64_t day)
{
    int weekday = civil_weekday(day);
    int length = civil_month_length(date.year, date.month);
    int64_t new_year = civil_days(date.year, 1, 1);
    int in_year = (int)(day - new_year);
    int left_in_year = year_length(date.year) - 1 - in_year;
    return rule->weekdays >> weekday & 1 ||
           rule->nth_of_month[weekday] >> ((date.day - 1) / 7 + 1) & 1 ||
           rule->nth_of_month[weekday] >> (8 + (length - date.day) / 7 + 1) & 1 ||
           rule->nth_of_year[weekday] >> (in_year / 7 + 1) & 1 ||
           rule->nth_of_year_back[weekday] >> (left_in_year / 7 + 1) & 1;
}

/* The day that begins week 1 of a year: of all week beginnings the first with four days in it. */
static int64_t
first_week(const Rule *rule, int year)
{
    int64_t day = civil_days(year, 1, 1) - 3;
    while (civil_weekday(day) != rule->week_start)
        day++;
    return day;
}

static bool
is_in_week(const Rule *rule, CivilDate date, int64_t day)
{
    int year = date.year;
    if (day >= first_week(rule, year + 1))
        year++;
    else if (day < first_week(rule, year))
        year--;
    int64_t first = first_week(rule, year), end = first_week(rule, year + 1);
    return rule->weeks >> ((day - first) / 7 + 1) & 1 ||
           rule->weeks_back >> ((end - 1 - day) / 7 + 1) & 1;
}

static bool
is_year_day(const Rule *rule, CivilDate date, int64_t day)
{
    int in_year = (int)(day - civil_days(date.year, 1, 1));
    return rule_numbers_has(&rule->year_days, in_year + 1) ||
           rule_numbers_has(&rule->year_days_back, year_length(date.year) - in_year);
}

/* SKIP: whether the month of the day, or in December its year, lacks a day that the rule wants. */
static bool
lacks_month_day(const Rule *rule, CivilDate date)
{
    if (rule->month_days == RULE_ALL_MONTH_DAYS)
        return false;
    for (int day = civil_month_length(date.year, date.month) + 1; day <= 31; day++) {
        if (rule->month_days >> (day - 1) & 1 || rule->month_days_back >> (32 - day) & 1)
            return true;
    }
    return false;
}

static bool
lacks_year_day(const Rule *rule, CivilDate date)
{
    return date.month == 12 && !civil_is_leap_year(date.year) &&
           (rule_numbers_has(&rule->year_days, 366) ||
            rule_numbers_has(&rule->year_days_back, 366));
}

static bool
fits(const Rule *rule, CivilDate date, int64_t day, bool month_day, bool year_day)
{
    bool weekday = is_weekday(rule, date, day);
    return (rule->either_day ? month_day || weekday : month_day && weekday) &&
           (!rule->has_year_days || year_day) && (!rule->has_weeks || is_in_week(rule, date, day));
}

/* SKIP=FORWARD: what the month before could not have. */
static bool
is_moved_forward(const Rule *rule, CivilDate date, int64_t day)
{
    CivilDate before = civil_date(day - 1);
    if (rule->skip != RULE_SKIP_FORWARD || date.day != 1 ||
        !(rule->months >> (before.month - 1) & 1))
        return false;
    bool month_day = lacks_month_day(rule, before);
    bool year_day = lacks_year_day(rule, before);
    bool any_day = rule->month_days == RULE_ALL_MONTH_DAYS;
    return rule->has_year_days ? fits(rule, date, day, month_day || any_day, year_day)
                               : fits(rule, date, day, month_day, true);
}

/* All that the rule says of days but its interval. */
static bool
selects_day(const Rule *rule, int64_t day)
{
    CivilDate date = civil_date(day);
    bool takes_back =
        rule->skip == RULE_SKIP_BACKWARD && date.day == civil_month_length(date.year, date.month);
    bool month_day = is_month_day(rule, date) || (takes_back && lacks_month_day(rule, date));
    bool year_day = is_year_day(rule, date, day) || (takes_back && lacks_year_day(rule, date));
    return is_moved_forward(rule, date, day) ||
           (rule->months >> (date.month - 1) & 1 && fits(rule, date, day, month_day, year_day));
}

static bool
selects_time(const Rule *rule, int second)
{
    return rule->hours >> second / 3600 & 1 && rule->minutes >> second / 60 % 60 & 1 &&
           rule->seconds >> second % 60 & 1;
}

static int64_t
floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The number of the period that a second lies in. */
static int64_t
period_of(const Rule *rule, int64_t second)
{
    int64_t day = floor_divide(second, DAY_SECONDS);
    CivilDate date = civil_date(day);
    switch ((RuleFrequency)rule->frequency) {
    case RULE_YEARLY:
        return date.year;
    case RULE_MONTHLY:
        return date.year * INT64_C(12) + date.month;
    case RULE_WEEKLY:
        while (civil_weekday(day) != rule->week_start)
            day--;
        return floor_divide(day, 7);
    case RULE_DAILY:
        return day;
    case RULE_HOURLY:
        return floor_divide(second, 3600);
    case RULE_MINUTELY:
        return floor_divide(second, 60);
    case RULE_SECONDLY:
    case N_RULE_FREQUENCIES:
        break;
    }
    return second;
}

static bool
is_visited(const Rule *rule, int64_t second)
{
    int64_t anchor = period_of(rule, floor_divide(rule->anchor, CIVIL_US_PER_SECOND));
    return (period_of(rule, second) - anchor) % rule->interval == 0;
}

/* How many labels there are in the period of that second beside it, in one direction; `place` is that of its time of day.
 * More than there are positions need not be counted. */
static int
count_beside(const Oracle *self, int64_t second, int place, int direction)
{
    const Rule *rule = &self->rule;
    int64_t day = floor_divide(second, DAY_SECONDS), period = period_of(rule, second);
    int count = 0;
    for (int i = place + direction; i >= 0 && i < self->n_times && count <= LAST_POSITION &&
                                    period_of(rule, day * DAY_SECONDS + self->times[i]) == period;
         i += direction)
        count++;
    for (day += direction; count <= LAST_POSITION && period_of(rule, day * DAY_SECONDS) == period;
         day += direction)
        count += selects_day(rule, day) * self->n_times;
    return count;
}

static bool
is_at_position(const Oracle *self, int64_t second, int place)
{
    int before = count_beside(self, second, place, -1);
    int after = count_beside(self, second, place, 1);
    return (before < LAST_POSITION && rule_numbers_has(&self->rule.positions, before + 1)) ||
           (after < LAST_POSITION && rule_numbers_has(&self->rule.positions_back, after + 1));
}

Oracle *
oracle_new(const Rule *rule)
{
    Oracle *self = g_new(Oracle, 1);
    self->rule = *rule;
    self->n_times = 0;
    for (int second = 0; second < DAY_SECONDS; second++) {
        if (selects_time(rule, second))
            self->times[self->n_times++] = second;
    }
    return self;
}

void
oracle_free(Oracle *self)
{
    g_free(self);
}

/* Of a second whose day is selected, and its time of day, which is at that place. */
static bool
is_in_periods(const Oracle *self, int64_t second, int place)
{
    return (self->rule.interval == 1 || is_visited(&self->rule, second)) &&
           (!self->rule.has_positions || is_at_position(self, second, place));
}

bool
oracle_selects(const Oracle *self, int64_t second)
{
    return oracle_next(self, second, second) == second;
}

int64_t
oracle_next(const Oracle *self, int64_t from, int64_t last)
{
    for (int64_t day = floor_divide(from, DAY_SECONDS); day * DAY_SECONDS <= last; day++) {
        if (!selects_day(&self->rule, day))
            continue;
        for (int i = 0; i < self->n_times; i++) {
            int64_t second = day * DAY_SECONDS + self->times[i];
            if (second > last)
                break;
            if (second >= from && is_in_periods(self, second, i))
                return second;
        }
    }
    return INT64_MAX;
}
