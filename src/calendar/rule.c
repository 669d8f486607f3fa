/* SPDX-License-Identifier: PostgreSQL */
/* The search. Three things have to agree on a label: the days (a map for each month, see days.h), the times of day (see
 * times.h), and the interval, which visits every nth period. Each of them can say what its first label after another is,
 * so the search lets them lead in turn until all agree; each turn goes forward.
 *
 * Positions (BYSETPOS) are counted in one period after the other. */
#include "config.h"

#include "calendar/rule.h"

#include <glib.h>
#include <string.h>

#include "calendar/civil.h"
#include "calendar/days.h"
#include "calendar/interval.h"
#include "calendar/positions.h"
#include "calendar/times.h"

/* Without padding: rules are compared byte by byte. */
G_STATIC_ASSERT(sizeof(Rule) == offsetof(Rule, unused) + sizeof(uint32_t) +
                                    (7 + 7 + 2) * sizeof(uint64_t) + 4 * sizeof(RuleNumbers));
G_STATIC_ASSERT(offsetof(Rule, unused) == 3 * sizeof(uint64_t) + 5 * sizeof(uint32_t) +
                                              8 * sizeof(uint8_t) + 8 * sizeof(uint16_t));

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

bool
rule_is_running(const Rule *self)
{
    return self->frequency > RULE_DAILY && self->hours == RULE_ALL_HOURS;
}

/* The first selected day at or after `from`, at or before `last`. */
static RuleOutcome
next_day(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *found)
{
    /* A day that SKIP brought over a month's end belongs to the period before. */
    bool reaches_over = self->skip == RULE_SKIP_FORWARD && from > CIVIL_MIN_DAYS;
    int64_t visited = interval_next_day(self, from - reaches_over);
    from = MAX(from, visited);
    Month month;
    month_of_day(&month, visited);

    while (month.first <= last && --*steps >= 0) {
        if (self->months & 1u << (month.month - 1)) {
            uint32_t map = days_of_month(self, &month);
            if (map && self->interval > 1)
                map &= interval_days_of_month(self, &month);
            if (from > month.first)
                map &= UINT32_MAX << (from - month.first);
            if (map) {
                *found = month.first + __builtin_ctz(map);
                return *found <= last ? RULE_FOUND : RULE_BEYOND;
            }
        }
        interval_advance_month(self, &month);
    }
    return RULE_BEYOND;
}

/* The first second (since 1970) that the days and times of day select, whatever a shorter interval says. */
static RuleOutcome
next_second(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *found)
{
    int64_t day = civil_second_days(from);
    int time = times_next(self, (int)(from - day * TIMES_PER_DAY));
    int first_time = times_next(self, 0);
    if (first_time < 0)
        return RULE_BEYOND;
    if (time < 0)
        day++;

    int64_t next;
    RuleOutcome outcome = next_day(self, day, civil_second_days(last), steps, &next);
    if (outcome != RULE_FOUND)
        return outcome;
    *found = next * TIMES_PER_DAY + (next == day && time >= 0 ? time : first_time);
    return *found <= last ? RULE_FOUND : RULE_BEYOND;
}

/* The same, in a period that the interval visits. */
static RuleOutcome
next_visited(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *found)
{
    int64_t second = from;
    for (;;) {
        RuleOutcome outcome = next_second(self, second, last, steps, &second);
        if (outcome != RULE_FOUND)
            return outcome;
        int64_t visited = interval_next_second(self, second);
        if (visited == second) {
            *found = second;
            return RULE_FOUND;
        }
        if (visited > last || --*steps < 0)
            return RULE_BEYOND;
        second = visited;
    }
}

/* The same, at one of the positions in its period of a day or less: the whole of such a period is either selected or not. */
static RuleOutcome
next_at_position(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *found)
{
    int length = interval_seconds(self->frequency);
    for (;;) {
        int64_t second;
        RuleOutcome outcome = next_visited(self, from, last, steps, &second);
        if (outcome != RULE_FOUND)
            return outcome;
        if (positions_in_times(self, second, length, from, found))
            return *found <= last ? RULE_FOUND : RULE_BEYOND;
        from = second - (second - CIVIL_MIN_AT / CIVIL_US_PER_SECOND) % length + length;
        if (from > last || --*steps < 0)
            return RULE_BEYOND;
    }
}

RuleOutcome
rule_next(const Rule *self, int64_t from, int64_t last, int *steps, int64_t *label)
{
    from = MAX(from, CIVIL_MIN_AT);
    last = MIN(last, CIVIL_MAX_AT);
    if (from > last)
        return RULE_BEYOND;
    int64_t second = civil_label_seconds(from + CIVIL_US_PER_SECOND - 1);
    int64_t last_second = civil_label_seconds(last);
    if (second > last_second)
        return RULE_BEYOND;

    RuleOutcome outcome;
    if (!self->has_positions)
        outcome = next_visited(self, second, last_second, steps, &second);
    else if (self->frequency < RULE_DAILY)
        outcome = positions_in_periods(self, second, last_second, steps, &second);
    else
        outcome = next_at_position(self, second, last_second, steps, &second);
    if (outcome == RULE_FOUND)
        *label = second * CIVIL_US_PER_SECOND;
    return outcome;
}
